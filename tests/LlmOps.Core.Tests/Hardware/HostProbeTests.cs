using LlmOps.Hardware;

namespace LlmOps.Core.Tests.Hardware;

public sealed class HostProbeTests : IDisposable
{
    private readonly FakeRoot _root = new FakeRoot().Write("/proc/meminfo", "MemTotal:       131072000 kB\nMemFree:  1 kB\nMemAvailable:   120000000 kB\nSwapTotal:        2097148 kB\n");

    [Fact]
    public void A_dual_xeon_is_described_whole()
    {
        _root.Write("/etc/os-release", "NAME=\"Ubuntu\"\nPRETTY_NAME=\"Ubuntu 22.04.5 LTS\"\n")
            .Write("/proc/sys/kernel/osrelease", "5.15.0-125-generic\n")
            .Write("/proc/sys/kernel/hostname", "seven\n")
            .Write("/proc/cpuinfo", CpuTable(sockets: 2, coresEach: 18, threads: 2))
            .Write("/proc/self/status", "Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t0-17,36-53\n")
            .Write("/proc/self/limits", "Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 1048576              files     \nMax locked memory         unlimited            unlimited            bytes     \n")
            .Write("/proc/self/mountinfo", "30 20 0:26 / /dev/shm rw,nosuid - tmpfs tmpfs rw,size=65536k\n")
            .Write("/sys/devices/system/node/node0/cpulist", "0-17,36-53\n")
            .Write("/sys/devices/system/node/node0/meminfo", "Node 0 MemTotal:       65536000 kB\nNode 0 MemFree: 5 kB\n")
            .Write("/sys/devices/system/node/node1/cpulist", "18-35,54-71\n");

        HostInfo host = Survey();

        Assert.Equal(("seven", "Ubuntu 22.04.5 LTS", "5.15.0-125-generic"), (host.Name, host.Os, host.Kernel));
        Assert.Equal((2, 36, 36), (host.Cpu.Sockets, host.Cpu.PhysicalCores, host.Cpu.LogicalCores));
        Assert.Equal("Intel(R) Xeon(R) CPU E5-2686 v4 @ 2.30GHz", host.Cpu.Model);
        Assert.Equal(["avx2", "f16c", "sse3"], host.Cpu.InstructionSets);
        Assert.Equal(new MemoryInfo { TotalBytes = 131072000L * 1024, AvailableBytes = 120000000L * 1024, SwapBytes = 2097148L * 1024 }, host.Memory);
        Assert.Equal([new NumaNode(0, "0-17,36-53", 65536000L * 1024), new NumaNode(1, "18-35,54-71", null)], host.NumaNodes);
        Assert.Equal(new HostLimits { MemlockBytes = -1, Nofile = 1024, ShmBytes = 64 * Bytes.MiB }, host.Limits);
        Assert.False(host.IsWsl);
        Assert.False(host.IsContainer);
    }

    [Fact]
    public void A_machine_without_numa_has_one_node_with_all_of_its_memory()
    {
        _root.Write("/sys/devices/system/cpu/online", "0-7\n");
        Assert.Equal([new NumaNode(0, "0-7", 131072000L * 1024)], Survey().NumaNodes);
    }

    [Fact]
    public void In_a_container_under_cgroup_2_the_least_limit_on_the_way_up_counts_and_droppable_cache_is_free()
    {
        _root.Write("/.dockerenv", string.Empty)
            .Write("/proc/self/cgroup", "0::/pod/worker\n")
            .Write("/proc/self/mountinfo", "31 23 0:27 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw\n")
            .Write("/sys/fs/cgroup/pod/worker/memory.max", "max\n")
            .Write("/sys/fs/cgroup/pod/worker/cpu.max", "max 100000\n")
            .Write("/sys/fs/cgroup/pod/memory.max", "8589934592\n")
            .Write("/sys/fs/cgroup/pod/memory.current", "3221225472\n")
            .Write("/sys/fs/cgroup/pod/memory.stat", "anon 5\ninactive_file 1073741824\nactive_file 9\n")
            .Write("/sys/fs/cgroup/pod/cpu.max", "250000 100000\n");

        HostInfo host = Survey();

        Assert.True(host.IsContainer);
        Assert.Equal((8 * Bytes.GiB, 8 * Bytes.GiB, 6 * Bytes.GiB), (host.Memory.LimitBytes, host.Memory.TotalBytes, host.Memory.AvailableBytes));
        Assert.Equal(2.5, host.Cpu.QuotaCores);
    }

