using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Engines;

namespace LlmOps.Servers;

/// <summary>
/// Watches one run of an engine: until it is ready, whether it then is what was meant, and whether it stays alive. Writes all that into
/// the record.
/// </summary>
/// <param name="launch">What was started.</param>
/// <param name="record">Where the outcome goes.</param>
/// <param name="engine">The engine's process.</param>
/// <param name="exited">Completes with its end.</param>
/// <param name="loads">Where what it allocated is kept for later plans; null for nowhere.</param>
internal sealed class Readiness(LaunchRecord launch, SupervisedRecord record, ProcessIdentity engine, Task<ExitStatus> exited, MeasuredLoads? loads) : IAsyncDisposable
{
    private static readonly TimeSpan s_logPatience = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IEngine _engine = KnownEngines.Require(launch.Engine);
    private readonly ReadinessProbe _probe = new(launch.Endpoint, launch.HealthPath, KnownEngines.Require(launch.Engine));
    private readonly IEngineLog _log = KnownEngines.Require(launch.Engine).NewLog(launch.Expectation?.Devices ?? []);
    private readonly TaskCompletionSource<RunFailure> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _watching = Task.CompletedTask;
    private long? _readyAt;
    private long? _overAt;

    /// <summary>How long the engine was ready; null when it never was.</summary>
    public TimeSpan? ReadyFor => _readyAt is { } start ? TimeSpan.FromMilliseconds((_overAt ?? Environment.TickCount64) - start) : null;

    /// <summary>Completes when the engine runs and yet must be ended, because it is not what was meant or hangs.</summary>
    public Task<RunFailure> Failed => _failed.Task;

    /// <summary>Takes a line that the engine printed: some say that asking now is worthwhile, some what was allocated.</summary>
    public void OnLine(string line)
    {
        if (_readyAt is null && _overAt is null)
        {
            if (_log.AddLoading(line).IsOpen)
            {
                _open.TrySetResult();
                _probe.Nudge();
            }
        }
        else if (_log.AddServing(line))
        {
            record.Update(now => now with { Figures = _log.Figures });
        }
    }

    /// <summary>Begins to ask.</summary>
    /// <remarks>On a thread of its own: asking blocks (<see cref="BriefHttp"/>), and the pool's threads are for those who do not.</remarks>
    public void Begin() => _watching = Task.Factory.StartNew(Watch, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Ends the watch; the engine has ended or will be stopped.</summary>
    public async Task EndAsync()
    {
        _overAt ??= Environment.TickCount64;
        await _over.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await EndAsync().ConfigureAwait(false);
        _over.Dispose();
    }

    private void Watch()
    {
        try
        {
            _probe.WaitUntilReady(_over.Token);
            ServerFacts facts = _probe.ReadFacts(_over.Token);
            if (launch.Expectation is { } expected && (expected.WantsGpu || expected.Planned.Count > 0))
            {
                // It may answer before its last lines have come through the pipe, and they say what it allocated.
                _open.Task.Wait(s_logPatience, _over.Token);
            }

            if (exited.IsCompleted || !Accept(facts))
            {
                // Something else answers on that port, the engine that was asked for is gone; or it answers and is not what was meant.
                return;
            }

            WatchHealth();
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested)
        {
            // The run is over; the supervisor tells of that.
        }
    }

    private bool Accept(ServerFacts facts)
    {
        LoadJudgement judgement = LoadJudgement.Of(launch.Expectation ?? new LaunchExpectation(), _log, facts);
        ServerRecord Facts(ServerRecord now) => now with
        {
            ContextLength = facts.ContextLength,
            Slots = facts.Slots,
            OffloadedLayers = _log.OffloadedLayers,
            LayerCount = _log.LayerCount,
            Memory = judgement.Memory,
            Figures = _log.Figures,
            Warnings = judgement.Warnings,
        };
        if (judgement.Failure is { } failure)
        {
            record.Log?.Note(failure);
            record.Update(Facts);
            _failed.TrySetResult(new RunFailure(LoadJudgement.CpuFallback, failure));
            return false;
        }

        _readyAt = Environment.TickCount64;
        record.Update(now => Facts(now) with { State = ServerState.Ready, ReadyAt = DateTimeOffset.UtcNow, Reason = null });
        foreach (string warning in judgement.Warnings)
        {
            record.Log?.Note(warning);
        }

        Keep(judgement);
        return true;
    }

    private void Keep(LoadJudgement judgement)
    {
        if (loads is null || launch.Model is not { } model || judgement.Memory.Count == 0)
        {
            return;
        }

        try
        {
            loads.Keep(new MeasuredLoad
            {
                At = DateTimeOffset.UtcNow,
                Model = model,
                ModelBytes = File.Exists(model) ? new FileInfo(model).Length : 0,
                EnginePath = launch.File,
                Arguments = MeaningfulArguments(),
                Devices = judgement.Memory,
                Figures = _log.Figures,
            });
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            record.Log?.Note($"what was allocated could not be kept for later plans: {problem.Message}");
        }
    }

    // Name and address have no influence on memory.
    private List<string> MeaningfulArguments()
    {
        List<string> kept = [];
        for (int i = 0; i < launch.Arguments.Count; i++)
        {
            if (_engine.MemorylessArguments.Contains(launch.Arguments[i]))
            {
                i++;
            }
            else if (launch.Arguments[i] != launch.Model)
            {
                kept.Add(launch.Arguments[i]);
            }
        }

        return kept;
    }

    /// <summary>Looks whether a ready server still answers or at least works, until the run is over.</summary>
    private void WatchHealth()
    {
        if (launch.UnresponsiveSeconds == 0)
        {
            return;
        }

        TimeSpan limit = TimeSpan.FromSeconds(launch.UnresponsiveSeconds);
        TimeSpan interval = TimeSpan.FromSeconds(Math.Clamp(launch.UnresponsiveSeconds / 4d, 0.2, 15));
        SignsOfLife life = new();
        long lastSign = Environment.TickCount64;
        while (true)
        {
            if (_over.Token.WaitHandle.WaitOne(interval))
            {
                return;
            }

            bool works = life.HaveChanged(engine.Pid);
            bool answers = _probe.IsAnswering(interval, _over.Token);
            if (answers || works)
            {
                lastSign = Environment.TickCount64;
                if (answers && record.Now.State == ServerState.Unresponsive)
                {
                    record.Log?.Note("the server answers again");
                    record.Update(now => now with { State = ServerState.Ready, Reason = null });
                }
            }
            else if (Environment.TickCount64 - lastSign >= limit.TotalMilliseconds && record.Now.State == ServerState.Ready)
            {
                string reason = string.Create(CultureInfo.InvariantCulture, $"it neither answers nor works since {launch.UnresponsiveSeconds} s; a driver or a device may hang");
                record.Log?.Note($"the server is unresponsive: {reason}");
                record.Update(now => now with { State = ServerState.Unresponsive, Reason = reason });
                if (launch.Restart.Mode != RestartMode.Never)
                {
                    _failed.TrySetResult(new RunFailure("host.unresponsive", $"the server is unresponsive: {reason}"));
                    return;
                }
            }
        }
    }
}

/// <summary>Why an engine that runs must be ended.</summary>
/// <param name="FaultId">Id of the fault.</param>
/// <param name="Reason">Why, in one line.</param>
internal sealed record RunFailure(string FaultId, string Reason);
