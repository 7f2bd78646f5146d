namespace LlmOps.Hardware.Pci;

/// <summary>Links between GPUs as the PCIe tree alone tells them: no NVLink, nothing about peer access.</summary>
internal static class PciLinks
{
    /// <summary>One link for each pair of <paramref name="gpus"/>.</summary>
    public static IReadOnlyList<GpuLink> Between(IReadOnlyList<GpuDevice> gpus, ProbeContext context)
    {
        PciTree tree = new(context.Files);
        List<GpuLink> links = [];
        for (int a = 0; a < gpus.Count; a++)
        {
            for (int b = a + 1; b < gpus.Count; b++)
            {
                links.Add(new GpuLink
                {
                    A = gpus[a].Index,
                    B = gpus[b].Index,
                    Kind = (PciAddress.Parse(gpus[a].PciBusId), PciAddress.Parse(gpus[b].PciBusId)) is ({ } first, { } second)
                        ? tree.Between(first, second, context.Host.NumaNodes.Count)
                        : GpuLinkKind.Unknown,
                    BytesPerSecond = PcieSpeed.Between(gpus[a].Pcie, gpus[b].Pcie),
                });
            }
        }

        return links;
    }
}
