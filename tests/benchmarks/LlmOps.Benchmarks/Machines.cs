using System.Diagnostics;
using System.Globalization;
using LlmOps.Core.Tests.Hardware;

namespace LlmOps.Benchmarks;

/// <summary>The machines that surveys are measured on: files of a two-socket server, and the answers of a driver with eight GPUs.</summary>
internal static class Machines
{
    private const string Libraries = "/usr/lib/x86_64-linux-gnu";

    public static FakeRoot Host()
    {
        FakeRoot root = new();
        string processors = string.Concat(Enumerable.Range(0, 112).Select(number =>
            string.Create(CultureInfo.InvariantCulture, $"processor\t: {number}\nmodel name\t: Intel(R) Xeon(R) Platinum 8480C\nphysical id\t: {number / 56}\ncore id\t\t: {number % 56}\nflags\t\t: fpu avx avx2 avx512f amx_tile amx_int8 fma f16c\n\n")));
        return root.Write("/proc/cpuinfo", processors)
            .Write("/proc/meminfo", "MemTotal: 2147483648 kB\nMemAvailable: 2000000000 kB\n")
            .Write("/proc/sys/kernel/osrelease", "5.15.0-1053-nvidia\n")
            .Write("/sys/devices/system/node/node0/cpulist", "0-55\n").Write("/sys/devices/system/node/node1/cpulist", "56-111\n");
    }

    public static FakeRoot EightGpus()
    {
        FakeRoot root = Host();
        string answers = "driver=550.90.07\nnvml=12.550.90.07\ncuda=12040\ncount=8\n";
        string ports = string.Concat(Enumerable.Range(0, 18).Select(port => $"gpu#.nvlink{port}.state=1\ngpu#.nvlink{port}.version=6\ngpu#.nvlink{port}.type=2\n"));
        for (int index = 0; index < 8; index++)
        {
            string bus = (0x10 * (index + 1)).ToString("x2", CultureInfo.InvariantCulture);
            string tree = $"pci0000:{bus}/0000:{bus}:01.0/0000:{bus}:00.0";
            root.AddPci($"pci0000:{bus}/0000:{bus}:01.0", ("max_link_speed", "32.0 GT/s PCIe"), ("max_link_width", "16"), ("current_link_width", "16"))
                .AddPci(tree, ("vendor", "0x10de"), ("class", "0x030200"), ("numa_node", index < 4 ? "0" : "1"), ("max_link_speed", "32.0 GT/s PCIe"), ("max_link_width", "16"));
            answers += ports.Replace("#", index.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal) + string.Create(CultureInfo.InvariantCulture, $"""
                gpu{index}.name=NVIDIA H100 80GB HBM3
                gpu{index}.uuid=GPU-{index:d8}-0000-4000-8000-000000000000
                gpu{index}.pci=00000000:{bus}:00.0
                gpu{index}.capability=9.0
                gpu{index}.memory={81559L << 20} {612L << 20} 0
                gpu{index}.generation=5
                gpu{index}.width=16
                gpu{index}.power=70000
                gpu{index}.temperature=34
                gpu{index}.utilization=0
                gpu{index}.processes=many=4
                gpu{index}.pcieSent=1
                gpu{index}.pcieReceived=1

                """);
        }

        root.Write(Libraries + "/nvml.txt", answers);
        using Process compiler = Process.Start("cc", ["-shared", "-fPIC", "-O1", "-o", root.Locate(Libraries + "/libnvidia-ml.so.1"), Path.Join(AppContext.BaseDirectory, "nvml-stand-in.c"), "-ldl"]);
        compiler.WaitForExit();
        return compiler.ExitCode == 0 ? root : throw new InvalidOperationException("the stand-in for NVML needs a C compiler (cc) on PATH");
    }
}
