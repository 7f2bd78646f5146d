namespace LlmOps.Benchmarking.Observation;

/// <summary>What was seen beside the requests of one load point. Null where something does not tell.</summary>
public sealed record PointObservation
{
    /// <summary>What the server's own counters did; null when it has none.</summary>
    public ServerLoadFigures? Server { get; init; }

    /// <summary>What each GPU did; empty when there is none to read.</summary>
    public IReadOnlyList<GpuLoadFigures> Gpus { get; init; } = [];

    /// <summary>Generated tokens / energy of the GPUs sampled; the rest of the machine is not in it.</summary>
    public double? TokensPerJoule { get; init; }

    /// <summary>Share of all processor time that was used, by whatever, 0 to 1.</summary>
    public double? HostCpuShare { get; init; }

    /// <summary>Processors of this machine that are online.</summary>
    public int? HostProcessors { get; init; }

    /// <summary>Processors that the server kept busy, mean; null when it runs elsewhere.</summary>
    public double? ServerProcessors { get; init; }

    /// <summary>Processors that this client kept busy, mean.</summary>
    public double? ClientProcessors { get; init; }

    /// <summary>Scheduling delay: how long a thread of this client, ready to run, waited for a processor each time, mean.</summary>
    /// <remarks>Source: Linux <c>Documentation/scheduler/sched-stats.rst</c>, <c>/proc/PID/schedstat</c>: time waited / times run.</remarks>
    public double? ClientSchedulingDelaySeconds { get; init; }

    /// <summary>The looks, in order of time.</summary>
    public IReadOnlyList<ObservedMoment> Moments { get; init; } = [];
}

/// <summary>What the server's own counters did during a load point.</summary>
public sealed record ServerLoadFigures
{
    /// <summary>The engine that told.</summary>
    public required string Engine { get; init; }

    /// <summary>Prompt tokens computed.</summary>
    public long? PromptTokens { get; init; }

    /// <summary>Prompt tokens taken from a cache.</summary>
    public long? CachedPromptTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    public long? OutputTokens { get; init; }

    /// <summary>Prompt tokens a second of one request, while it computed prompts.</summary>
    public double? PromptTokensPerSecond { get; init; }

    /// <summary>Generated tokens a second of one request, while it generated.</summary>
    public double? DecodeTokensPerSecond { get; init; }

    /// <summary>Most requests computed at once, of the looks taken.</summary>
    public int? PeakRequestsRunning { get; init; }

    /// <summary>Most requests waiting at once, of the looks taken.</summary>
    public int? PeakRequestsWaiting { get; init; }

    /// <summary>Largest share of the key and value cache in use, of the looks taken, 0 to 1.</summary>
    public double? PeakKvCacheUsage { get; init; }

    /// <summary>Requests thrown out of the cache to be computed again.</summary>
    public long? Preemptions { get; init; }

    /// <summary>Draft tokens proposed; 0 when speculation is off.</summary>
    public long? DraftTokens { get; init; }

    /// <summary>Draft tokens accepted / proposed; null without drafts.</summary>
    public double? AcceptanceRate { get; init; }

    /// <summary>Tokens of one verification step, the model's own one included; null without drafts.</summary>
    public double? AcceptanceLength { get; init; }

    /// <summary>Generated tokens / runs of the model: how many sequences one run served.</summary>
    public double? TokensPerDecode { get; init; }
}

/// <summary>What one GPU did during a load point.</summary>
public sealed record GpuLoadFigures
{
    /// <summary>Its index in the topology.</summary>
    public int Index { get; init; }

    /// <summary>Its name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Times that it was read.</summary>
    public int Samples { get; init; }

    /// <summary>Share of time with a kernel running, 0 to 100, mean.</summary>
    public double? UtilizationPercent { get; init; }

    /// <summary>Share of time in which its memory was read or written, 0 to 100, mean.</summary>
    public double? MemoryUtilizationPercent { get; init; }

    /// <summary>Most memory in use, in bytes.</summary>
    public long? PeakMemoryBytes { get; init; }

    /// <summary>Power in watts, mean.</summary>
    public double? PowerWatts { get; init; }

    /// <summary>Energy in joules: mean power × duration.</summary>
    public double? EnergyJoules { get; init; }

    /// <summary>Highest temperature in degrees Celsius.</summary>
    public int? PeakTemperatureCelsius { get; init; }

    /// <summary>Graphics clock in MHz, mean.</summary>
    public double? GraphicsMhz { get; init; }

    /// <summary>Bytes a second sent over PCIe, mean.</summary>
    public double? PcieSentBytesPerSecond { get; init; }

    /// <summary>Bytes a second received over PCIe, mean.</summary>
    public double? PcieReceivedBytesPerSecond { get; init; }

    /// <summary>What its PCIe link can carry each way, in bytes a second; null when unknown.</summary>
    public double? PcieLinkBytesPerSecond { get; init; }

    /// <summary>In what share of the looks each reason held its clocks down, by NVML's names; idle is none of them.</summary>
    public IReadOnlyDictionary<string, double> Throttling { get; init; } = new Dictionary<string, double>();
}

/// <summary>One look.</summary>
/// <param name="Seconds">When, since the load point began.</param>
/// <param name="RequestsRunning">Requests that the server computed.</param>
/// <param name="RequestsWaiting">Requests that waited in the server.</param>
/// <param name="KvCacheUsage">Share of the key and value cache in use, 0 to 1.</param>
/// <param name="HostCpuShare">Share of processor time used since the look before, 0 to 1.</param>
/// <param name="GpuUtilizationPercent">Mean over GPUs, 0 to 100.</param>
/// <param name="GpuPowerWatts">Sum over GPUs.</param>
public sealed record ObservedMoment(
    double Seconds, int? RequestsRunning, int? RequestsWaiting, double? KvCacheUsage, double? HostCpuShare, double? GpuUtilizationPercent, double? GpuPowerWatts);
