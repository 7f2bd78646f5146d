using LlmOps.Hardware.Sampling;
using LlmOps.Native.Nvml;

namespace LlmOps.Hardware.Nvidia;

/// <summary>Samples NVIDIA's GPUs through NVML, which stays started meanwhile.</summary>
internal sealed class NvmlSampleSource : ISampleSource
{
    private readonly SurveyOptions _options;
    private readonly NvmlSession _session;
    private readonly List<NvmlGauge> _gauges;

    private NvmlSampleSource(SurveyOptions options, NvmlSession session, List<NvmlGauge> gauges) => (_options, _session, _gauges) = (options, session, gauges);

    /// <summary>Starts NVML.</summary>
    /// <returns>Null when there is none, it does not start, or it hangs.</returns>
    public static NvmlSampleSource? Open(IReadOnlyList<GpuDevice> gpus, SurveyOptions options)
    {
        NvmlSampleSource? Start()
        {
            SystemFiles files = new(options.SystemRoot);
            NvmlLibrary? library = NvmlLoader.Load(NvmlLoader.Candidates(files.Locate, files.IsLive), out _);
            if (library is null || new NvmlSession(library) is not { } session || session.Initialize() != NvmlStatus.Success)
            {
                return null;
            }

            List<NvmlGauge> gauges = [];
            foreach (GpuDevice gpu in gpus)
            {
                if (session.Device((uint)(gpu.Mig?.ParentIndex ?? gpu.Index)).OrNull is { } handle)
                {
                    gauges.Add(new NvmlGauge(new NvmlDevice(library, handle), gpu.Index));
                }
            }

            return new NvmlSampleSource(options, session, gauges);
        }

        return DriverThread.TryRun(options.SystemRoot, Start, options.DriverTimeout, out NvmlSampleSource? source, CancellationToken.None) ? source : null;
    }

    public void Read(DateTimeOffset at, List<GpuSample> samples, CancellationToken cancellationToken)
    {
        // A list of its own: when the driver hangs, the thread that is left behind still holds it.
        List<GpuSample> Ask()
        {
            List<GpuSample> read = new(_gauges.Count);
            foreach (NvmlGauge gauge in _gauges)
            {
                read.Add(gauge.Read(at));
            }

            return read;
        }

        if (DriverThread.TryRun(_options.SystemRoot, Ask, _options.DriverTimeout, out List<GpuSample>? read, cancellationToken))
        {
            samples.AddRange(read!);
        }
    }

    public void Dispose() => DriverThread.TryRun(_options.SystemRoot, _session.Shutdown, _options.DriverTimeout, out _, CancellationToken.None);
}
