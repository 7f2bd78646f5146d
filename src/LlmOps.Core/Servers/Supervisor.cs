using System.Globalization;
using LlmOps.Logs;

namespace LlmOps.Servers;

/// <summary>The process that owns one server: starts its engine, keeps its log and its record, restarts it by policy, stops it when asked.</summary>
/// <remarks>
/// Runs as <c>llmops supervise FOLDER</c> in a session of its own. SIGTERM or SIGINT is the way to stop the server; a second one
/// skips the grace. The folder holds <c>server.json</c> and <c>launch.json</c>; when it is taken away the server is ended. From the moment it has taken over, nobody else writes the record while it lives.
/// </remarks>
public sealed class Supervisor
{
    private static readonly TimeSpan s_defaultGrace = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_outputPatience = TimeSpan.FromSeconds(2);

    private readonly ServerFolder _folder;
    private readonly TimeProvider _time;
    private EngineProcess? _given;

    /// <summary>A supervisor of the server in <paramref name="folder"/>.</summary>
    public Supervisor(string folder)
        : this(folder, TimeProvider.System)
    {
    }

    /// <summary>The same with a clock of one's own for the pauses before restarts.</summary>
    internal Supervisor(string folder, TimeProvider time) => (_folder, _time) = (new ServerFolder(folder), time);

    /// <summary>Whether this process was launched to supervise, and does nothing else.</summary>
    private bool IsLaunched => Environment.GetEnvironmentVariable(DetachedLauncher.LogVariable) == _folder.SupervisorLogFile;

    /// <summary>Supervises the server until it has ended for good.</summary>
    /// <param name="cancellationToken">Stops the server, as the signals do.</param>
    /// <returns>0 when it was stopped on request, 3 when it ended by itself.</returns>
    /// <exception cref="LlmOpsException">The folder's files cannot be read.</exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        // On a thread of its own: the pool of threads takes longer to be made than the file to be read.
        Task<LaunchRecord> reading = Task.Factory.StartNew(_folder.ReadLaunch, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (IsLaunched)
        {
            // Another host's descriptors are its own.
            AdoptedEngine? given = AdoptedEngine.Take();
            InheritedDescriptors.Close(except: given is null ? null : AdoptedEngine.Descriptor);
            File.Delete(_folder.OutputPipe);
            _given = given;
        }

        using StopSignals signals = new(cancellationToken);
        SupervisedRecord record = new(_folder);

        // This thread waits: nothing else is to be done by it, and to go on later would first have to be compiled.
        LaunchRecord launch = reading.GetAwaiter().GetResult();
        using RotatingLog log = new(_folder.LogFile, launch.Log, _time);
        record.Log = log;
        using ManualResetEvent over = new(initialState: false);
        Thread guard = new(() => Guard(launch, record, signals, over), 128 * 1024) { IsBackground = true, Name = "folder guard" };
        guard.Start();
        try
        {
            return await SuperviseAsync(launch, record, log, signals).ConfigureAwait(false);
        }
        catch (Exception problem)
        {
            // Whatever it is, it must not leave an engine that nobody watches and a record that says all is well.
            record.Update(now => now with
            {
                State = ServerState.Failed,
                EngineProcess = null,
                EndedAt = DateTimeOffset.UtcNow,
                Reason = $"its supervisor failed: {problem.Message}",
            });
            await new EngineGroup(null, EngineGroup.Mark(_folder, launch.Instance)).SweepAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            over.Set();
            guard.Join();
        }
    }

    private void Guard(LaunchRecord launch, SupervisedRecord record, StopSignals signals, WaitHandle over)
    {
        try
        {
            if (new FolderGuard(_folder, launch.Instance).WaitForLoss(over))
            {
                record.Abandon();
                signals.Ask();
            }
        }
        catch (Exception problem)
        {
            // On a thread of its own it would end the supervisor, and leave the engine without one.
            record.Log?.Note($"the server's folder is watched no longer: {problem.Message}");
        }
    }

