namespace LlmOps.Benchmarking;

/// <summary>What this process spends of the processor from a moment on.</summary>
internal readonly struct ProcessorMeter
{
    private readonly TimeSpan _atStart;

    private ProcessorMeter(TimeSpan atStart) => _atStart = atStart;

    /// <summary>User and kernel time of all threads since <see cref="Start"/>, in seconds.</summary>
    public double Seconds => (Environment.CpuUsage.TotalTime - _atStart).TotalSeconds;

    public static ProcessorMeter Start() => new(Environment.CpuUsage.TotalTime);
}
