using LlmOps.Configuration;
using LlmOps.Hardware;
using static LlmOps.Core.Tests.Diagnostics.Checks.CheckCase;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>Machines for the checks of links.</summary>
internal static class LinkCases
{
    public static IReadOnlyList<CheckCase> All { get; } =
    [
        Pass("link.width", "GPU 0: x16", machine => machine.Cards(1, change: card => card with { Pcie = new PcieLink { Width = 16, IsDowngraded = false } })),
        Warn("link.width", "uses x8 of x16", machine => machine.Cards(1, change: card => card with { Pcie = new PcieLink { Width = 8, CardWidth = 16, SlotWidth = 16, IsDowngraded = true } })),
        Skip("link.width", "no card tells", machine => machine.Cards(1)),

        Pass("link.slot", "generation 3 x16", machine => machine.Cards(1, change: card => card with { Pcie = new PcieLink { MaxGeneration = 3, MaxWidth = 16, SlotWidth = 16, BytesPerSecond = 12_600_000_000 } })),
        Pass("link.slot", "generation 3 x8", machine => machine.Cards(1, change: card => card with { Pcie = new PcieLink { MaxGeneration = 3, MaxWidth = 8 } })),
        Warn("link.slot", "generation 3 x4, about 3.2 GB/s", machine => machine.Cards(2, change: card => card with { Pcie = new PcieLink { MaxGeneration = 3, MaxWidth = 4, SlotWidth = 4, BytesPerSecond = 3_150_000_000 } })),
        Skip("link.slot", "no card tells", machine => machine.Cards(1)),

        Pass("link.socket", "node 0: GPU 0, GPU 1", machine => Tight(machine, 2, card => card with { NumaNode = 0 })),
        Pass("link.socket", "hardly notices", machine => { machine.Cards(2, change: card => card with { NumaNode = card.Index }); machine.Plan(); }),
        Warn("link.socket", "node 0: GPU 0; node 1: GPU 1", machine => Tight(machine, 2, card => card with { NumaNode = card.Index })),
        Skip("link.socket", "fewer than two", machine => machine.Cards(1)),

        Pass("link.peer-access", "reach each other's memory", machine => { Tight(machine, 2); machine.Links(GpuLinkKind.NVLink, true, 2); }),
        Pass("link.peer-access", "nothing here needs it", machine => { machine.Cards(2); machine.Links(GpuLinkKind.PHB, false); machine.Plan(); }),
        Pass("link.peer-access", "says so to the engine", machine => { Tight(machine, 2); machine.Links(GpuLinkKind.PHB, false); machine.Variables["NCCL_P2P_DISABLE"] = "1"; }),
        Warn("link.peer-access", "0-1: chipset not supported", machine => { Tight(machine, 2); machine.Links(GpuLinkKind.PHB, false, status: "chipset not supported"); }),
        Skip("link.peer-access", "no pair", machine => machine.Cards(1)),

        Pass("link.nvlink", "0-1: 2", machine => { machine.Cards(2); machine.Links(GpuLinkKind.NVLink, true, 2); }),
        Pass("link.nvlink", "no bridge is up", machine => { machine.Cards(2, change: card => card with { NvlinksDown = 4 }); machine.Links(GpuLinkKind.PHB, false); }),
        Warn("link.nvlink", "others are down", machine => { machine.Cards(2, change: card => card with { NvlinksDown = 1 }); machine.Links(GpuLinkKind.NVLink, true, 1); }),
        Warn("link.nvlink", "reseat the bridge", machine => { Tight(machine, 2, card => card with { NvlinksDown = 2 }); machine.Links(GpuLinkKind.PHB, false); }),
        Skip("link.nvlink", "no card has NVLink", machine => machine.Cards(2)),

        Pass("link.acs", "pass on directly", machine => Switch(machine, 0)),
        Warn("link.acs", "setpci -s 0000:40:00.0", machine => Switch(machine, 0b11101)),
        Skip("link.acs", "no two cards share", machine => machine.Cards(1)),

        Pass("link.iommu", "no IOMMU", machine => { machine.Cards(2); machine.Links(GpuLinkKind.PHB, true); machine.Files.Write("/sys/bus/pci/devices/0000:01:00.0/iommu_group/type", "identity\n"); }),
        Warn("link.iommu", "iommu=pt", machine => { machine.Cards(2); machine.Links(GpuLinkKind.PHB, true); machine.Files.Write("/sys/bus/pci/devices/0000:01:00.0/iommu_group/type", "DMA-FQ\n"); }),
        Skip("link.iommu", "no cards reach", machine => machine.Cards(2)),

        Pass("link.cpu-affinity", "beside the cards", machine => Bound(machine, "0-17,36-53")),
        Warn("link.cpu-affinity", "node 0 has 0-17", machine => Bound(machine, "18-35")),
        Skip("link.cpu-affinity", "one processor", machine => machine.Cards(1)),
    ];

    private static void Tight(CheckMachine machine, int cards, Func<GpuDevice, GpuDevice>? change = null)
    {
        machine.Cards(cards, change: change);
        machine.Plan(EngineNames.Vllm, ("tensorParallel", (long)cards));
    }

    // A switch port at 0000:40:00.0 whose first extended capability is an unrelated one and whose second is ACS.
    private static void Switch(CheckMachine machine, byte control)
    {
        machine.Cards(2, change: card => card with { Pcie = new PcieLink { Ports = [new PciePort("0000:40:00.0", 4, 16, 4, 16)] } });
        machine.Links(GpuLinkKind.PIX, true);
        byte[] config = new byte[4096];
        (config[0x100], config[0x102], config[0x103]) = (0x01, 0x02, 0x14);
        (config[0x140], config[0x146]) = (0x0D, control);
        machine.Files.WriteBytes("/sys/bus/pci/devices/0000:40:00.0/config", config);
    }

    private static void Bound(CheckMachine machine, string allowed)
    {
        machine.Cards(1, change: card => card with { NumaNode = 0 });
        machine.Host(host => host with { NumaNodes = [new NumaNode(0, "0-17,36-53", null), new NumaNode(1, "18-35,54-71", null)] });
        machine.Files.Write("/proc/self/status", $"Cpus_allowed_list:\t{allowed}\n");
    }
}
