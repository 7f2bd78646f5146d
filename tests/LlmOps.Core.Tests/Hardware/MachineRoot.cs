using System.Globalization;
using System.Text;

namespace LlmOps.Core.Tests.Hardware;

/// <summary>A card's facts as its driver reports them. Clocks in MHz, memory in MiB.</summary>
internal sealed record NvidiaCard(string Name, string Capability, int Architecture, int Memory, int Reserved, int Cores, int BusWidth, int GraphicsClock, int MemoryClock, int Watts, int Generation, int Lanes = 16)
{
    public static readonly NvidiaCard Rtx3060 = new("NVIDIA GeForce RTX 3060", "8.6", 7, 12288, 250, 3584, 192, 2100, 7501, 170, 4);
    public static readonly NvidiaCard Rtx4080Super = new("NVIDIA GeForce RTX 4080 SUPER", "8.9", 8, 32760, 320, 10240, 256, 3105, 11501, 320, 4);
    public static readonly NvidiaCard TeslaP40 = new("Tesla P40", "6.1", 4, 24576, 160, 3840, 384, 1531, 3615, 250, 3);
    public static readonly NvidiaCard Rtx2080Ti = new("NVIDIA GeForce RTX 2080 Ti", "7.5", 6, 22528, 200, 4352, 352, 2100, 7000, 250, 3);
    public static readonly NvidiaCard Rtx3090 = new("NVIDIA GeForce RTX 3090", "8.6", 7, 24576, 325, 10496, 384, 2100, 9751, 350, 4);
    public static readonly NvidiaCard H100 = new("NVIDIA H100 80GB HBM3", "9.0", 9, 81559, 612, 16896, 5120, 1980, 2619, 700, 5);
    public static readonly NvidiaCard A100 = new("NVIDIA A100-SXM4-40GB", "8.0", 7, 40960, 590, 6912, 5120, 1410, 1215, 400, 4);
    public static readonly NvidiaCard Rtx4060Laptop = new("NVIDIA GeForce RTX 4060 Laptop GPU", "8.9", 8, 8188, 225, 3072, 128, 3105, 8001, 115, 4, Lanes: 8);
    public static readonly NvidiaCard TeslaT4 = new("Tesla T4", "7.5", 6, 15360, 443, 2560, 256, 1590, 5001, 70, 3);
}

/// <summary>Builds the files of a machine and the answers of its NVIDIA driver.</summary>
internal sealed class MachineRoot(FakeRoot root)
{
    private readonly StringBuilder _answers = new();
    private int _cards;

    public FakeRoot Files => root;

    public MachineRoot Host(string name, string os, string kernel, string processor, int sockets, int cores, int threads, long gibibytes, string flags = "avx avx2 bmi2 f16c fma pni sse4_1 sse4_2 ssse3")
    {
        string table = string.Concat(
            from thread in Enumerable.Range(0, threads)
            from socket in Enumerable.Range(0, sockets)
            from core in Enumerable.Range(0, cores)
            select string.Create(CultureInfo.InvariantCulture, $"processor\t: {(((thread * sockets) + socket) * cores) + core}\nmodel name\t: {processor}\nphysical id\t: {socket}\ncore id\t\t: {core}\nflags\t\t: fpu {flags}\n\n"));
        long kibibytes = gibibytes << 20;
        root.Write("/proc/cpuinfo", table)
            .Write("/proc/sys/kernel/hostname", name + "\n").Write("/proc/sys/kernel/osrelease", kernel + "\n")
            .Write("/etc/os-release", $"PRETTY_NAME=\"{os}\"\n")
            .Write("/proc/meminfo", $"MemTotal: {kibibytes} kB\nMemAvailable: {kibibytes * 9 / 10} kB\nSwapTotal: 2097152 kB\nSwapFree: 2097152 kB\nHugePages_Total:       0\nHugePages_Free:        0\nHugepagesize:       2048 kB\n")
            .Write("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n")
            .Write("/proc/self/limits", "Max open files            1048576              1048576              files     \nMax locked memory         8388608              8388608              bytes     \n")
            .Write("/proc/self/mountinfo", $"30 20 0:26 / /dev/shm rw,nosuid - tmpfs tmpfs rw,size={kibibytes / 2}k\n");
        for (int node = 0; node < sockets; node++)
        {
            root.Write($"/sys/devices/system/node/node{node}/cpulist", $"{node * cores}-{((node + 1) * cores) - 1}\n")
                .Write($"/sys/devices/system/node/node{node}/meminfo", $"Node {node} MemTotal: {kibibytes / sockets} kB\n");
        }

        return this;
    }

