using static LlmOps.Core.Tests.Hardware.NvidiaCard;

namespace LlmOps.Core.Tests.Hardware;

/// <summary>Machines that people run models on, and those that trouble them. What a survey of each says is saved in Fixtures/Machines.</summary>
internal static class Machines
{
    private const string Xeon = "Intel(R) Xeon(R) CPU E5-2686 v4 @ 2.30GHz";

    public static readonly IReadOnlyDictionary<string, Func<MachineRoot, Task>> All = new Dictionary<string, Func<MachineRoot, Task>>
    {
        ["five-cards-dual-xeon"] = FiveCards,
        ["two-2080ti-nvlink"] = machine => NvlinkPair(machine, Rtx2080Ti, version: 2, ports: 2),
        ["one-3090"] = One3090,
        ["nvlink-pair-3090"] = machine => NvlinkPair(machine, Rtx3090, version: 5, ports: 4),
        ["eight-h100-nvswitch"] = EightH100,
        ["mig-a100"] = Mig,
        ["wsl-two-2080ti"] = Wsl,
        ["hybrid-laptop"] = Laptop,
        ["driver-library-mismatch"] = Mismatch,
        ["no-driver"] = NoDriver,
        ["two-instinct-xgmi"] = TwoInstinct,
        ["one-arc"] = OneArc,
        ["container-with-limits"] = Container,
        ["no-gpu"] = NoGpu,
    };

    private static Task FiveCards(MachineRoot machine)
    {
        machine.Host("supermicro-7048", "Ubuntu 22.04.5 LTS", "5.15.0-125-generic", Xeon, 2, 18, 2, 128);
        string[] slots = ["CPU1_DIMM_A1", "CPU1_DIMM_B1", "CPU1_DIMM_C1", "CPU1_DIMM_D1", "CPU2_DIMM_E1", "CPU2_DIMM_F1", "CPU2_DIMM_G1", "CPU2_DIMM_H1"];
        machine.Files.WriteBytes("/sys/firmware/dmi/tables/DMI", DmiText.Table(slots.Select(slot => new DmiSlot(slot, 16384, 0x1A, 2400))))
            .Write("/sys/class/dmi/id/sys_vendor", "Supermicro\n").Write("/sys/class/dmi/id/product_name", "SYS-7048GR-TR\n");
        return machine
            .Card(Rtx3060, "pci0000:00/0000:00:01.0", "02", node: 0)
            .Card(Rtx4080Super, "pci0000:00/0000:00:02.0", "03", node: 0)
            .Card(Rtx4080Super, "pci0000:00/0000:00:03.0", "04", node: 0)
            .Card(TeslaP40, "pci0000:80/0000:80:02.0", "81", node: 1)
            .Card(TeslaP40, "pci0000:80/0000:80:03.0", "82", width: 8, slot: (3, 8), node: 1)
            .Pairs((a, b) => ((a < 3) == (b < 3) ? 30 : 50, 1))
            .DriverAsync("580.65.06", 13000);
    }

    private static Task NvlinkPair(MachineRoot machine, NvidiaCard card, int version, int ports)
    {
        machine.Host("two-cards", "Ubuntu 22.04.5 LTS", "6.8.0-60-generic", "Intel(R) Core(TM) i9-10900X CPU @ 3.70GHz", 1, 10, 2, 64);
        string Links(string peer) => string.Concat(Enumerable.Range(0, ports).Select(port =>
            $"nvlink{port}.state=1\nnvlink{port}.version={version}\nnvlink{port}.type=0\nnvlink{port}.remote=00000000:{peer}:00.0\n"));
        return machine
            .Card(card, "pci0000:00/0000:00:01.0", "01", more: Links("05"))
            .Card(card, "pci0000:00/0000:00:1c.0", "05", more: Links("01"))
            .Pairs((_, _) => (30, 0))
            .DriverAsync("595.71.05", 13020);
    }

