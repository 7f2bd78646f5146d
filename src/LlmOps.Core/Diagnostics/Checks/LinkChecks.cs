using System.Buffers.Binary;
using System.Globalization;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Engines.Vllm;
using LlmOps.Hardware;
using LlmOps.Hardware.Pci;

namespace LlmOps.Diagnostics.Checks;

/// <summary>Links between the cards, and from the cards to the processor.</summary>
internal static class LinkChecks
{
    private const int FewLanes = 4;
    private const long SlowBelow = 5_000_000_000;

    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfFacts("link.width", "PCIe links use all lanes that card and slot have", Width),
        Check.OfFacts("link.slot", "no card that is used sits in a slot of few lanes", Slot),
        Check.OfFacts("link.socket", "cards that work together hang on one processor", Socket),
        Check.OfFacts("link.peer-access", "cards that work together reach each other's memory", PeerAccess),
        Check.OfFacts("link.nvlink", "NVLink ports are up", Nvlink),
        Check.OfFiles("link.acs", "switches do not send what one card tells another through the processor (ACS)", Acs),
        Check.OfFiles("link.iommu", "the IOMMU does not stand between cards that reach each other", Iommu),
        Check.OfFiles("link.cpu-affinity", "this process may run on the processor that the cards hang on", Affinity),
    ];

    /// <summary>Whether the cards exchange something at every layer, not only at the borders of a split.</summary>
    private static bool IsTight(CheckScope scope) => scope.Ranks > 1 || scope.Config?.Options[LlamaCppOptions.SplitMode.Name] is "row" or "tensor";

    private static IEnumerable<GpuLink> Pairs(CheckScope scope) =>
        scope.Topology.Links.Where(link => scope.Cards.Any(card => card.Index == link.A) && scope.Cards.Any(card => card.Index == link.B));

    private static string WhySlow(CheckScope scope) => IsTight(scope) ? "the cards exchange activations at every layer, and all wait for the slowest link"
        : scope.Cards.Count > 1 ? "long prompts are passed from card to card, and experts or layers in main memory are computed over this link" : "weights are loaded over it, and what does not fit on the card passes it for every token";

    private static Finding Width(CheckScope scope)
    {
        GpuDevice[] known = [.. scope.Cards.Where(card => card.Pcie?.IsDowngraded is not null)];
        GpuDevice[] down = [.. known.Where(card => card.Pcie!.IsDowngraded == true)];
        return known.Length == 0 ? Finding.Skip("no card tells the lanes of its slot")
            : down.Length == 0 ? Finding.Pass("every link uses the lanes that card and slot have", string.Join("; ", known.Select(card => $"GPU {card.Index}: x{card.Pcie!.Width}")))
            : Finding.Warn(
                "links use fewer lanes than card and slot have",
                string.Join("; ", down.Select(card => $"{CheckScope.NameOf(card)} uses x{card.Pcie!.Width} of x{Math.Min(card.Pcie.CardWidth ?? card.Pcie.MaxWidth ?? 0, card.Pcie.SlotWidth ?? 16)}")),
                WhySlow(scope), "reseat the card, clean its contacts, replace the riser, and see in the board's manual which slots share lanes");
    }

    private static Finding Slot(CheckScope scope)
    {
        GpuDevice[] known = [.. scope.Cards.Where(card => !card.IsIntegrated && (card.Pcie?.MaxWidth ?? card.Pcie?.Width) is not null)];
        GpuDevice[] few = [.. known.Where(card => (card.Pcie!.SlotWidth ?? card.Pcie.MaxWidth ?? card.Pcie.Width) <= FewLanes || card.Pcie.BytesPerSecond < SlowBelow)];
        return known.Length == 0 ? Finding.Skip("no card tells its PCIe link")
            : few.Length == 0 ? Finding.Pass("every card sits in a slot of enough lanes", string.Join("; ", known.Select(card => string.Create(CultureInfo.InvariantCulture, $"GPU {card.Index}: generation {card.Pcie!.MaxGeneration} x{card.Pcie.MaxWidth}"))))
            : Finding.Warn(
                "cards sit in slots of few lanes",
                string.Join("; ", few.Select(card => string.Create(CultureInfo.InvariantCulture, $"{CheckScope.NameOf(card)}: generation {card.Pcie!.MaxGeneration} x{card.Pcie.SlotWidth ?? card.Pcie.MaxWidth}{(card.Pcie.BytesPerSecond is { } speed ? $", about {speed / 1e9:0.0} GB/s" : string.Empty)}"))),
                WhySlow(scope), "move the card to a slot with 8 or 16 lanes, or leave it out of splits by rows and tensors (splits by layers suffer least)");
    }

    private static Finding Socket(CheckScope scope)
    {
        GpuDevice[] known = [.. scope.Cards.Where(card => card.NumaNode is not null)];
        string evidence = string.Join("; ", known.GroupBy(card => card.NumaNode).Select(node => $"node {node.Key}: {string.Join(", ", node.Select(card => $"GPU {card.Index}"))}"));
        return known.Length < 2 ? Finding.Skip("fewer than two cards tell which processor they hang on")
            : known.Select(card => card.NumaNode).Distinct().Count() == 1 ? Finding.Pass("the cards hang on one processor", evidence)
            : !IsTight(scope) ? Finding.Pass("the cards hang on several processors, which a split by layers hardly notices", evidence)
            : Finding.Warn("cards that exchange at every layer hang on several processors", evidence, "what they exchange passes the link between the processors, twice as slow and without access to each other's memory", "use cards of one node (plans for llama.cpp prefer them), split by layers, or use pipeline parallelism across the nodes");
    }

    private static Finding PeerAccess(CheckScope scope)
    {
        GpuLink[] known = [.. Pairs(scope).Where(link => link.PeerAccess is not null)];
        GpuLink[] closed = [.. known.Where(link => link.PeerAccess == false)];
        string evidence = string.Join("; ", closed.Select(link => $"{link.A}-{link.B}: {link.PeerStatus ?? link.Kind.ToString()}"));
        bool isTold = scope.Variable("NCCL_P2P_DISABLE") == "1" || scope.Config?.Options[VllmOptions.DisableCustomAllReduce.Name] is true;
        return known.Length == 0 ? Finding.Skip("no pair of cards tells whether they reach each other's memory")
            : closed.Length == 0 ? Finding.Pass("the cards reach each other's memory")
            : !IsTight(scope) || scope.Host.IsWsl ? Finding.Pass("cards do not reach each other's memory, and nothing here needs it", evidence)
            : isTold ? Finding.Pass("cards do not reach each other's memory, and the configuration says so to the engine", evidence)
            : Finding.Warn("cards that work together do not reach each other's memory", evidence, "sums go through main memory; where a driver reports access that does not work, NCCL hangs at its start", "set NCCL_P2P_DISABLE=1 and disableCustomAllReduce, as plans do");
    }

    private static Finding Nvlink(CheckScope scope)
    {
        GpuDevice[] down = [.. scope.Cards.Where(card => card.NvlinksDown > 0)];
        int up = Pairs(scope).Count(link => link.Nvlinks > 0);
        string evidence = string.Join("; ", down.Select(card => string.Create(CultureInfo.InvariantCulture, $"{CheckScope.NameOf(card)}: {card.NvlinksDown} port(s) down")));
        const string Remedy = "power the machine off and reseat the bridge; a bridge fits one generation of cards and one distance of slots; 'nvidia-smi nvlink --status' shows each port";
        return up == 0 && down.Length == 0 ? Finding.Skip("no card has NVLink")
            : down.Length == 0 ? Finding.Pass("every NVLink port is up", string.Join("; ", Pairs(scope).Where(link => link.Nvlinks > 0).Select(link => $"{link.A}-{link.B}: {link.Nvlinks}")))
            : up > 0 ? Finding.Warn("some NVLink ports are up and others are down", evidence, "the pair exchanges at a part of its speed", Remedy)
            : scope.Cards.Count > 1 && IsTight(scope) ? Finding.Warn("no NVLink port is up, and the cards work together", evidence, "sums over the cards go over PCIe, several times slower; a bridge that is plugged in and not seen helps nothing", Remedy)
            : Finding.Pass("the cards have NVLink ports, and no bridge is up", evidence);
    }

    // The extended capability 000Dh; its control register is at 6, "request redirect" bit 2, "completion redirect" bit 3. Source: PCI Express Base Specification, 7.7.11.
    private static Finding Acs(CheckScope scope, SystemFiles files)
    {
        GpuLink[] behindSwitch = [.. Pairs(scope).Where(link => link.Kind is GpuLinkKind.PIX or GpuLinkKind.PXB)];
        if (behindSwitch.Length == 0)
        {
            return Finding.Skip("no two cards share a PCIe switch");
        }

        string[] ports = [.. scope.Cards.SelectMany(card => card.Pcie?.Ports ?? []).Select(port => port.Address).Distinct(StringComparer.Ordinal)];
        bool isReadable = ports.Any(port => files.ReadBytes($"/sys/bus/pci/devices/{port}/config") is { Length: > 256 });
        string[] redirecting = [.. ports.Where(port => Redirects(files.ReadBytes($"/sys/bus/pci/devices/{port}/config")))];
        return !isReadable ? Finding.Skip("the switches' settings can only be read by root")
            : redirecting.Length == 0 ? Finding.Pass("switches pass on directly what cards tell each other", string.Join(", ", ports))
            : Finding.Warn(
                "switches send what one card tells another through the processor (ACS)", $"redirection is on at {string.Join(", ", redirecting)}", "cards reach each other slower than the driver believes, and under an IOMMU NCCL may hang with all cards at 100 %",
                new Remedy("switch it off until the next start, or in the firmware", [.. redirecting.Select(port => new RemedyCommand(["setpci", "-s", port, "ECAP_ACS+6.w=0000"]) { NeedsRoot = true, Safe = false })]));
    }

    private static bool Redirects(byte[]? config)
    {
        const int Acs = 0x000D;
        for (int at = 0x100; config is not null && at >= 0x100 && at + 8 <= config.Length;)
        {
            uint header = BinaryPrimitives.ReadUInt32LittleEndian(config.AsSpan(at));
            if ((header & 0xFFFF) == Acs)
            {
                return (BinaryPrimitives.ReadUInt16LittleEndian(config.AsSpan(at + 6)) & 0b1100) != 0;
            }

            int next = (int)(header >> 20);
            at = next > at ? next : 0; // Lists that lead back would never end.
        }

        return false;
    }

    private static Finding Iommu(CheckScope scope, SystemFiles files)
    {
        GpuDevice[] peers = [.. scope.NvidiaCards.Where(card => Pairs(scope).Any(link => (link.A == card.Index || link.B == card.Index) && link is { PeerAccess: true, Nvlinks: 0 }))];
        if (peers.Length == 0)
        {
            return Finding.Skip("no cards reach each other's memory over PCIe");
        }

        string[] translated = [.. peers.Select(card => PciAddress.Parse(card.PciBusId)?.SysfsName).OfType<string>().Where(address => files.ReadValue($"/sys/bus/pci/devices/{address}/iommu_group/type")?.StartsWith("DMA", StringComparison.Ordinal) == true)];
        return translated.Length == 0 ? Finding.Pass("no IOMMU stands between the cards")
            : Finding.Warn(
                "an IOMMU translates what cards tell each other", $"groups of type DMA: {string.Join(", ", translated)}", "on many boards copies between cards then hang or are wrong, first with NCCL",
                "let it pass cards through: add iommu=pt to the kernel's command line (GRUB_CMDLINE_LINUX in /etc/default/grub, then 'sudo update-grub' or 'sudo grub2-mkconfig -o /boot/grub2/grub.cfg') and restart");
    }

    private static Finding Affinity(CheckScope scope, SystemFiles files)
    {
        int[] nodes = [.. scope.Cards.Select(card => card.NumaNode).OfType<int>().Distinct()];
        string? allowed = Hardware.Machine.KernelTables.ParseField(files.ReadText("/proc/self/status") ?? string.Empty, "Cpus_allowed_list");
        NumaNode[] own = [.. scope.Host.NumaNodes.Where(node => nodes.Contains(node.Node) && node.Cpus is not null)];
        if (scope.Host.NumaNodes.Count < 2 || own.Length == 0 || allowed is null)
        {
            return Finding.Skip("one processor, or nothing says which one the cards hang on");
        }

        HashSet<int> usable = [.. CpuList.Numbers(allowed)];
        NumaNode[] closed = [.. own.Where(node => !CpuList.Numbers(node.Cpus!).Any(usable.Contains))];
        return closed.Length == 0 ? Finding.Pass("this process may run beside the cards", $"processors {allowed}")
            : Finding.Warn("this process may not run on the processor that the cards hang on", $"allowed are {allowed}; {string.Join("; ", closed.Select(node => $"node {node.Node} has {node.Cpus}"))}", "every launch and copy crosses the link between the processors", "start the server without taskset, numactl or a cpuset that keeps it away, or with the cards' own processors");
    }
}
