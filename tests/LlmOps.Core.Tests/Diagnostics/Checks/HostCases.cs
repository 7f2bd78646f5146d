using LlmOps.Configuration;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;
using static LlmOps.Core.Tests.Diagnostics.Checks.CheckCase;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>Machines for the checks of processor, memory and limits.</summary>
internal static class HostCases
{
    private const long GiB = CheckMachine.GiB;
    private const string Frequency = "/sys/devices/system/cpu/cpu0/cpufreq/";

    public static IReadOnlyList<CheckCase> All { get; } =
    [
        Pass("cpu.instructions", "avx2", machine => Cpu(machine, cpu => cpu with { InstructionSets = ["avx", "avx2", "fma"] })),
        Warn("cpu.instructions", "GGML_CPU_ALL_VARIANTS", machine => Cpu(machine, cpu => cpu with { InstructionSets = ["avx"] })),
        Skip("cpu.instructions", "not known", _ => { }),
        Pass("cpu.quota", "no processor quota", machine => Cpu(machine, cpu => cpu with { LogicalCores = 8 })),
        Pass("cpu.quota", "covers all 8", machine => Cpu(machine, cpu => cpu with { LogicalCores = 8, QuotaCores = 8 })),
        Warn("cpu.quota", "allows 1.5 of 8", machine => Cpu(machine, cpu => cpu with { LogicalCores = 8, QuotaCores = 1.5 })),
        Skip("cpu.quota", "not known", _ => { }),
        Pass("cpu.threads", "8 of 16", machine => { Cpu(machine, cpu => cpu with { PhysicalCores = 16 }); machine.Plan(options: ("threads", 8L)); }),
        Warn("cpu.threads", "set threads: 16", machine => { Cpu(machine, cpu => cpu with { PhysicalCores = 16 }); machine.Plan(options: ("threads", 32L)); }),
        Skip("cpu.threads", "needs a configuration", _ => { }),
        Pass("cpu.governor", "powersave of intel_pstate", machine => machine.Files.Write(Frequency + "scaling_governor", "powersave\n").Write(Frequency + "scaling_driver", "intel_pstate\n")),
        Warn("cpu.governor", "cpupower frequency-set -g performance", machine => machine.Files.Write(Frequency + "scaling_governor", "powersave\n").Write(Frequency + "scaling_driver", "acpi-cpufreq\n")),
        Skip("cpu.governor", "nothing here says", _ => { }),
        Pass("cpu.load", "load 0.52 on 8", machine => { Cpu(machine, cpu => cpu with { LogicalCores = 8 }); machine.Files.Write("/proc/loadavg", "0.52 0.58 0.59 1/598 12345\n"); }),
        Warn("cpu.load", "load 31.10 on 8", machine => { Cpu(machine, cpu => cpu with { LogicalCores = 8 }); machine.Files.Write("/proc/loadavg", "31.10 20.00 9.10 33/598 12345\n"); }),
        Skip("cpu.load", "not known", _ => { }),
        Pass("cpu.numa-balancing", "only where the processor computes", machine => Balanced(machine, weights: 0)),
        Warn("cpu.numa-balancing", "sudo sysctl -w kernel.numa_balancing=0", machine => Balanced(machine, weights: 30 * GiB)),
        Skip("cpu.numa-balancing", "one memory node", _ => { }),

        Pass("memory.model", "holds the whole model", machine => Memory(machine, 60, 19)),
        Pass("memory.model", "main memory is available", machine => Memory(machine, 60, null)),
        Warn("memory.model", "little main memory", machine => Memory(machine, 1, null)),
        Warn("memory.model", "8.00 GiB of 16.0 GiB available; the model is 19.0 GiB", machine => { Memory(machine, 8, 19); machine.Vllm(); }),
        Fail("memory.model", "use a smaller quantisation", machine => Memory(machine, 8, 19)),
        Fail("memory.model", "set memoryLock: false", machine => { Memory(machine, 8, 19); machine.Plan(options: ("memoryLock", true)); }),
        Warn("memory.model", "leave memoryMap on", machine =>
        {
            Memory(machine, 8, 19);
            machine.Plan(options: ("memoryMap", false));
            machine.Config = machine.Config! with { Plan = new MemoryPlan { Devices = [new DeviceMemory { Name = "CUDA0" }], Host = new HostMemory { WeightsBytes = GiB } } };
        }),
        Skip("memory.model", "not known", _ => { }),
        Pass("memory.swap", "2.00 GiB of swap", machine => machine.Host(host => host with { Memory = new MemoryInfo { SwapBytes = 2 * GiB, SwapFreeBytes = 2 * GiB } })),
        Warn("memory.swap", "102 MiB of 2.00 GiB free", machine => machine.Host(host => host with { Memory = new MemoryInfo { SwapBytes = 2 * GiB, SwapFreeBytes = GiB / 10 } })),
        Skip("memory.swap", "not known", _ => { }),
        Pass("memory.shm", "large enough", machine => machine.Host(host => host with { Limits = new HostLimits { ShmBytes = 32 * GiB } })),
        Warn("memory.shm", "sudo mount -o remount,size=8G /dev/shm", machine => { machine.Cards(2); machine.Host(host => host with { Limits = new HostLimits { ShmBytes = 64 << 20 } }); }),
        Warn("memory.shm", "--ipc=host", machine => { machine.Cards(2); machine.Host(host => host with { IsContainer = true, Limits = new HostLimits { ShmBytes = 64 << 20 } }); }),
        Skip("memory.shm", "not known", _ => { }),
        Pass("memory.numa", "spread evenly", machine => Nodes(machine, 64, 64)),
        Warn("memory.numa", "node 1: 0", machine => Nodes(machine, 64, 0)),
        Skip("memory.numa", "one memory node", _ => { }),
        Pass("memory.channels", "8 channels over 2", machine => { Cpu(machine, cpu => cpu with { Sockets = 2 }); machine.Host(host => host with { Memory = new MemoryInfo { Channels = 8 } }); }),
        Warn("memory.channels", "1 channel(s)", machine => machine.Host(host => host with { Memory = new MemoryInfo { Channels = 1 } })),
        Skip("memory.channels", "needs root", _ => { }),
        Pass("memory.huge-pages", "0 pages", machine => machine.Host(host => host with { Memory = new MemoryInfo { TotalBytes = 64 * GiB, HugePages = 0, HugePageBytes = 2 << 20 } })),
        Warn("memory.huge-pages", "16.0 GiB of 64.0 GiB", machine => machine.Host(host => host with { Memory = new MemoryInfo { TotalBytes = 64 * GiB, HugePages = 8192, HugePagesFree = 8192, HugePageBytes = 2 << 20 } })),
        Skip("memory.huge-pages", "not known", _ => { }),
        Pass("memory.overcommit", "vm.overcommit_memory = 0", machine => machine.Files.Write("/proc/sys/vm/overcommit_memory", "0\n")),
        Warn("memory.overcommit", "sudo sysctl -w vm.overcommit_memory=0", machine => machine.Files.Write("/proc/sys/vm/overcommit_memory", "2\n")),
        Skip("memory.overcommit", "does not say", _ => { }),
        Pass("memory.pressure", "0.12 %", machine => machine.Files.Write("/proc/pressure/memory", "some avg10=0.12 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")),
        Warn("memory.pressure", "43.70 %", machine => machine.Files.Write("/proc/pressure/memory", "some avg10=43.70 avg60=20.00 avg300=3.00 total=9\nfull avg10=30.00 avg60=9.00 avg300=1.00 total=7\n")),
        Skip("memory.pressure", "does not measure", _ => { }),

        Pass("limits.open-files", "1048576", machine => machine.Host(host => host with { Limits = new HostLimits { Nofile = 1048576 } })),
        Warn("limits.open-files", "ulimit -n 65536", machine => machine.Host(host => host with { Limits = new HostLimits { Nofile = 256 } })),
        Skip("limits.open-files", "not known", _ => { }),
        Pass("limits.memlock", "unlimited", machine => Locked(machine, -1)),
        Pass("limits.memlock", "docker lifts", machine => { Locked(machine, 8 << 20); machine.Config = machine.Config! with { Runtime = RuntimeNames.Docker }; }),
        Fail("limits.memlock", "/etc/security/limits.d/90-llmops.conf", machine => Locked(machine, 8 << 20)),
        Skip("limits.memlock", "no configuration", _ => { }),
        Pass("limits.processes", "unlimited", machine => Limits(machine, "Max processes             unlimited            unlimited            processes \n")),
        Warn("limits.processes", "512", machine => Limits(machine, "Max processes             512                  1024                 processes \n")),
        Skip("limits.processes", "not known", _ => { }),
        Pass("limits.pids", "12 of 9000", machine => Pids(machine, "9000")),
        Warn("limits.pids", "12 of 100 in /sys/fs/cgroup/user.slice", machine => Pids(machine, "100")),
        Skip("limits.pids", "no control group", machine => Pids(machine, "max")),
        Pass("limits.address-space", "as they like", machine => Limits(machine, "Max address space         unlimited            unlimited            bytes     \n")),
        Fail("limits.address-space", "ulimit -v unlimited", machine => Limits(machine, "Max address space         8589934592           unlimited            bytes     \n")),
        Skip("limits.address-space", "not known", _ => { }),
        Pass("limits.linger", "outlive the session", machine => { Unit(machine); machine.Files.Write("/var/lib/systemd/linger/me", ""); }),
        Warn("limits.linger", "loginctl enable-linger me", Unit),
        Skip("limits.linger", "no configuration", _ => { }),
    ];

