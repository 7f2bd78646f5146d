using System.Globalization;

namespace LlmOps.Engines.Vllm.Reading;

/// <summary>One run of vLLM, read from its log: stages with their progress, what was allocated where, and what it delivers.</summary>
/// <param name="devices">The devices that it was given, in order.</param>
internal sealed class VllmLog(IReadOnlyList<string> devices) : IEngineLog
{
    private readonly Lock _lock = new();
    private readonly VllmRanks _ranks = new();
    private readonly SortedDictionary<int, DeviceBuffers> _byRank = [];
    private readonly Dictionary<string, ThroughputFigures> _throughput = new(StringComparer.Ordinal);
    private EngineFigures _figures = new();
    private bool _loadsDrafter;

    /// <inheritdoc/>
    public string? WeightsActivity => null; // Workers read the files, and the log counts them.

    /// <inheritdoc/>
    public bool TellsEveryDevice => false;

    /// <inheritdoc/>
    public int? OffloadedLayers => null;

    /// <inheritdoc/>
    public int? LayerCount => null;

    /// <inheritdoc/>
    public string? NoGpuLine => null;

    /// <inheritdoc/>
    public EngineFigures? Figures
    {
        get
        {
            lock (_lock)
            {
                return _figures == new EngineFigures() ? null : _figures;
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<DeviceBuffers> Devices
    {
        get
        {
            lock (_lock)
            {
                // Since 0.11 only the first worker of a machine speaks; the others hold the same, unless they hold other layers.
                return _byRank.Count == 1 && !_ranks.HasStages && _byRank.TryGetValue(0, out DeviceBuffers? first)
                    ? [.. Enumerable.Range(0, _ranks.WorldSize).Select(rank => first with { Device = NameOf(rank) })]
                    : [.. _byRank.Values];
            }
        }
    }

    /// <inheritdoc/>
    public LogStep AddLoading(string line)
    {
        lock (_lock)
        {
            int rank = _ranks.Of(line);
            AddBytes(line, rank);
            _figures = VllmFigureLines.AddStart(_figures, line);
            string? activity = VllmStage.Read(line);
            _loadsDrafter |= activity == VllmStage.Drafter;
            double? fraction = null;
            if (VllmStage.ReadBar(line) is { } bar)
            {
                fraction = bar.Fraction;
                activity = bar.IsShards ? Shards(bar) : activity;
            }

            return new LogStep(activity, fraction, line.Contains("Application startup complete", StringComparison.Ordinal), !VllmStage.IsWaiting(line));
        }
    }

    /// <inheritdoc/>
    public bool AddServing(string line)
    {
        if (VllmFigureLines.ReadThroughput(line) is var (engine, delivered))
        {
            lock (_lock)
            {
                _throughput[engine] = delivered;
                _figures = _figures with { Throughput = Sum() };
            }

            return true;
        }

        if (VllmFigureLines.ReadSpeculation(line) is { } speculation)
        {
            lock (_lock)
            {
                _figures = _figures with { Speculation = speculation };
            }

            return true;
        }

        return false;
    }

    private string Shards(VllmStage.Progress bar)
    {
        string what = _loadsDrafter ? VllmStage.Drafter : VllmStage.Weights;
        return bar is { Done: { } done, Total: { } total } ? string.Create(CultureInfo.InvariantCulture, $"{what}, {done} of {total} shards") : what;
    }

    private void AddBytes(string line, int rank)
    {
        if (VllmFigureLines.ReadBytes(line) is not var (place, bytes))
        {
            return;
        }

        if (place != VllmFigureLines.Place.Graphs)
        {
            // What a step takes beside graphs is never told; with graphs alone the device would look less full than it is.
            DeviceBuffers now = _byRank.GetValueOrDefault(rank) ?? new DeviceBuffers { Device = NameOf(rank) };
            _byRank[rank] = place == VllmFigureLines.Place.Weights ? now with { WeightsBytes = bytes } : now with { KvCacheBytes = Math.Max(0, bytes) };
        }

        _figures = place switch
        {
            VllmFigureLines.Place.Weights => _figures with { WeightsBytes = Math.Max(_figures.WeightsBytes ?? 0, bytes) },
            VllmFigureLines.Place.Pool => _figures with { KvCacheBytes = Math.Min(_figures.KvCacheBytes ?? long.MaxValue, bytes) },
            _ => _figures with { GraphBytes = Math.Max(_figures.GraphBytes ?? 0, bytes) },
        };
    }

    // Engines of data parallel speak each for itself, all within a moment.
    private ThroughputFigures Sum() => _throughput.Count == 1 ? _throughput.Values.First() : new ThroughputFigures
    {
        PromptTokensPerSecond = _throughput.Values.Sum(engine => engine.PromptTokensPerSecond),
        OutputTokensPerSecond = _throughput.Values.Sum(engine => engine.OutputTokensPerSecond),
        Running = _throughput.Values.Sum(engine => engine.Running),
        Waiting = _throughput.Values.Sum(engine => engine.Waiting),
        KvCacheUsage = _throughput.Values.Max(engine => engine.KvCacheUsage),
        PrefixCacheHitRate = _throughput.Values.Average(engine => engine.PrefixCacheHitRate),
    };

    private string NameOf(int rank) => rank < devices.Count ? devices[rank] : string.Create(CultureInfo.InvariantCulture, $"CUDA{rank}");
}