    private static Task One3090(MachineRoot machine) => machine
        .Host("one-3090", "Ubuntu 22.04.5 LTS", "6.5.0-41-generic", "AMD Ryzen 9 5950X 16-Core Processor", 1, 16, 2, 64)
        .Card(Rtx3090, "pci0000:00/0000:00:03.1", "01", slot: (4, 16), display: true, more: "graphics=1201:41943040")
        .DriverAsync("550.54.14", 12040);

    private static Task EightH100(MachineRoot machine)
    {
        machine.Host("dgx", "Ubuntu 22.04.5 LTS", "5.15.0-1053-nvidia", "Intel(R) Xeon(R) Platinum 8480C", 2, 56, 2, 2048, "amx_bf16 amx_int8 amx_tile avx avx2 avx512f avx512_bf16 fma f16c");
        string ports = string.Concat(Enumerable.Range(0, 18).Select(port => $"nvlink{port}.state=1\nnvlink{port}.version=6\nnvlink{port}.type=2\n"));
        string[] buses = ["1b", "43", "52", "61", "9d", "c3", "d1", "df"];
        for (int index = 0; index < buses.Length; index++)
        {
            // Each GPU shares a switch with a network card: root port, switch up, switch down.
            string root = $"pci0000:{buses[index]}/0000:{buses[index]}:01.0";
            machine.Pci(root, 5, 16, 5, 16, ("vendor", "0x8086"));
            machine.Pci($"{root}/0001:{buses[index]}:00.0", 5, 16, 5, 16, ("vendor", "0x1000"));
            machine.Card(H100, $"{root}/0001:{buses[index]}:00.0/0001:{buses[index]}:02.0", buses[index], slot: (5, 16), node: index / 4, more: ports + "ecc=1 1\neccErrors=2 0\nmig=0 0\nbar1=137438953472 2097152");
        }

        return machine.Pairs((a, b) => (a / 4 == b / 4 ? 40 : 50, 0)).DriverAsync("550.90.07", 12040);
    }

    private static Task Mig(MachineRoot machine)
    {
        machine.Host("a100", "Ubuntu 22.04.5 LTS", "5.15.0-125-generic", "AMD EPYC 7742 64-Core Processor", 1, 64, 2, 512);
        static string Part(int number, string profile, int mebibytes, int multiprocessors, int instance) =>
            $"mig0.{number}.uuid=MIG-{number}0000000-aaaa-5bbb-8ccc-000000000000\nmig0.{number}.name=NVIDIA A100-SXM4-40GB MIG {profile}\nmig0.{number}.memory={(long)mebibytes << 20} {15L << 20} 0\n"
            + $"mig0.{number}.multiprocessors={multiprocessors}\nmig0.{number}.gpuInstance={instance}\nmig0.{number}.computeInstance=0\n";

        // Place 1 is empty, as after an instance was taken away.
        return machine
            .Card(A100, "pci0000:00/0000:00:01.0", "07", slot: (4, 16), more: "mig=1 1\nmostMigDevices=7\necc=1 1\neccErrors=0 0\n" + Part(0, "3g.20gb", 19968, 42, 1) + Part(2, "2g.10gb", 9856, 28, 3) + Part(3, "1g.5gb", 4864, 14, 9))
            .Card(A100, "pci0000:00/0000:00:03.0", "0f", slot: (4, 16), more: "mig=0 0\necc=1 1\neccErrors=0 0")
            .Pairs((_, _) => (30, 0))
            .DriverAsync("535.183.01", 12020);
    }

    private static Task Wsl(MachineRoot machine)
    {
        machine.Host("desktop", "Ubuntu 22.04.5 LTS", "5.15.167.4-microsoft-standard-WSL2", "Intel(R) Core(TM) i9-10900X CPU @ 3.70GHz", 1, 10, 2, 48, "avx avx2 f16c fma hypervisor");
        return machine
            .Card(Rtx2080Ti, "pci0000:00/0000:00:01.0", "01", display: true, more: "processes=4242:18446744073709551615")
            .Card(Rtx2080Ti, "pci0000:00/0000:00:02.0", "05")
            .Pairs((_, _) => (30, 5))
            .DriverAsync("581.29", 13000, "/usr/lib/wsl/lib");
    }

