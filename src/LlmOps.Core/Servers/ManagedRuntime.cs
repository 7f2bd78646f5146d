using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Logs;

namespace LlmOps.Servers;

/// <summary>What docker and systemd have in common: they supervise servers themselves, and we ask them and the server how it is.</summary>
internal abstract class ManagedRuntime : IServerRuntime
{
    private const int LinesForDiagnosis = 400;
    private const int LinesOfStart = 2000;

    // A manager keeps the log a moment after the server has written it; an engine that tells nothing is not asked for ever.
    private static readonly TimeSpan s_logPatience = TimeSpan.FromSeconds(10);

    /// <inheritdoc />
    public abstract string Name { get; }

    /// <inheritdoc />
    public abstract Task RequireRunnableAsync(StartRequest request, CancellationToken cancellationToken);

    /// <inheritdoc />
    public string? FindLeftover(ServerFolder folder) =>
        Status(folder, null) is { Phase: ManagedPhase.Running or ManagedPhase.Restarting } ? Unit(folder.Name) : null;

    /// <inheritdoc />
    public async Task LaunchAsync(ServerFolder folder, ServerRecord record, StartRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await CreateAsync(folder, record, request, cancellationToken).ConfigureAwait(false);
            folder.Write(record with { State = ServerState.Loading });
        }
        catch (Exception problem) when (problem is LlmOpsException or OperationCanceledException)
        {
            string reason = problem is LlmOpsException ? problem.Message : "the start was cancelled";
            folder.Write(record with { State = ServerState.Failed, EndedAt = DateTimeOffset.UtcNow, Reason = reason });
            throw;
        }
    }

    /// <inheritdoc />
    public LlmServer Judge(ServerRecord record, ServerFolder folder)
    {
        ManagedStatus status = Status(folder, record.Instance);
        return status.Phase switch
        {
            ManagedPhase.Unknown => View(record, folder, status, record.State, record.IsFinal ? record.Reason : status.Problem),
            ManagedPhase.Absent when record.IsFinal || (record.State == ServerState.Starting && record.Starter?.IsAlive == true) =>
                View(record, folder, status, record.State, record.Reason),
            ManagedPhase.Absent => View(record, folder, status, ServerState.Failed, $"{Unit(record.Name)} is gone: somebody removed it"),
            ManagedPhase.Running when record.State == ServerState.Stopping => View(record, folder, status, ServerState.Stopping, record.Reason),
            ManagedPhase.Running => Running(record, folder, status),
            ManagedPhase.Restarting when record.ReadyAt is not null => View(record, folder, status, ServerState.Restarting, Describe(status, record)),
            ManagedPhase.Restarting => View(record, folder, status, ServerState.Failed, $"{Describe(status, record)}; {Name} will try again"),
            _ when record.IsFinal => View(record, folder, status, record.State, record.Reason),
            _ when record.State == ServerState.Stopping => View(record, folder, status, ServerState.Stopped, record.Reason),
            _ => Ended(record, folder, status),
        };
    }

    /// <inheritdoc />
    public abstract ILogReader OpenLog(ServerFolder folder, int? tail);

    /// <inheritdoc />
    public abstract IReadOnlyList<string> Tail(LlmServer server, int lines);

    /// <inheritdoc />
    public async Task<LlmServer> StopAsync(
        ServerRegistry registry, ServerFolder folder, ServerRecord? record, TimeSpan grace, string? reason, CancellationToken cancellationToken)
    {
        ManagedStatus before = Status(folder, record?.Instance);
        if (before.Phase == ManagedPhase.Unknown)
        {
            throw new LlmOpsException($"Server '{folder.Name}' cannot be stopped: {before.Problem}", "ServerNotStopped") { Kind = ErrorKind.ServerFailed };
        }

        if (before.Phase is ManagedPhase.Absent or ManagedPhase.Ended)
        {
            return ServerView.Read(folder);
        }

        Change(folder, record, now => now with { State = ServerState.Stopping });
        await EndAsync(folder, grace, cancellationToken).ConfigureAwait(false);
        ManagedStatus after = Status(folder, record?.Instance);
        if (after.Phase is ManagedPhase.Running or ManagedPhase.Restarting)
        {
            throw new LlmOpsException($"Server '{folder.Name}' did not end: {Unit(folder.Name)} still runs; see what {Name} says of it.", "ServerNotStopped")
                { Kind = ErrorKind.ServerFailed };
        }

        Change(folder, record, now => now with
        {
            State = ServerState.Stopped,
            EndedAt = DateTimeOffset.UtcNow,
            ExitCode = after.Exit?.Code,
            ExitSignal = after.Exit?.Signal,
            Reason = reason,
        });
        return ServerView.Read(folder);
    }

    /// <summary>Records that a start failed, after its manager was kept from trying again: that is no stop that somebody asked for.</summary>
    public static void RecordFailure(ServerFolder folder, ServerFailedException failure)
    {
        if (ServerController.TryReadRecord(folder) is { State: ServerState.Stopped, ReadyAt: null } record)
        {
            ExitStatus exit = new(failure.Server.ExitCode, failure.Server.ExitSignal);
            EngineEnd end = EngineEnd.Diagnose(exit, null, [.. failure.Findings.Select(finding => finding.Line), .. failure.LastLines], byItself: true);
            folder.Write(record with { State = ServerState.Failed, ExitCode = exit.Code, ExitSignal = exit.Signal, Reason = end.Reason, FaultId = end.FaultId });
        }
    }

    /// <inheritdoc />
    public abstract void Remove(ServerFolder folder, ServerRecord? record);

    /// <summary>What the manager calls the server, for messages.</summary>
    protected abstract string Unit(string server);

    /// <summary>What the manager says of the server now.</summary>
    /// <param name="folder">Its folder, which need not be there.</param>
    /// <param name="instance">The start that is meant; null for any.</param>
    protected abstract ManagedStatus Status(ServerFolder folder, string? instance);

    /// <summary>Has the manager start it.</summary>
    protected abstract Task CreateAsync(ServerFolder folder, ServerRecord record, StartRequest request, CancellationToken cancellationToken);

    /// <summary>Has the manager end it, for certain after <paramref name="grace"/>.</summary>
    protected abstract Task EndAsync(ServerFolder folder, TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>Masks the server's key and everything that looks like one.</summary>
    protected static SecretMask Mask(ServerFolder folder) => SecretMask.For(ServerController.TryReadRecord(folder)?.Endpoint.ApiKeyFile);

    /// <summary>The time as our logs have it, from the time as docker and the journal write it, with what follows.</summary>
    protected static string ToLine(string stamped)
    {
        int space = stamped.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 && DateTimeOffset.TryParse(stamped.AsSpan(0, space), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? LogLine.Stamp(time, stamped[(space + 1)..])
            : stamped;
    }

    private LlmServer Running(ServerRecord record, ServerFolder folder, ManagedStatus status)
    {
        if (record is { State: ServerState.Ready } && (status.StartedAt is null || record.ReadyAt >= status.StartedAt))
        {
            if (record.Memory.Count == 0 && DateTimeOffset.UtcNow - record.ReadyAt < s_logPatience)
            {
                record = WithLoad(record, folder, status, new ServerFacts(record.ContextLength, record.Slots));
                Change(folder, record, _ => record);
            }

            return View(record, folder, status, ServerState.Ready, record.Reason);
        }

        string healthPath = HealthPath(folder);
        if (ReadinessProbe.Ask(record.Endpoint, healthPath, KnownEngines.Require(record.Engine)) is not { } facts)
        {
            // One that ended before it was ever ready has failed, whatever its manager tries next.
            return record.ReadyAt is null && status.Restarts > 0
                ? View(record, folder, status, ServerState.Failed, $"{Describe(status, record)}; {Name} has started it again")
                : View(record, folder, status, ServerState.Loading, null);
        }

        ServerRecord ready = record with
        {
            State = ServerState.Ready,
            ReadyAt = DateTimeOffset.UtcNow,
            EndedAt = null,
            ExitCode = null,
            ExitSignal = null,
            FaultId = null,
            Reason = null,
            Restarts = status.Restarts,
            ContextLength = facts.ContextLength,
            Slots = facts.Slots,
        };
        ready = WithLoad(ready, folder, status, facts);
        Change(folder, record, _ => ready);
        return View(ready, folder, status, ServerState.Ready, null);
    }

    // Its manager keeps the log; it is read once, when the server is first seen to be ready.
    private ServerRecord WithLoad(ServerRecord record, ServerFolder folder, ManagedStatus status, ServerFacts facts)
    {
        LaunchExpectation expected = ReadLaunch(folder)?.Expectation ?? new LaunchExpectation();
        IEngineLog log = KnownEngines.Require(record.Engine).NewLog(expected.Devices);
        foreach (string line in Tail(View(record, folder, status, ServerState.Loading, null), LinesOfStart))
        {
            log.AddLoading(LogLine.WithoutTime(line));
        }

        LoadJudgement judgement = LoadJudgement.Of(expected, log, facts);
        return record with
        {
            OffloadedLayers = log.OffloadedLayers,
            LayerCount = log.LayerCount,
            Memory = judgement.Memory,
            Figures = log.Figures,
            Warnings = judgement.Failure is { } failure ? [failure, .. judgement.Warnings] : judgement.Warnings,
        };
    }

    private LlmServer Ended(ServerRecord record, ServerFolder folder, ManagedStatus status)
    {
        LlmServer raw = View(record, folder, status, ServerState.Failed, null);
        IReadOnlyList<string> lines = [.. Tail(raw, LinesForDiagnosis).Select(LogLine.WithoutTime)];
        TimeSpan? readyFor = record.ReadyAt is { } ready ? (status.EndedAt ?? DateTimeOffset.UtcNow) - ready : null;

        // What its manager knows of the end is evidence as the log is: of a container that the kernel killed nothing else says why.
        IReadOnlyList<string> evidence = status is { OutOfMemory: true, Note: { } told } ? [.. lines, told] : lines;
        EngineEnd end = EngineEnd.Diagnose(status.Exit ?? new ExitStatus(0, null), readyFor, evidence, byItself: true);
        ServerRecord ended = record with
        {
            State = ServerState.Failed,
            EndedAt = status.EndedAt ?? DateTimeOffset.UtcNow,
            ExitCode = status.Exit?.Code,
            ExitSignal = status.Exit?.Signal,
            Restarts = status.Restarts,
            Reason = status.Note is { } note && !end.Reason.Contains(note, StringComparison.Ordinal) ? $"{end.Reason}; {note}" : end.Reason,
            FaultId = end.FaultId,
        };
        Change(folder, record, _ => ended);
        return View(ended, folder, status, ServerState.Failed, ended.Reason);
    }

    private LlmServer View(ServerRecord record, ServerFolder folder, ManagedStatus status, ServerState state, string? reason) => new()
    {
        Name = record.Name,
        State = state,
        Reason = reason,
        Pid = status.Phase == ManagedPhase.Running ? status.Pid : null,
        Unit = status.Phase == ManagedPhase.Absent ? null : Unit(record.Name),
        Address = record.Endpoint.Address,
        Engine = record.Engine,
        Runtime = record.Runtime,
        Model = record.Model,
        Alias = record.Alias,
        StartedAt = record.StartedAt,
        ReadyAt = record.ReadyAt,
        EndedAt = state is ServerState.Stopped or ServerState.Failed ? record.EndedAt ?? status.EndedAt : null,
        ExitCode = state is ServerState.Stopped or ServerState.Failed ? record.ExitCode ?? status.Exit?.Code : null,
        ExitSignal = state is ServerState.Stopped or ServerState.Failed ? record.ExitSignal ?? status.Exit?.Signal : null,
        Restarts = Math.Max(record.Restarts, status.Restarts),
        FaultId = record.FaultId,
        ContextLength = record.ContextLength,
        Slots = record.Slots,
        OffloadedLayers = record.OffloadedLayers,
        LayerCount = record.LayerCount,
        PlanAccuracy = record.Memory,
        Figures = record.Figures,
        Warnings = record.Warnings,
        LogPath = status.LogPath ?? folder.LogFile,
        ConfigPath = folder.ConfigFile,
        ApiKeyFile = record.Endpoint.ApiKeyFile,
    };

    private static string Describe(ManagedStatus status, ServerRecord record)
    {
        string when = record.ReadyAt is null ? "before it was ready" : "after it was ready";
        string how = status.Exit is { } exit ? $"ended with {exit} {when}" : $"ended {when}";
        return status.Note is { } note ? $"{how}; {note}" : how;
    }

    // A server seen without its folder has the engines' usual path.
    private static string HealthPath(ServerFolder folder) => ReadLaunch(folder)?.HealthPath ?? new HealthPolicy().Path;

    private static LaunchRecord? ReadLaunch(ServerFolder folder)
    {
        try
        {
            return folder.ReadLaunch();
        }
        catch (LlmOpsException)
        {
            return null;
        }
    }

    // Anybody who looks may be the first to see it ready or ended; only the same start's record is changed.
    private static void Change(ServerFolder folder, ServerRecord? seen, Func<ServerRecord, ServerRecord> change)
    {
        if (folder.Exists && ServerController.TryReadRecord(folder) is { } now && (seen is null || now.Instance == seen.Instance) && (!now.IsFinal || seen?.IsFinal == true))
        {
            try
            {
                folder.Write(change(now));
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                // What was seen is shown all the same, and seen again next time.
            }
        }
    }
}
