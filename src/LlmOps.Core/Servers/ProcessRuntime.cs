using System.Diagnostics;
using System.Globalization;
using LlmOps.Engines;
using LlmOps.Native.Libc;
using LlmOps.Processes;

namespace LlmOps.Servers;

/// <summary>Runs engines as processes of this machine, each under a supervisor of ours.</summary>
/// <param name="supervisor">What supervises; null where nothing is started.</param>
internal sealed class ProcessRuntime(SupervisorCommand? supervisor) : IServerRuntime
{
    /// <summary>As configurations name it.</summary>
    public const string RuntimeName = "process";

    private static readonly TimeSpan s_takeOverPatience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan s_otherAskersPatience = TimeSpan.FromSeconds(1);

    // How much longer than the grace a supervisor may take for killing, sweeping and writing.
    private static readonly TimeSpan s_supervisorPatience = TimeSpan.FromSeconds(10);

    /// <inheritdoc />
    public string Name => RuntimeName;

    /// <inheritdoc />
    public Task RequireRunnableAsync(StartRequest request, CancellationToken cancellationToken)
    {
        StartChecks.RequireRunnable(request.Config, request.Command);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public string? FindLeftover(ServerFolder folder) =>
        new EngineGroup(null, EngineGroup.Mark(folder)).FindMembers() is [var left, ..] ? $"process {left}" : null;

    /// <inheritdoc />
    public async Task LaunchAsync(ServerFolder folder, ServerRecord record, StartRequest request, CancellationToken cancellationToken)
    {
        File.Delete(folder.StopFile);
        File.Delete(folder.SupervisorLogFile);
        PrivateFile.Open(folder.SupervisorLogFile, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite).Dispose();
        await HandOverAsync(supervisor ?? SupervisorCommand.Find(), folder, record, request.Command).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public LlmServer Judge(ServerRecord record, ServerFolder folder)
    {
        bool supervised = record.Supervisor?.IsAlive == true;
        bool engineAlive = record.EngineProcess?.IsAlive == true;
        (ServerState state, string? reason) = record switch
        {
            { IsFinal: true } => (record.State, record.Reason),
            _ when supervised => (record.State, record.Reason),
            { Supervisor: null } when record.Starter?.IsAlive == true => (record.State, record.Reason),
            { Supervisor: null } => Interrupted(record, folder),
            _ when engineAlive => (ServerState.Unsupervised, $"its supervisor (process {record.Supervisor}) is gone; it can be used and stopped"),
            _ => (ServerState.Failed, EndOf(record)),
        };
        return new LlmServer
        {
            Name = record.Name,
            State = state,
            Reason = reason,
            Pid = engineAlive ? record.EngineProcess!.Pid : null,
            SupervisorPid = supervised ? record.Supervisor!.Pid : null,
            Address = record.Endpoint.Address,
            Engine = record.Engine,
            Runtime = record.Runtime,
            Model = record.Model,
            Alias = record.Alias,
            StartedAt = record.StartedAt,
            ReadyAt = record.ReadyAt,
            EndedAt = record.EndedAt,
            ExitCode = record.ExitCode,
            ExitSignal = record.ExitSignal,
            Restarts = record.Restarts,
            ContextLength = record.ContextLength,
            Slots = record.Slots,
            FaultId = record.FaultId,
            OffloadedLayers = record.OffloadedLayers,
            LayerCount = record.LayerCount,
            PlanAccuracy = record.Memory,
            Figures = record.Figures,
            Warnings = record.Warnings,
            LogPath = folder.LogFile,
            ConfigPath = folder.ConfigFile,
            ApiKeyFile = record.Endpoint.ApiKeyFile,
        };
    }

    /// <inheritdoc />
    public ILogReader OpenLog(ServerFolder folder, int? tail)
    {
        if (tail is not { } lines)
        {
            return LogFollower.AtStart(folder.LogFile);
        }

        LogFollower follower = LogFollower.AtEnd(folder.LogFile, out IReadOnlyList<string> last, lines);
        return new TailedLogReader(last, follower);
    }

    /// <inheritdoc />
    public IReadOnlyList<string> Tail(LlmServer server, int lines) => ServerLog.Tail(server.LogPath, lines);

    /// <inheritdoc />
    public async Task<LlmServer> StopAsync(
        ServerRegistry registry, ServerFolder folder, ServerRecord? record, TimeSpan grace, string? reason, CancellationToken cancellationToken)
    {
        if (SupervisorOf(folder, record) is { } running)
        {
            await AskAsync(folder, running, new StopRequest(grace.TotalSeconds, reason), cancellationToken).ConfigureAwait(false);
            await WaitForSupervisorAsync(running, grace + s_supervisorPatience, cancellationToken).ConfigureAwait(false);

            // One that still lives hangs. What it should have done is done here.
            running.Signal(LibcKill.Kill);
            record = ServerController.TryReadRecord(folder);
        }

        if (record is { IsFinal: true, Supervisor: { } ending })
        {
            await WaitForSupervisorAsync(ending, s_supervisorPatience, cancellationToken).ConfigureAwait(false);
        }

        using (await ServerLock.OfNameAsync(registry, folder.Name, cancellationToken).ConfigureAwait(false))
        {
            return await StopWithoutSupervisorAsync(folder, record, grace, reason).ConfigureAwait(false);
        }
    }

    /// <inheritdoc />
    public void Remove(ServerFolder folder, ServerRecord? record)
    {
        // A process that has ended leaves nothing outside its folder.
    }

    /// <summary>What became of a start whose starter is gone: engine and supervisor may run all the same.</summary>
    private static (ServerState State, string? Reason) Interrupted(ServerRecord record, ServerFolder folder)
    {
        const string Because = "the start was interrupted before a supervisor had taken over";
        return DetachedLauncher.FindSupervisor(folder) is not null ? (record.State, record.Reason)
            : new EngineGroup(null, EngineGroup.Mark(folder)).FindMembers().Count > 0 ? (ServerState.Unsupervised, $"{Because}; what it had started still runs and can be stopped")
            : (ServerState.Failed, Because);
    }

    /// <summary>Starts engine and supervisor and waits until the latter owns the record: until then a second start could not tell that this one is on its way.</summary>
    private static async Task HandOverAsync(SupervisorCommand command, ServerFolder folder, ServerRecord record, LaunchCommand engine)
    {
        string mark = EngineGroup.Mark(folder, record.Instance);
        string problem;
        try
        {
            using DetachedLauncher launched = DetachedLauncher.Start(command, folder, engine, mark);
            long began = Stopwatch.GetTimestamp();
            RecordStamp stamp = new(folder);
            while (!stamp.IsLookDue() || folder.ReadRecord() is { Supervisor: null })
            {
                if (launched.HasExited)
                {
                    throw new LlmOpsException(launched.Failure, "SupervisorNotStarted");
                }

                TimeSpan elapsed = Stopwatch.GetElapsedTime(began);
                if (elapsed > s_takeOverPatience)
                {
                    ProcessIdentity.Of(launched.Pid)?.SignalGroup(Native.Libc.LibcKill.Kill);
                    throw new LlmOpsException($"nothing heard of it within {s_takeOverPatience.TotalSeconds:0} s", "SupervisorNotStarted");
                }

                await ShortPause.WaitAsync(3, elapsed, CancellationToken.None).ConfigureAwait(false);
            }

            return;
        }
        catch (LlmOpsException failure)
        {
            problem = failure.Message;
        }

        await new EngineGroup(null, mark).SweepAsync().ConfigureAwait(false); // The engine runs already.
        folder.Write(record with { State = ServerState.Failed, EndedAt = DateTimeOffset.UtcNow, Reason = $"its supervisor could not be started: {problem}" });
        throw new LlmOpsException(
            $"Server '{folder.Name}' was not started because its supervisor ('{command.File}') could not be: {problem.TrimEnd('.')}.", "SupervisorNotStarted")
            { Kind = ErrorKind.ServerFailed };
    }

    /// <summary>Asks a supervisor to stop its server, once, however many ask: to a supervisor a second signal means to hurry.</summary>
    private static async Task AskAsync(ServerFolder folder, ProcessIdentity supervisor, StopRequest request, CancellationToken cancellationToken)
    {
        if (folder.TryBegin(request))
        {
            supervisor.Signal(LibcKill.Terminate);
            return;
        }

        // Somebody else asked before. That is joined, unless he was killed before he gave the signal, or had more patience than we have.
        await WaitForSupervisorAsync(supervisor, s_otherAskersPatience, cancellationToken).ConfigureAwait(false);
        if (supervisor.IsAlive && ServerController.TryReadRecord(folder)?.State is not (ServerState.Stopping or null))
        {
            supervisor.Signal(LibcKill.Terminate);
        }
        else if (supervisor.IsAlive)
        {
            await WaitForSupervisorAsync(supervisor, TimeSpan.FromSeconds(request.GraceSeconds), cancellationToken).ConfigureAwait(false);
            supervisor.Signal(LibcKill.Terminate);
        }
    }

    private static ProcessIdentity? SupervisorOf(ServerFolder folder, ServerRecord? record) => record switch
    {
        { IsFinal: true } => null,
        { Supervisor: { IsAlive: true } known } => known,
        _ => DetachedLauncher.FindSupervisor(folder), // The record is damaged, or from before the supervisor took over.
    };

    private static async Task<LlmServer> StopWithoutSupervisorAsync(ServerFolder folder, ServerRecord? record, TimeSpan grace, string? reason)
    {
        // The folder's mark also finds what a damaged or outdated record does not name.
        EngineGroup group = new(record?.EngineProcess, EngineGroup.Mark(folder));
        bool ranStill = group.FindMembers().Count > 0;
        await group.StopAsync(grace, CancellationToken.None).ConfigureAwait(false);
        if (record is { IsFinal: false } && ranStill)
        {
            folder.Write(record with
            {
                State = ServerState.Stopped,
                EngineProcess = null,
                EndedAt = DateTimeOffset.UtcNow,
                Reason = reason ?? "stopped without its supervisor, so its exit code is not known",
            });
        }

        return ServerView.Read(folder);
    }

    // Its end is its last act, after the record: a start right after the stop must not meet it.
    private static async Task WaitForSupervisorAsync(ProcessIdentity supervisor, TimeSpan patience, CancellationToken cancellationToken)
    {
        long deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        while (supervisor.IsAlive && Environment.TickCount64 < deadline)
        {
            await Task.Delay(5, cancellationToken).ConfigureAwait(false);
        }
    }

    private static string EndOf(ServerRecord record) => record.Supervisor!.IsFromEarlierBoot
        ? "ended without a trace: the machine was rebooted"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"ended without a trace: its supervisor (process {record.Supervisor.Pid}) was killed, and the engine is gone too");
}
