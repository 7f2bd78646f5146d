using LlmOps.Hardware.Pci;

namespace LlmOps.Hardware.Amd;

/// <summary>Reads AMD GPUs from what the amdgpu and KFD drivers show in /sys. Needs no library and no permission.</summary>
internal sealed class AmdProbe : IGpuProbe
{
    private const string VendorId = "0x1002";

    public ProbeResult Probe(ProbeContext context, CancellationToken cancellationToken)
    {
        SystemFiles files = context.Files;
        IReadOnlyList<KfdNode> compute = KfdNode.ReadAll(files);
        List<GpuDevice> gpus = [];
        List<string> notes = [];
        foreach (DrmCard card in DrmCard.List(files, VendorId))
        {
            cancellationToken.ThrowIfCancellationRequested();
            gpus.Add(AmdDevice.Read(files, card, compute.FirstOrDefault(node => node.Address == card.Address)) with { Index = gpus.Count });
            if (gpus[^1].MemoryTotalBytes == 0)
            {
                notes.Add($"amdgpu does not show the memory of {card.Address}; the driver may not be bound to it.");
            }
        }

        if (gpus.Count == 0 && context.IsAskedFor)
        {
            notes.Add("/sys/class/drm has no AMD card; the amdgpu driver may not be loaded.");
        }

        return new ProbeResult { Source = "amd", IsUsable = gpus.Count > 0, Gpus = gpus, Links = PciLinks.Between(gpus, context), Notes = notes };
    }
}