    private static Task Laptop(MachineRoot machine)
    {
        machine.Host("laptop", "Fedora Linux 42", "6.14.5-300.fc42.x86_64", "13th Gen Intel(R) Core(TM) i7-13700H", 1, 14, 1, 32);
        machine.Pci("pci0000:00/0000:00:02.0", 0, 0, 0, 0, ("vendor", "0x8086"), ("device", "0xa7a0"), ("uevent", "DRIVER=i915\nPCI_SLOT_NAME=0000:00:02.0"));
        machine.Files.AddCard("card0", "pci0000:00/0000:00:02.0").Write("/sys/class/drm/card0-eDP-1/enabled", "enabled\n");
        return machine.Card(Rtx4060Laptop, "pci0000:00/0000:00:01.0", "01", width: 8, slot: (4, 8)).DriverAsync("570.153.02", 12080);
    }

    private static Task Mismatch(MachineRoot machine) => machine
        .Host("updated", "Debian GNU/Linux 12 (bookworm)", "6.1.0-28-amd64", "AMD Ryzen 9 5950X 16-Core Processor", 1, 16, 2, 64)
        .Card(Rtx3090, "pci0000:00/0000:00:03.1", "01", slot: (4, 16))
        .Answers("fail.nvmlInit_v2=18")
        .DriverAsync("550.54.14", 12040);

    private static Task NoDriver(MachineRoot machine)
    {
        machine.Host("fresh", "Ubuntu 24.04.2 LTS", "6.8.0-60-generic", "AMD Ryzen 9 5950X 16-Core Processor", 1, 16, 2, 64)
            .Pci("pci0000:00/0000:00:03.1", 1, 16, 4, 16).Pci("pci0000:00/0000:00:03.1/0000:01:00.0", 1, 16, 4, 16, ("vendor", "0x10de"), ("class", "0x030000"));
        return Task.CompletedTask;
    }

    private static Task TwoInstinct(MachineRoot machine)
    {
        machine.Host("mi210", "Ubuntu 22.04.5 LTS", "5.15.0-125-generic", "AMD EPYC 7763 64-Core Processor", 1, 64, 2, 512);
        AddInstinct(machine, "card1", "pci0000:40/0000:40:01.1", "43", node: 1, peer: 2);
        AddInstinct(machine, "card2", "pci0000:80/0000:80:01.1", "83", node: 2, peer: 1);
        machine.Files.Write("/sys/devices/virtual/kfd/kfd/topology/nodes/0/properties", "cpu_cores_count 128\ngfx_target_version 0\nlocation_id 0\n");
        return Task.CompletedTask;
    }

    private static void AddInstinct(MachineRoot machine, string card, string port, string bus, int node, int peer)
    {
        string tree = $"{port}/0000:{bus}:00.0";
        machine.Pci(port, 4, 16, 4, 16, ("vendor", "0x1022"));
        machine.Pci(tree, 4, 16, 4, 16,
            ("vendor", "0x1002"), ("device", "0x740f"), ("uevent", $"DRIVER=amdgpu\nPCI_SLOT_NAME=0000:{bus}:00.0"), ("product_name", "AMD Instinct MI210"), ("unique_id", $"c0ffee00000000{bus}"),
            ("mem_info_vram_total", "68702699520"), ("mem_info_vram_used", "10485760"), ("gpu_busy_percent", "0"), ("mem_busy_percent", "0"), ("numa_node", "0"),
            ("hwmon/hwmon3/temp1_input", "35000"), ("hwmon/hwmon3/power1_average", "41000000"), ("hwmon/hwmon3/power1_cap", "300000000"), ("hwmon/hwmon3/power1_cap_max", "300000000"));
        machine.Files.AddCard(card, tree)
            .Write($"/sys/devices/virtual/kfd/kfd/topology/nodes/{node}/properties", $"simd_count 416\nsimd_per_cu 4\ngfx_target_version 90010\nlocation_id {Convert.ToInt32(bus, 16) << 8}\ndomain 0\n")
            .Write($"/sys/devices/virtual/kfd/kfd/topology/nodes/{node}/io_links/0/properties", $"type 2\nnode_from {node}\nnode_to 0\n")
            .Write($"/sys/devices/virtual/kfd/kfd/topology/nodes/{node}/io_links/1/properties", $"type 11\nnode_from {node}\nnode_to {peer}\nmax_bandwidth 100000\n");
    }