    /// <summary>A PCI port or device: its place, what its link does and could do, and more files.</summary>
    public MachineRoot Pci(string tree, int generation, int width, int maxGeneration, int maxWidth, params (string Name, string Text)[] files)
    {
        if (!Directory.Exists(root.Locate("/sys/bus/pci/devices/" + tree.Split('/')[^1])))
        {
            root.AddPci(
                tree,
                [
                    ("current_link_speed", Speed(generation)), ("current_link_width", Text(width)),
                    ("max_link_speed", Speed(maxGeneration)), ("max_link_width", Text(maxWidth)), .. files,
                ]);
        }

        return this;
    }

    /// <summary>An NVIDIA card below a root port.</summary>
    /// <param name="card">What it is.</param>
    /// <param name="port">The root port: <c>pci0000:00/0000:00:02.0</c>.</param>
    /// <param name="bus">Its bus, two digits.</param>
    /// <param name="width">Lanes in use.</param>
    /// <param name="slot">Generation and lanes of the slot.</param>
    /// <param name="node">NUMA node; -1 when the machine has none.</param>
    /// <param name="display">Whether a display is driven from it.</param>
    /// <param name="more">More answers of its driver, which win over the usual ones.</param>
    public MachineRoot Card(NvidiaCard card, string port, string bus, int width = 16, (int Generation, int Width)? slot = null, int node = -1, bool display = false, string more = "")
    {
        (int slotGeneration, int slotWidth) = slot ?? (3, 16);
        Pci(port, 1, width, slotGeneration, slotWidth, ("vendor", "0x8086"));
        Pci($"{port}/0000:{bus}:00.0", 1, width, card.Generation, card.Lanes, ("vendor", "0x10de"), ("class", "0x030000"), ("numa_node", Text(node)));
        int index = _cards++;
        string own = string.Create(CultureInfo.InvariantCulture, $"""
            name={card.Name}
            uuid=GPU-{index:d8}-0000-4000-8000-{bus}0000000000
            pci=00000000:{bus.ToUpperInvariant()}:00.0
            capability={card.Capability}
            architecture={card.Architecture}
            memory={(long)card.Memory << 20} {(long)card.Reserved << 20} 0
            bar1={256L << 20} {2L << 20}
            cores={card.Cores}
            busWidth={card.BusWidth}
            generation=1
            width={width}
            maxGeneration={Math.Min(card.Generation, slotGeneration)}
            maxWidth={Math.Min(card.Lanes, slotWidth)}
            cardGeneration={card.Generation}
            temperature={30 + index}
            power={10000 + (1000 * index)}
            powerLimit={card.Watts * 1000}
            powerDefault={card.Watts * 1000}
            powerRange=100000 {card.Watts * 1100}
            utilization=0
            display={(display ? 1 : 0)}
            displayAttached={(display ? 1 : 0)}
            computeMode=0
            persistence=1
            clocks=210 210 405
            maxClocks={card.GraphicsClock} {card.GraphicsClock} {card.MemoryClock}
            reasons=1
            """);
        foreach (string line in (more + "\n" + own).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            _answers.Append(line.StartsWith("mig0.", StringComparison.Ordinal) ? string.Empty : $"gpu{index}.").Append(line).Append('\n');
        }

        return this;
    }

    /// <summary>Answers of the driver about pairs and about itself.</summary>
    public MachineRoot Answers(string lines)
    {
        _answers.Append(lines).Append('\n');
        return this;
    }

    /// <summary>What every pair of cards answers unless said otherwise before.</summary>
    public MachineRoot Pairs(Func<int, int, (int Ancestor, int Peer)> of)
    {
        for (int a = 0; a < _cards; a++)
        {
            for (int b = a + 1; b < _cards; b++)
            {
                (int ancestor, int peer) = of(a, b);
                Answers($"link{a}-{b}.ancestor={ancestor}\nlink{a}-{b}.p2p={peer}\nlink{a}-{b}.p2pAtomics={(peer == 0 ? 0 : 5)}");
            }
        }

        return this;
    }

    /// <summary>Installs the driver's library with all that was said.</summary>
    public Task DriverAsync(string version, int cuda, string folder = "/usr/lib/x86_64-linux-gnu") =>
        NvmlStandIn.InstallAsync(root, $"driver={version}\nnvml={cuda / 1000}.{version}\ncuda={cuda}\ncount={_cards}\n{_answers}", folder: folder);

    private static string Speed(int generation) => generation switch { 1 => "2.5 GT/s PCIe", 2 => "5.0 GT/s PCIe", 3 => "8.0 GT/s PCIe", 4 => "16.0 GT/s PCIe", _ => "32.0 GT/s PCIe" };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
