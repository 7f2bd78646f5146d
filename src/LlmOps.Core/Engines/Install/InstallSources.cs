using LlmOps.Engines.LlamaCpp.Install;
using LlmOps.Engines.Vllm.Install;
using LlmOps.Hardware;

namespace LlmOps.Engines.Install;

/// <summary>Every way to install an engine, and which is tried first.</summary>
internal static class InstallSources
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<IInstallSource> All { get; } =
    [
        new PackageSource(), new ReleaseSource(), new LlamaCppImageSource(), new BuildSource(),
        new PipSource(), new VllmImageSource(),
    ];

    // What runs at once goes before what has to be compiled; on NVIDIA's cards the compiler's result, where there is a compiler, before an image.
    private static readonly InstallSource[] s_order = [InstallSource.Package, InstallSource.Release, InstallSource.Pip, InstallSource.Docker, InstallSource.Build];
    private static readonly InstallSource[] s_cudaOrder = [InstallSource.Pip, InstallSource.Build, InstallSource.Docker];

    /// <summary>Ways to install what was asked for, each with its backend, the best first.</summary>
    /// <exception cref="LlmOpsException"><c>EngineSourceUnsupported</c>: the engine cannot be had from that source or for that backend.</exception>
    public static IReadOnlyList<(IInstallSource Source, EngineBackend Backend)> For(EngineInstallRequest request, GpuTopology topology)
    {
        string engine = KnownEngines.Require(request.Engine).Name;
        IInstallSource[] known = [.. All.Where(source => source.Engine == engine && (request.Source is null || source.Source == request.Source))];
        if (known.Length == 0)
        {
            throw new LlmOpsException(
                $"{engine} cannot be installed from {request.Source}; use one of {string.Join(", ", All.Where(source => source.Engine == engine).Select(source => source.Source))}", "EngineSourceUnsupported");
        }

        List<(IInstallSource, EngineBackend)> ways = [];
        foreach (EngineBackend backend in request.Backend == EngineBackend.Auto ? Backends(topology) : [request.Backend])
        {
            InstallSource[] order = backend == EngineBackend.Cuda ? s_cudaOrder : s_order;
            ways.AddRange(order.Select(wanted => known.FirstOrDefault(source => source.Source == wanted)).OfType<IInstallSource>().Where(source => source.Has(backend)).Select(source => (source, backend)));
        }

        // A source that was named is not used for something slower without a word: why it cannot be used is the answer then.
        return ways.Count > 0 ? (request.Source is null ? ways : ways[..1]) : throw new LlmOpsException(
            $"{engine} for {(request.Backend == EngineBackend.Auto ? string.Join(" or ", Backends(topology)) : request.Backend)} cannot be had from {string.Join(" or ", known.Select(source => source.Source))}; name another source or backend",
            "EngineSourceUnsupported");
    }

    private static EngineBackend[] Backends(GpuTopology topology) =>
        topology.Gpus.Any(gpu => gpu.Vendor == GpuVendor.Nvidia) ? [EngineBackend.Cuda, EngineBackend.Vulkan]
        : topology.Gpus.Any(gpu => gpu.Vendor == GpuVendor.Amd) ? [EngineBackend.Vulkan, EngineBackend.Rocm]
        : topology.Gpus.Any(gpu => gpu.Vendor == GpuVendor.Intel) ? [EngineBackend.Vulkan]
        : [EngineBackend.Cpu];
}
