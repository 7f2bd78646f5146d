using LlmOps.Hardware.Amd;
using LlmOps.Hardware.Intel;
using LlmOps.Hardware.Machine;
using LlmOps.Hardware.Nvidia;

namespace LlmOps.Hardware;

/// <summary>Takes a snapshot of a machine: its host, GPUs and links. Starts no process as long as NVML answers.</summary>
/// <param name="options">Where and how to look.</param>
public sealed class TopologySurvey(SurveyOptions options)
{
    /// <summary>Takes the snapshot. What cannot be told is null, and noted where it matters; a driver that hangs is left behind after <see cref="SurveyOptions.DriverTimeout"/>.</summary>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public GpuTopology Capture(CancellationToken cancellationToken)
    {
        SystemFiles files = new(options.SystemRoot);
        HostInfo host = HostProbe.Read(files, options);
        ProbeContext context = new(files, host, options);

        List<ProbeResult> results = [];
        foreach (IGpuProbe probe in Choose(results))
        {
            cancellationToken.ThrowIfCancellationRequested();
            results.Add(probe.Probe(context, cancellationToken));
        }

        return Combine(results) with { CapturedAt = options.Clock.GetUtcNow(), Host = host, Environment = GpuEnvironment.Read(options.GetEnvironmentVariable) };
    }

    private IEnumerable<IGpuProbe> Choose(List<ProbeResult> resultsSoFar)
    {
        switch (options.Source)
        {
            case TopologySource.Nvml:
                yield return new NvmlProbe();
                break;
            case TopologySource.NvidiaSmi:
                yield return new NvidiaSmiProbe();
                break;
            case TopologySource.Amd:
                yield return new AmdProbe();
                break;
            case TopologySource.Intel:
                yield return new IntelProbe();
                break;
            case TopologySource.Auto:
                yield return new NvmlProbe();
                if (!resultsSoFar[0].IsUsable)
                {
                    yield return new NvidiaSmiProbe();
                }

                yield return new AmdProbe();
                yield return new IntelProbe();
                break;
            default:
                break;
        }
    }

    /// <summary>NVIDIA's GPUs keep the numbers that nvidia-smi shows; those of other makers follow.</summary>
    private static GpuTopology Combine(List<ProbeResult> results)
    {
        List<GpuDevice> gpus = [];
        List<GpuLink> links = [];
        List<string> notes = [];
        string? source = null;
        DriverInfo? driver = null;
        foreach (ProbeResult result in results)
        {
            if (result.Gpus.Count > 0)
            {
                source = source is null ? result.Source : source + "+" + result.Source;
                Add(result, gpus, links);
            }

            driver ??= result.Driver;
            notes.AddRange(result.Notes);
        }

        return new GpuTopology { Source = source ?? "none", Driver = driver, Gpus = gpus, Links = links, Notes = notes };
    }

    private static void Add(ProbeResult result, List<GpuDevice> gpus, List<GpuLink> links)
    {
        int first = gpus.Count == 0 ? 0 : gpus.Max(gpu => gpu.Index) + 1;
        gpus.AddRange(result.Gpus.Select(gpu => gpu with { Index = gpu.Index + first }));
        links.AddRange(result.Links.Select(link => link with { A = link.A + first, B = link.B + first }));
    }
}
