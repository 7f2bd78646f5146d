using LlmOps.Hardware.Pci;

namespace LlmOps.Hardware.Nvidia;

/// <summary>Asks the nvidia-smi program, for machines where NVML itself cannot be loaded.</summary>
internal sealed class NvidiaSmiProbe : IGpuProbe
{
    private const string SourceName = "nvidia-smi";

    // nvidia-smi is not on PATH under WSL when a service starts LlmOps.
    private const string WslFolder = "/usr/lib/wsl/lib";

    public ProbeResult Probe(ProbeContext context, CancellationToken cancellationToken)
    {
        VendorProgram program = new(SourceName, context, WslFolder);
        if (program.Path is null)
        {
            return Failed(context.IsAskedFor ? "nvidia-smi was not found on PATH; the NVIDIA driver is not installed." : null);
        }

        return Ask(program, context, cancellationToken);
    }

    private static ProbeResult Ask(VendorProgram program, ProbeContext context, CancellationToken cancellationToken)
    {
        string? report = program.Run(["-q", "-x"], out string? problem, cancellationToken);
        if (report is null)
        {
            return Failed(problem);
        }

        if (NvidiaSmiReport.Parse(report) is not { } parsed)
        {
            return Failed($"'{program.Path} -q -x' did not print a report but: {VendorProgram.FirstLine(report)}");
        }

        // The report does not have the compute capability; drivers before 510 cannot be asked for it.
        string table = program.Run(["--query-gpu=uuid,compute_cap", "--format=csv,noheader"], out _, cancellationToken) ?? string.Empty;
        List<GpuDevice> gpus = [.. NvidiaSmiReport.AddCapabilities(parsed.Gpus, table).Select(gpu => AddPlace(gpu, context))];
        IReadOnlyList<GpuLink> links = PciLinks.Between(gpus.FindAll(gpu => gpu.Mig is null), context);
        if (gpus.Count > 1)
        {
            string matrix = program.Run(["topo", "-m"], out _, cancellationToken) ?? string.Empty;
            links = NvidiaSmiMatrix.AddTo(links, NvidiaSmiMatrix.Parse(matrix));
        }

        if (gpus.Exists(gpu => gpu.Mig is not null))
        {
            gpus = NvidiaSmiReport.AddPartNames(gpus, program.Run(["-L"], out _, cancellationToken) ?? string.Empty);
        }

        return parsed with { Gpus = CudaOrder.Add(gpus), Links = links };
    }

    private static GpuDevice AddPlace(GpuDevice gpu, ProbeContext context)
    {
        if (PciAddress.Parse(gpu.PciBusId) is not { } address)
        {
            return gpu;
        }

        PciTree tree = new(context.Files);
        return gpu with
        {
            NumaNode = context.Host.NumaNodes.Count > 1 ? tree.NumaNode(address) : null,
            Pcie = tree.Link(address, gpu.Pcie),
        };
    }

    private static ProbeResult Failed(string? note) => new() { Source = SourceName, Notes = note is null ? [] : [note] };
}
