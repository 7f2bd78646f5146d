using LlmOps.Benchmarking.Metrics;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Engines.Metrics;
using LlmOps.Hardware;
using LlmOps.Servers;

namespace LlmOps.Benchmarking.Observation;

/// <summary>Looks at the server, the GPUs, the host and this client while one load point is measured.</summary>
internal sealed class PointObserver : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>Linux gives times to programs in hundredths of a second (USER_HZ).</summary>
    private const double TicksPerSecond = 100;

    private readonly ObservationOptions _options;
    private readonly SystemFiles _files;
    private readonly ServerPages _pages;
    private readonly GpuSampler? _sampler;
    private readonly CancellationTokenSource _over;
    private readonly List<ServerLook> _looks = [];
    private readonly List<IReadOnlyList<GpuSample>> _rounds = [];
    private readonly List<ObservedMoment> _moments = [];
    private int _count;
    private long _startedAt;
    private ProcessorTimes? _processorsAtStart;
    private long? _serverTicksAtStart;
    private SchedulingTimes _schedulingAtStart = new();
    private Task _watching = Task.CompletedTask;

    private PointObserver(MeasurementOptions measurement, ObservationOptions options, CancellationToken cancellationToken)
    {
        _options = options;
        _files = new SystemFiles(options.Survey.SystemRoot);
        _pages = new ServerPages(measurement.Endpoint, measurement.ApiKey, s_patience, measurement.SkipsCertificateCheck);
        _sampler = options.Topology is { Gpus.Count: > 0 } topology ? new GpuSampler(topology, options.Survey) : null;
        _over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    /// <summary>How many looks have been taken.</summary>
    public int Looks => Volatile.Read(ref _count);

    private bool? SharesContext => _options.Config?.Options.Get(LlamaCppOptions.KvUnified);

    /// <summary>Begins to look.</summary>
    public static async Task<PointObserver> StartAsync(MeasurementOptions measurement, ObservationOptions options, CancellationToken cancellationToken)
    {
        PointObserver observer = new(measurement, options, cancellationToken);
        try
        {
            await observer.LookAtServerAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await observer.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        observer._startedAt = MonotonicClock.Now;
        observer._processorsAtStart = ProcessorTimes.Read(observer._files);
        observer._serverTicksAtStart = observer.ServerTicks();
        observer._schedulingAtStart = SchedulingTimes.Read(observer._files);
        observer._watching = Task.Run(observer.WatchAsync, CancellationToken.None);
        return observer;
    }

    /// <summary>Ends and says what was seen.</summary>
    /// <param name="outputTokens">Tokens generated meanwhile.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<PointObservation> StopAsync(long outputTokens, CancellationToken cancellationToken)
    {
        double seconds = MonotonicClock.Seconds(_startedAt, MonotonicClock.Now);
        (double DelaySeconds, double RunSeconds)? scheduling = SchedulingTimes.Read(_files).Since(_schedulingAtStart);
        ProcessorTimes? processors = ProcessorTimes.Read(_files);
        long? serverTicks = ServerTicks();
        await _over.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        await LookAtServerAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<GpuLoadFigures> gpus = _options.Topology is { } topology ? GpuFold.Fold(_rounds, topology, seconds) : [];
        double? joules = gpus.Sum(gpu => gpu.EnergyJoules);
        return new PointObservation
        {
            Server = ToFigures(),
            Gpus = gpus,
            TokensPerJoule = joules > 0 && outputTokens > 0 ? outputTokens / joules : null,
            HostCpuShare = processors?.ShareSince(_processorsAtStart),
            HostProcessors = processors?.Processors is > 0 and { } count ? count : null,
            ServerProcessors = (serverTicks - _serverTicksAtStart) / TicksPerSecond / seconds,
            ClientProcessors = scheduling?.RunSeconds / seconds,
            ClientSchedulingDelaySeconds = scheduling?.DelaySeconds,
            Moments = [.. _moments],
        };
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        _over.Dispose();
        _pages.Dispose();
        _sampler?.Dispose();
    }

    private long? ServerTicks() => _options.ServerPid is { } pid ? ProcessStatus.Read(pid)?.ProcessorTicks : null;

    private async Task WatchAsync()
    {
        ProcessorTimes? before = _processorsAtStart;
        try
        {
            using PeriodicTimer timer = new(_options.Interval);
            do
            {
                IReadOnlyList<GpuSample> gpus = _sampler?.Sample(_over.Token) ?? [];
                _rounds.Add(gpus);
                ServerLook? look = await LookAtServerAsync(_over.Token).ConfigureAwait(false);
                ProcessorTimes? now = ProcessorTimes.Read(_files);
                _moments.Add(new ObservedMoment(
                    MonotonicClock.Seconds(_startedAt, MonotonicClock.Now),
                    look?.Running,
                    look?.Waiting,
                    look?.KvUsage(SharesContext),
                    now?.ShareSince(before),
                    gpus.Average(gpu => gpu.UtilizationPercent),
                    gpus.All(gpu => gpu.PowerWatts is null) ? null : gpus.Sum(gpu => gpu.PowerWatts)));
                before = now ?? before;
                Volatile.Write(ref _count, _moments.Count);
            }
            while (await timer.WaitForNextTickAsync(_over.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested)
        {
            // The point is over.
        }
    }

    /// <returns>Null when the server did not answer: its requests tell of that, in the result.</returns>
    private async Task<ServerLook?> LookAtServerAsync(CancellationToken cancellationToken)
    {
        try
        {
            ServerLook look = await _pages.LookAsync(withSlots: true, cancellationToken).ConfigureAwait(false);
            _looks.Add(look);
            return look;
        }
        catch (LlmOpsException)
        {
            return null;
        }
    }

    private ServerLoadFigures? ToFigures()
    {
        ServerLook[] told = [.. _looks.Where(look => look.Reading is not null)];
        if (told.Length < 2)
        {
            return null;
        }

        MetricChange change = new(told[0], told[^1]);
        return new ServerLoadFigures
        {
            Engine = told[^1].Reading!.Engine,
            PromptTokens = (long?)change[MetricFigure.PromptTokens],
            CachedPromptTokens = (long?)change[MetricFigure.CachedPromptTokens],
            OutputTokens = (long?)change[MetricFigure.OutputTokens],
            PromptTokensPerSecond = change.Ratio(MetricFigure.PromptTokens, per: MetricFigure.PromptSeconds),
            DecodeTokensPerSecond = change.Ratio(MetricFigure.OutputTokens, per: MetricFigure.OutputSeconds),
            PeakRequestsRunning = told.Max(look => look.Running),
            PeakRequestsWaiting = told.Max(look => look.Waiting),
            PeakKvCacheUsage = told.Max(look => look.KvUsage(SharesContext)),
            Preemptions = (long?)change[MetricFigure.Preemptions],
            DraftTokens = (long?)change[MetricFigure.DraftTokens],
            AcceptanceRate = Acceptance.Rate(change[MetricFigure.DraftTokens], change[MetricFigure.DraftTokensAccepted]),
            AcceptanceLength = Acceptance.Length(change[MetricFigure.Drafts], change[MetricFigure.DraftTokensAccepted]),
            TokensPerDecode = change.Ratio(MetricFigure.OutputTokens, per: MetricFigure.DecodeCalls),
        };
    }
}