    [Fact]
    public void In_a_container_under_cgroup_1_the_host_part_of_the_path_is_left_out()
    {
        _root.Write("/proc/self/cgroup", "9:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n0::/\n")
            .Write("/proc/1/cgroup", "9:memory:/docker/abc\n")
            .Write("/proc/self/mountinfo", "40 30 0:30 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n41 30 0:31 /docker/abc /sys/fs/cgroup/cpu ro shared:9 - cgroup cgroup rw,cpu,cpuacct\n")
            .Write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "4294967296\n")
            .Write("/sys/fs/cgroup/memory/memory.usage_in_bytes", "1073741824\n")
            .Write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "150000\n")
            .Write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");

        HostInfo host = Survey();

        Assert.True(host.IsContainer);
        Assert.Equal((4 * Bytes.GiB, 3 * Bytes.GiB), (host.Memory.LimitBytes, host.Memory.AvailableBytes));
        Assert.Equal(1.5, host.Cpu.QuotaCores);
    }

    [Fact]
    public void The_number_that_cgroup_1_writes_for_no_limit_is_no_limit()
    {
        _root.Write("/proc/self/cgroup", "9:memory:/\n3:cpu:/\n")
            .Write("/proc/self/mountinfo", "40 30 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n41 30 0:31 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n")
            .Write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
            .Write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n")
            .Write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");

        HostInfo host = Survey();

        Assert.Null(host.Memory.LimitBytes);
        Assert.Null(host.Cpu.QuotaCores);
        Assert.Equal(131072000L * 1024, host.Memory.TotalBytes);
    }

    [Fact]
    public void Wsl_is_known_by_its_kernel()
    {
        _root.Write("/proc/sys/kernel/osrelease", "5.15.167.4-microsoft-standard-WSL2\n");
        Assert.True(Survey().IsWsl);
    }

    [Fact]
    public void Cores_of_an_arm_machine_come_from_sysfs()
    {
        _root.Write("/proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd asimddp i8mm sve\n\nprocessor\t: 1\nFeatures\t: fp asimd\n")
            .Write("/sys/devices/system/cpu/cpu0/topology/core_id", "0\n")
            .Write("/sys/devices/system/cpu/cpu0/topology/physical_package_id", "-1\n")
            .Write("/sys/devices/system/cpu/cpu1/topology/core_id", "1\n")
            .Write("/sys/devices/system/cpu/cpu1/topology/physical_package_id", "-1\n")
            .Write("/sys/firmware/devicetree/base/model", "NVIDIA Jetson AGX Orin\0");

        CpuInfo cpu = Survey().Cpu;

        Assert.Equal(("NVIDIA Jetson AGX Orin", 1, 2, 2), (cpu.Model, cpu.Sockets, cpu.PhysicalCores, cpu.LogicalCores));
        Assert.Equal(["asimd", "asimddp", "i8mm", "sve"], cpu.InstructionSets);
    }

    [Fact]
    public void A_root_with_nothing_in_it_gives_a_host_of_unknowns()
    {
        using FakeRoot empty = new();
        GpuTopology topology = new TopologySurvey(new SurveyOptions { SystemRoot = empty.Path }).Capture(TestContext.Current.CancellationToken);

        Assert.Equal(("none", 0, 0), (topology.Source, topology.Gpus.Count, topology.Notes.Count));
        Assert.Null(topology.Host.Memory.TotalBytes);
    }

    [Fact]
    public void This_machine_is_described()
    {
        HostInfo host = new TopologySurvey(new SurveyOptions { Source = TopologySource.Engine }).Capture(TestContext.Current.CancellationToken).Host;

        Assert.Equal(Environment.ProcessorCount, host.Cpu.LogicalCores is { } cores && host.Cpu.QuotaCores is { } quota ? Math.Min(cores, (int)Math.Ceiling(quota)) : host.Cpu.LogicalCores);
        Assert.True(host.Memory.TotalBytes > 256 * Bytes.MiB);
        Assert.NotEmpty(host.NumaNodes);
    }

    public void Dispose() => _root.Dispose();

    private HostInfo Survey() =>
        new TopologySurvey(new SurveyOptions { SystemRoot = _root.Path, Source = TopologySource.Engine }).Capture(TestContext.Current.CancellationToken).Host;

    private static string CpuTable(int sockets, int coresEach, int threads) => string.Concat(
        from thread in Enumerable.Range(0, threads)
        from socket in Enumerable.Range(0, sockets)
        from core in Enumerable.Range(0, coresEach)
        select $"processor\t: {(thread * sockets * coresEach) + (socket * coresEach) + core}\nmodel name\t: Intel(R) Xeon(R) CPU E5-2686 v4 @ 2.30GHz\nphysical id\t: {socket}\ncore id\t\t: {core}\nflags\t\t: fpu pni f16c avx2\n\n");
}