    private async Task<int> SuperviseAsync(LaunchRecord launch, SupervisedRecord record, RotatingLog log, StopSignals signals)
    {
        RestartHistory history = new(launch.Restart);
        while (true)
        {
            EngineEnd end = await RunEngineAsync(launch, record, log, signals).ConfigureAwait(false);
            if (signals.Stop.IsCancellationRequested)
            {
                record.Update(now => now.Ended(ServerState.Stopped, end, StopReason()));
                return 0;
            }

            RestartHistory.Decision decision = history.Decide(end.IsSuccess, end.ReadyFor, end.Signature);
            string reason = decision.GaveUp is { } gaveUp ? $"{end.Reason}; {gaveUp}" : end.Reason;
            if (decision.Delay is not { } delay)
            {
                log.Note($"the server has failed: {reason}");
                record.Update(now => now.Ended(ServerState.Failed, end, reason));
                return 3;
            }

            log.Note(string.Create(CultureInfo.InvariantCulture, $"the engine will be started again in {delay.TotalSeconds:0.#} s"));
            record.Update(now => now.Ended(ServerState.Restarting, end, reason) with { EndedAt = null });
            if (!await DelayAsync(delay, _time, signals.Stop).ConfigureAwait(false))
            {
                record.Update(now => now.Ended(ServerState.Stopped, end, StopReason()));
                return 0;
            }

            record.Update(now => now with { Restarts = now.Restarts + 1, ReadyAt = null, ExitCode = null, ExitSignal = null, FaultId = null });
        }
    }

    private async Task<EngineEnd> RunEngineAsync(
        LaunchRecord launch, SupervisedRecord record, RotatingLog log, StopSignals signals)
    {
        LogExcerpt excerpt = new();
        string mark = EngineGroup.Mark(_folder, launch.Instance);
        EngineProcess engine;
        try
        {
            engine = Interlocked.Exchange(ref _given, null) ?? StartedEngine.Start(launch, mark);
        }
        catch (LlmOpsException problem)
        {
            log.Note(problem.Message);
            record.Update(now => now with { Supervisor = ProcessIdentity.Current });
            return new EngineEnd(new ExitStatus(127, null), null, problem.Message, problem.ErrorId);
        }

        using (engine)
        {
            // Nothing comes before the engine's start that can come after it: what the supervisor does now costs no time.
            SecretMask mask = SecretMask.For(launch.Endpoint.ApiKeyFile);
            log.Note(mask.Apply($"starting {launch.File} {string.Join(' ', launch.Arguments)}"));
            EngineGroup group = new(engine.Identity, mark);
            Task<ExitStatus> exited = engine.WaitForExitAsync();
            await using Readiness readiness = new(launch, record, engine.Identity, exited, MeasuredLoads.Beside(Path.GetDirectoryName(_folder.Path)!));
            LogPump pump = new(engine.Output, log, mask, line =>
            {
                excerpt.Add(line);
                readiness.OnLine(line);
            });
            pump.Start();
            record.Update(now => now with { State = ServerState.Loading, Supervisor = ProcessIdentity.Current, EngineProcess = engine.Identity });
            readiness.Begin();

            await Task.WhenAny(exited, readiness.Failed, Task.Delay(Timeout.Infinite, signals.Stop)).ConfigureAwait(false);
            bool endedByItself = exited.IsCompleted;
            RunFailure? failure = !endedByItself && readiness.Failed.IsCompletedSuccessfully && !signals.Stop.IsCancellationRequested
                ? await readiness.Failed.ConfigureAwait(false)
                : null;
            await readiness.EndAsync().ConfigureAwait(false);
            if (!endedByItself)
            {
                record.Update(now => failure is null ? now with { State = ServerState.Stopping } : now);
                signals.MakeKnown();
                StopRequest? request = failure is null ? ReadStop() : null;
                log.Note("stopping the engine");
                await group.StopAsync(request is null ? s_defaultGrace : TimeSpan.FromSeconds(request.GraceSeconds), signals.Hurry).ConfigureAwait(false);
            }
            else
            {
                // Helpers of a dead engine may keep its port and its GPU memory, and then the next start fails for no visible reason.
                await group.SweepAsync().ConfigureAwait(false);
            }

            ExitStatus exit = await exited.ConfigureAwait(false);
            await Task.WhenAny(pump.Finished, Task.Delay(s_outputPatience, CancellationToken.None)).ConfigureAwait(false);
            log.Note($"the engine ended with {exit}");
            return failure is null
                ? EngineEnd.Diagnose(exit, readiness.ReadyFor, excerpt.ToList(), endedByItself)
                : EngineEnd.Of(failure, exit, readiness.ReadyFor);
        }
    }

    private string? StopReason() => ReadStop()?.Reason;

    private StopRequest? ReadStop()
    {
        try
        {
            return _folder.ReadStop();
        }
        catch (LlmOpsException)
        {
            // The request is a refinement; that a stop is wanted was said by the signal.
            return null;
        }
    }

    private static async Task<bool> DelayAsync(TimeSpan delay, TimeProvider time, CancellationToken stop)
    {
        try
        {
            await Task.Delay(delay, time, stop).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
