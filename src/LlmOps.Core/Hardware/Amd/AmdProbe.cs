using LlmOps.Hardware.Pci;

namespace LlmOps.Hardware.Amd;

/// <summary>Reads AMD GPUs from what the amdgpu and KFD drivers show in /sys. Needs no library and no permission.</summary>
internal sealed class AmdProbe : IGpuProbe
{
    private const string SourceName = "amd";
    private const string VendorId = "0x1002";

    public ProbeResult Probe(ProbeContext context, CancellationToken cancellationToken)
    {
        IReadOnlyList<DrmCard> cards = DrmCard.List(context.Files, VendorId);
        return cards.Count > 0 ? Read(cards, context, cancellationToken) : new ProbeResult
        {
            Source = SourceName,
            Notes = context.IsAskedFor ? ["/sys/class/drm has no AMD card; the amdgpu driver may not be loaded."] : [],
        };
    }

    private static ProbeResult Read(IReadOnlyList<DrmCard> cards, ProbeContext context, CancellationToken cancellationToken)
    {
        SystemFiles files = context.Files;
        IReadOnlyList<KfdNode> compute = KfdNode.ReadAll(files);
        List<GpuDevice> gpus = [];
        List<string> notes = [];
        foreach (DrmCard card in cards)
        {
            cancellationToken.ThrowIfCancellationRequested();
            gpus.Add(AmdDevice.Read(files, card, compute.FirstOrDefault(node => node.Address == card.Address)) with { Index = gpus.Count });
        }

        if (context.IsAskedFor || gpus.Exists(gpu => gpu.MemoryTotalBytes == 0))
        {
            FillGaps(gpus, context, notes, cancellationToken);
        }

        foreach (GpuDevice gpu in gpus)
        {
            if (gpu.MemoryTotalBytes == 0)
            {
                notes.Add($"amdgpu does not show the memory of {gpu.PciBusId}; the driver may not be bound to it.");
            }
        }

        return new ProbeResult { Source = SourceName, IsUsable = true, Gpus = gpus, Links = KfdLinks.Mark(PciLinks.Between(gpus, context), gpus, compute, files), Notes = notes };
    }

    /// <summary>Asks the amd-smi program. It takes a second, so only when a person wants this source or /sys left out what a plan needs.</summary>
    private static void FillGaps(List<GpuDevice> gpus, ProbeContext context, List<string> notes, CancellationToken cancellationToken)
    {
        VendorProgram program = new("amd-smi", context, "/opt/rocm/bin");
        if (program.Path is null)
        {
            return;
        }

        string? report = program.Run(["static", "--asic", "--bus", "--vram", "--json"], out string? problem, cancellationToken);
        IReadOnlyDictionary<string, AmdSmiGpu>? told = report is null ? null : AmdSmiReport.Parse(report);
        if (told is null)
        {
            notes.Add(problem ?? $"'{program.Path} static --json' did not print a report but: {VendorProgram.FirstLine(report ?? string.Empty)}");
            return;
        }

        for (int index = 0; index < gpus.Count; index++)
        {
            if (told.TryGetValue(gpus[index].PciBusId ?? string.Empty, out AmdSmiGpu? more))
            {
                gpus[index] = more.Complete(gpus[index]);
            }
        }
    }
}
