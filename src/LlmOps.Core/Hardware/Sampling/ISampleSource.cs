namespace LlmOps.Hardware.Sampling;

/// <summary>One driver that is read again and again.</summary>
internal interface ISampleSource : IDisposable
{
    /// <summary>Adds a sample of each of its GPUs.</summary>
    public void Read(DateTimeOffset at, List<GpuSample> samples, CancellationToken cancellationToken);
}