    private static void Cpu(CheckMachine machine, Func<CpuInfo, CpuInfo> change) => machine.Host(host => host with { Cpu = change(host.Cpu) });

    private static void Limits(CheckMachine machine, string table) => machine.Files.Write("/proc/self/limits", table);

    private static void Memory(CheckMachine machine, long available, long? model)
    {
        machine.Host(host => host with { Memory = new MemoryInfo { TotalBytes = 16 * GiB, AvailableBytes = available * GiB } });
        machine.Model = model is { } size ? KernelCases.Quantized("awq") with { Format = ModelFormat.Gguf, QuantizationDetail = null, SizeBytes = size * GiB } : null;
    }

    private static void Nodes(CheckMachine machine, params long[] gibibytes) => machine.Host(host => host with { NumaNodes = [.. gibibytes.Select((size, at) => new NumaNode(at, $"{at * 8}-{(at * 8) + 7}", size * GiB))] });

    private static void Balanced(CheckMachine machine, long weights)
    {
        Nodes(machine, 64, 64);
        machine.Files.Write("/proc/sys/kernel/numa_balancing", "1\n");
        machine.Plan();
        machine.Config = machine.Config! with { Plan = new MemoryPlan { Source = "model", Host = new HostMemory { WeightsBytes = weights } } };
    }

    private static void Locked(CheckMachine machine, long limit)
    {
        machine.Host(host => host with { Limits = new HostLimits { MemlockBytes = limit } });
        machine.Plan(options: ("memoryLock", true));
        machine.Model = KernelCases.Quantized("awq");
    }

    private static void Pids(CheckMachine machine, string most) => machine.Files
        .Write("/proc/self/cgroup", "0::/user.slice\n").Write("/proc/self/mountinfo", "31 23 0:27 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n")
        .Write("/sys/fs/cgroup/user.slice/pids.max", most + "\n").Write("/sys/fs/cgroup/user.slice/pids.current", "12\n").Write("/sys/fs/cgroup/pids.max", "max\n");

    private static void Unit(CheckMachine machine)
    {
        machine.Plan();
        machine.Config = machine.Config! with { Runtime = RuntimeNames.Systemd };
        machine.Variables["USER"] = "me";
    }
}
