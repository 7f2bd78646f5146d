using System.Diagnostics;
using System.Runtime.CompilerServices;
using LlmOps.Hardware.Nvidia;
using LlmOps.Hardware.Sampling;

namespace LlmOps.Hardware;

/// <summary>Reads what GPUs do, at a fixed rate: for benchmarks and for watching. Starts no process.</summary>
/// <remarks>
/// A round is some ten calls for each GPU, and none of them waits; what rounds cost on the machine at hand is in <see cref="Cost"/>. A driver
/// that hangs ends the sampling after <see cref="SurveyOptions.DriverTimeout"/> and is left behind, like in a survey.
/// </remarks>
/// <param name="topology">The GPUs to sample, of this machine; the parts of a divided GPU are sampled as the whole that they are of.</param>
/// <param name="options">Where and how to look.</param>
public sealed class GpuSampler(GpuTopology topology, SurveyOptions options) : IDisposable
{
    private readonly List<ISampleSource> _sources = Open(topology, options);
    private int _rounds;
    private int _missed;
    private TimeSpan _total;
    private TimeSpan _longest;

    /// <summary>What the rounds so far cost.</summary>
    public SamplingCost Cost => new(_rounds, _missed, _rounds == 0 ? TimeSpan.Zero : _total / _rounds, _longest);

    /// <summary>Reads every GPU once. The first round has no PCIe rates, because those are differences.</summary>
    /// <returns>One sample for each GPU, in topology order; fewer when a driver did not answer.</returns>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public IReadOnlyList<GpuSample> Sample(CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        DateTimeOffset at = options.Clock.GetUtcNow();
        List<GpuSample> samples = [];
        foreach (ISampleSource source in _sources)
        {
            source.Read(at, samples, cancellationToken);
        }

        samples.Sort((a, b) => a.Index.CompareTo(b.Index));
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        _rounds++;
        _total += took;
        _longest = took > _longest ? took : _longest;
        return samples;
    }

    /// <summary>Reads every GPU at a fixed rate until cancelled. A round that is late is left out, never made up for.</summary>
    /// <param name="interval">From the start of one round to the start of the next.</param>
    /// <param name="cancellationToken">Ends the sampling.</param>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public async IAsyncEnumerable<IReadOnlyList<GpuSample>> RunAsync(TimeSpan interval, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        long start = options.Clock.GetTimestamp();
        for (long round = 0; ; round++)
        {
            TimeSpan now = options.Clock.GetElapsedTime(start);
            long due = (long)(now / interval);
            if (due > round)
            {
                _missed += (int)(due - round);
                round = due;
            }

            if (round * interval > now)
            {
                await Task.Delay((round * interval) - now, options.Clock, cancellationToken).ConfigureAwait(false);
            }

            yield return Sample(cancellationToken);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _sources.ForEach(source => source.Dispose());

    private static List<ISampleSource> Open(GpuTopology topology, SurveyOptions options)
    {
        List<ISampleSource> sources = [];
        GpuDevice[] nvidia = [.. topology.Gpus.Where(gpu => gpu.Vendor == GpuVendor.Nvidia)];
        if (nvidia.Length > 0 && NvmlSampleSource.Open(nvidia, options) is { } nvml)
        {
            sources.Add(nvml);
        }

        GpuDevice[] others = [.. topology.Gpus.Where(gpu => gpu.Vendor is GpuVendor.Amd or GpuVendor.Intel)];
        if (others.Length > 0)
        {
            sources.Add(new SysfsSampleSource(others, new SystemFiles(options.SystemRoot)));
        }

        return sources;
    }
}
