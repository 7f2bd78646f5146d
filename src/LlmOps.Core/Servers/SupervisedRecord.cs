namespace LlmOps.Servers;

/// <summary>The record of a supervised server: kept in memory by the one process that may write it, and on disk for everybody else.</summary>
internal sealed class SupervisedRecord(ServerFolder folder)
{
    private readonly Lock _lock = new();

    private ServerRecord? _now;

    /// <summary>The record as it is now. Read when it is first needed, which is after the engine has been started.</summary>
    public ServerRecord Now => _now ??= folder.ReadRecord();

    /// <summary>Where problems with the record are told of.</summary>
    public RotatingLog? Log { get; set; }

    /// <summary>Whether the folder is no longer this server's: then nothing is written any more.</summary>
    public bool IsAbandoned { get; private set; }

    /// <summary>Writes nothing from now on: the folder is gone, or another start's.</summary>
    public void Abandon()
    {
        lock (_lock)
        {
            IsAbandoned = true;
        }
    }

    /// <summary>Changes the record and writes it.</summary>
    public void Update(Func<ServerRecord, ServerRecord> change)
    {
        lock (_lock)
        {
            _now = change(Now);
            if (IsAbandoned)
            {
                return;
            }

            try
            {
                folder.Write(_now);
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                // A full disk must not take the server down; the next change writes this one too.
                Log?.Note($"the record could not be written: {problem.Message}");
            }
        }
    }
}

/// <summary>Changes that several places make.</summary>
internal static class ServerRecordChanges
{
    /// <summary>The record of a server whose engine has ended.</summary>
    public static ServerRecord Ended(this ServerRecord record, ServerState state, EngineEnd end, string? reason) => record with
    {
        State = state,
        EngineProcess = null,
        EndedAt = DateTimeOffset.UtcNow,
        ExitCode = end.Exit.Code,
        ExitSignal = end.Exit.Signal,
        Reason = string.IsNullOrEmpty(reason) ? null : reason,
        FaultId = end.FaultId,
    };
}