    private static Task OneArc(MachineRoot machine)
    {
        machine.Host("arc", "Ubuntu 24.04.2 LTS", "6.14.0-15-generic", "AMD Ryzen 7 5700X 8-Core Processor", 1, 8, 2, 32);
        const string Tree = "pci0000:00/0000:00:03.1/0000:01:00.0/0000:02:01.0/0000:03:00.0";

        // The card's own switch stands between the slot and the GPU, whose own link says nothing.
        machine.Pci("pci0000:00/0000:00:03.1", 4, 8, 4, 16, ("vendor", "0x1022")).Pci("pci0000:00/0000:00:03.1/0000:01:00.0", 4, 8, 4, 16, ("vendor", "0x8086"), ("device", "0x4fa1"))
            .Pci("pci0000:00/0000:00:03.1/0000:01:00.0/0000:02:01.0", 4, 16, 4, 16, ("vendor", "0x8086"), ("device", "0x4fa4"))
            .Pci(Tree, 1, 1, 1, 1, ("vendor", "0x8086"), ("device", "0x56a0"), ("uevent", "DRIVER=xe\nPCI_SLOT_NAME=0000:03:00.0"), ("tile0/physical_vram_size_bytes", "17079205888"), ("hwmon/hwmon2/power1_cap", "228000000"));
        machine.Files.AddCard("card0", Tree).Write("/usr/share/misc/pci.ids", "8086  Intel Corporation\n\t56a0  DG2 [Arc A770]\n");
        return Task.CompletedTask;
    }

    private static Task Container(MachineRoot machine)
    {
        machine.Host("pod-7", "Debian GNU/Linux 12 (bookworm)", "6.1.0-28-cloud-amd64", "Intel(R) Xeon(R) CPU @ 2.20GHz", 1, 16, 2, 104, "avx avx2 f16c fma hypervisor");
        machine.Files.Write("/.dockerenv", string.Empty)
            .Write("/sys/class/dmi/id/sys_vendor", "Google\n").Write("/sys/class/dmi/id/product_name", "Google Compute Engine\n")
            .Write("/proc/self/cgroup", "0::/\n")
            .Write("/proc/self/mountinfo", "31 23 0:27 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n32 23 0:28 / /dev/shm rw - tmpfs shm rw,size=65536k\n")
            .Write("/proc/self/status", "Cpus_allowed_list:\t0-15\n")
            .Write("/sys/fs/cgroup/memory.max", "17179869184\n").Write("/sys/fs/cgroup/memory.current", "4294967296\n")
            .Write("/sys/fs/cgroup/memory.stat", "anon 5\ninactive_file 1073741824\n").Write("/sys/fs/cgroup/cpu.max", "400000 100000\n");
        return machine.Card(TeslaT4, "pci0000:00/0000:00:04.0", "05", more: "ecc=1 1\neccErrors=0 0").DriverAsync("550.90.07", 12040);
    }

    private static Task NoGpu(MachineRoot machine)
    {
        machine.Host("plain", "Debian GNU/Linux 12 (bookworm)", "6.1.0-28-amd64", "AMD EPYC 7302 16-Core Processor", 1, 16, 2, 128);
        return Task.CompletedTask;
    }
}
