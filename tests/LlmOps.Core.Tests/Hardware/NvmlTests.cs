using System.Diagnostics;
using System.Runtime.InteropServices;
using LlmOps.Hardware;
using LlmOps.Native.Nvml;

namespace LlmOps.Core.Tests.Hardware;

public sealed class NvmlTests : IDisposable
{
    private const string Driver = "driver=595.71.05\nnvml=13.595.71.05\ncuda=13020\n";
    private static readonly string TwoCards = Driver + "count=2\n"
        + NvmlStandIn.Card(0, "NVIDIA GeForce RTX 2080 Ti", "01", "7.5", 22528, 12396) + NvmlStandIn.Card(1, "NVIDIA GeForce RTX 2080 Ti", "05", "7.5", 22528);

    private readonly FakeRoot _root = new FakeRoot().Write("/proc/meminfo", "MemTotal: 33554432 kB\nMemAvailable: 16777216 kB\n");

    [Fact]
    public void Structures_have_the_sizes_of_the_header()
    {
        Assert.Equal((24, 40, 68, 24), (Marshal.SizeOf<NvmlMemory>(), Marshal.SizeOf<NvmlMemoryV2>(), Marshal.SizeOf<NvmlPciInfo>(), Marshal.SizeOf<NvmlProcessInfo>()));
        Assert.Equal((24, 40, 40), (Marshal.SizeOf<NvmlBar1Memory>(), Marshal.SizeOf<NvmlDeviceAttributes>(), Marshal.SizeOf<NvmlFieldValue>()));
        Assert.Equal(0x02000028u, NvmlMemoryV2.VersionTwo);
    }

    [Fact]
    public async Task A_pair_with_nvlink_is_described_whole()
    {
        _root.Write("/proc/9497/comm", "VLLM::Worker_TP\n");
        GpuTopology topology = await SurveyAsync(TwoCards + """
            gpu0.architecture=6
            gpu0.processes=9497:12993953792 4242:18446744073709551615
            gpu0.nvlink0.state=1
            gpu0.nvlink0.version=2
            gpu0.nvlink0.remote=00000000:05:00.0
            gpu0.nvlink0.type=0
            gpu0.nvlink1.state=1
            gpu0.nvlink1.remote=00000000:05:00.0
            link0-1.ancestor=30
            link0-1.p2p=0

            """);

        Assert.Equal("nvml", topology.Source);
        Assert.Empty(topology.Notes);
        Assert.Equal(new DriverInfo { Version = "595.71.05", CudaVersion = "13.2", NvmlVersion = "13.595.71.05" }, topology.Driver);
        Assert.Equal([(0, 0), (1, 1)], topology.Gpus.Select(gpu => (gpu.Index, gpu.CudaIndex ?? -1)));
        GpuDevice gpu = topology.Gpus[0];
        Assert.Equal((GpuVendor.Nvidia, "NVIDIA GeForce RTX 2080 Ti", "Turing", "7.5", "00000000:01:00.0"), (gpu.Vendor, gpu.Name, gpu.Architecture, gpu.ComputeCapability, gpu.PciBusId));
        Assert.Equal((22528 * Bytes.MiB, (22528 - 256 - 12396) * Bytes.MiB, 256 * Bytes.MiB), (gpu.MemoryTotalBytes, gpu.MemoryFreeBytes, gpu.MemoryReservedBytes));
        Assert.Equal(new PcieLink { Generation = 1, Width = 16, MaxGeneration = 3, MaxWidth = 16, IsDowngraded = false, BytesPerSecond = 12_603_076_923 }, gpu.Pcie);
        Assert.Equal((30, 18.25, 250.0, 4, false), (gpu.TemperatureCelsius, gpu.PowerWatts, gpu.PowerLimitWatts, gpu.UtilizationPercent, gpu.DisplayActive));
        Assert.Equal([new GpuProcess(9497, "VLLM::Worker_TP", 12993953792, "compute"), new GpuProcess(4242, null, null, "compute")], gpu.Processes);
        Assert.Equal(new GpuLink { A = 0, B = 1, Kind = GpuLinkKind.NVLink, Nvlinks = 2, NvlinkVersion = "2.0", BytesPerSecond = 51_562_000_000, PeerAccess = true, PeerStatus = "ok" }, Assert.Single(topology.Links));
    }

    [Theory]
    [InlineData("link0-1.ancestor=50\nlink0-1.p2p=1\n", GpuLinkKind.SYS, false)]
    [InlineData("link0-1.ancestor=10\nlink0-1.p2p=0\n", GpuLinkKind.PIX, true)]
    [InlineData("", GpuLinkKind.PHB, null)]
    public async Task Without_nvlink_the_common_ancestor_names_the_link_and_else_the_pci_tree_does(string answers, GpuLinkKind kind, bool? peerAccess)
    {
        _root.AddPci("pci0000:00/0000:00:02.0/0000:01:00.0").AddPci("pci0000:00/0000:00:03.0/0000:05:00.0");
        GpuLink link = Assert.Single((await SurveyAsync(TwoCards + answers)).Links);
        string? status = peerAccess switch { true => "ok", false => "chipset not supported", null => null };
        Assert.Equal(new GpuLink { A = 0, B = 1, Kind = kind, BytesPerSecond = 12_603_076_923, PeerAccess = peerAccess, PeerStatus = status }, link);
    }

    [Fact]
    public async Task Gpus_on_switches_are_joined_by_all_of_their_links()
    {
        string ports = string.Concat(
            from gpu in new[] { 0, 1 }
            from port in Enumerable.Range(0, 18)
            select $"gpu{gpu}.nvlink{port}.state=1\ngpu{gpu}.nvlink{port}.type=2\ngpu{gpu}.nvlink{port}.version=6\n");
        GpuLink link = Assert.Single((await SurveyAsync(TwoCards + ports)).Links);
        Assert.Equal((GpuLinkKind.NVLink, 18, 18 * 26_562_000_000L), (link.Kind, link.Nvlinks, link.BytesPerSecond));
    }

    [Fact]
    public async Task A_driver_that_lacks_exports_leaves_only_those_fields_unknown()
    {
        GpuTopology topology = await SurveyAsync(TwoCards, isOldDriver: true);

        GpuDevice gpu = topology.Gpus[0];
        Assert.Empty(topology.Notes);
        Assert.Equal((22528 - 256 - 12396) * Bytes.MiB, gpu.MemoryFreeBytes);
        Assert.Null(gpu.MemoryReservedBytes);
        Assert.Empty(gpu.Processes);
        Assert.Equal("Turing", gpu.Architecture);
    }

    [Fact]
    public async Task What_a_card_does_not_support_is_unknown_without_a_note()
    {
        GpuTopology topology = await SurveyAsync("fail.nvmlDeviceGetPowerUsage=3\n" + TwoCards);
        Assert.Null(topology.Gpus[0].PowerWatts);
        Assert.Equal(250.0, topology.Gpus[0].PowerLimitWatts);
        Assert.Empty(topology.Notes);
    }

    [Fact]
    public async Task What_a_person_wants_to_see_beyond_a_plan_is_read_too()
    {
        GpuTopology topology = await SurveyAsync("""
            gpu0.bar1=268435456 2097152
            gpu0.cores=4352
            gpu0.busWidth=352
            gpu0.displayAttached=1
            gpu0.computeMode=3
            gpu0.persistence=1
            gpu0.ecc=1 0
            gpu0.eccErrors=7 1
            gpu0.clocks=1350 1351 6800
            gpu0.maxClocks=2100 2100 7000
            gpu0.reasons=0x44
            gpu0.powerDefault=250000
            gpu0.powerRange=100000 280000
            gpu0.cardGeneration=3

            """ + TwoCards);

        GpuDevice gpu = topology.Gpus[0];
        Assert.Equal((256 * Bytes.MiB, 254 * Bytes.MiB), (gpu.Bar1TotalBytes, gpu.Bar1FreeBytes));
        Assert.Equal((4352, 352, 616_000_000_000L), (gpu.Cores, gpu.MemoryBusWidthBits, gpu.MemoryBandwidthBytesPerSecond));
        Assert.Equal((true, "ExclusiveProcess", true), (gpu.DisplayAttached, gpu.ComputeMode, gpu.PersistenceMode));
        Assert.Equal(new GpuEcc { Enabled = true, Pending = false, CorrectedErrors = 7, UncorrectedErrors = 1 }, gpu.Ecc);
        Assert.Equal(new GpuClocks { GraphicsMhz = 1350, SmMhz = 1351, MemoryMhz = 6800, MaxGraphicsMhz = 2100, MaxMemoryMhz = 7000 }, gpu.Clocks);
        Assert.Equal(["SwPowerCap", "HwThermalSlowdown"], gpu.ThrottleReasons!);
        Assert.Equal(new GpuPowerRange { DefaultWatts = 250, MinimumWatts = 100, MaximumWatts = 280 }, gpu.PowerRange);
        Assert.Null(topology.Gpus[1].Ecc);
        Assert.Null(topology.Gpus[1].ThrottleReasons);
    }

    [Fact]
    public async Task A_divided_gpu_without_parts_is_noted_with_the_way_out()
    {
        GpuTopology topology = await SurveyAsync("gpu0.mig=1 1\ngpu0.mostMigDevices=7\n" + TwoCards);

        Assert.Equal((1, 0), (Assert.Single(topology.Gpus).Index, topology.Gpus[0].CudaIndex));
        Assert.StartsWith("GPU 0 is divided (MIG) but has no instances", Assert.Single(topology.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gpu_lost_in_the_middle_of_the_survey_keeps_what_it_told_and_leaves_one_note()
    {
        GpuTopology topology = await SurveyAsync("fail.nvmlDeviceGetTemperature.0=15\nfail.nvmlDeviceGetPowerUsage.0=15\n" + TwoCards);

        Assert.Equal(2, topology.Gpus.Count);
        Assert.Null(topology.Gpus[0].TemperatureCelsius);
        Assert.Equal(31, topology.Gpus[1].TemperatureCelsius);
        Assert.Equal(
            "GPU 0 did not tell its temperature: the GPU has fallen off the bus; power the machine off and check its seating and power cables (code 15).",
            Assert.Single(topology.Notes));
    }

    [Fact]
    public async Task A_gpu_that_cannot_be_opened_is_noted_and_the_others_keep_their_index()
    {
        GpuTopology topology = await SurveyAsync("fail.nvmlDeviceGetHandleByIndex_v2.0=15\n" + TwoCards);

        GpuDevice gpu = Assert.Single(topology.Gpus);
        Assert.Equal((1, 0), (gpu.Index, gpu.CudaIndex));
        Assert.StartsWith("GPU 0 cannot be used: ", Assert.Single(topology.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_driver_updated_under_a_running_kernel_is_named_as_such()
    {
        GpuTopology topology = await SurveyAsync("fail.nvmlInit_v2=18\n");
        Assert.Equal("none", topology.Source);
        Assert.EndsWith("driver and library have different versions; restart the machine after a driver update (code 18).", Assert.Single(topology.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gpu_without_memory_of_its_own_shows_the_hosts_as_shared()
    {
        GpuTopology topology = await SurveyAsync(Driver + "count=1\ngpu0.name=NVIDIA GB10\n");
        Assert.Equal((true, 32 * Bytes.GiB, 16 * Bytes.GiB), (topology.Gpus[0].SharedMemory, topology.Gpus[0].MemoryTotalBytes, topology.Gpus[0].MemoryFreeBytes));
    }

    [Fact]
    public async Task More_processes_than_expected_are_all_listed()
    {
        GpuTopology topology = await SurveyAsync(TwoCards + "gpu1.processes=many=200\n");
        Assert.Equal((200, 1199), (topology.Gpus[1].Processes.Count, topology.Gpus[1].Processes[^1].ProcessId));
    }

    [Fact]
    public async Task Processes_that_only_draw_are_listed_as_such_and_those_that_do_both_once()
    {
        _root.Write("/proc/1201/comm", "Xorg\n");
        GpuTopology topology = await SurveyAsync(TwoCards + "gpu0.processes=9497:5000000000\ngpu0.graphics=1201:4194304 9497:5000000000\n");

        Assert.Equal([new GpuProcess(9497, null, 5_000_000_000, "compute+graphics"), new GpuProcess(1201, "Xorg", 4 * Bytes.MiB, "graphics")], topology.Gpus[0].Processes);
        Assert.Empty(topology.Gpus[1].Processes);
    }

    [Fact]
    public async Task A_driver_that_hangs_costs_its_timeout_once_and_nothing_the_second_time()
    {
        TimeSpan timeout = TimeSpan.FromMilliseconds(250);
        GpuTopology first = await SurveyAsync("hang=nvmlDeviceGetTemperature\n" + TwoCards, timeout: timeout);
        long start = Stopwatch.GetTimestamp();
        GpuTopology second = Survey(TimeSpan.FromMinutes(5));

        Assert.Empty(first.Gpus);
        Assert.StartsWith("The NVIDIA driver did not answer within 0.25 s (in nvmlDeviceGetTemperature)", Assert.Single(first.Notes), StringComparison.Ordinal);
        Assert.Single(second.Notes);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Cancelling_stops_the_wait_for_a_driver_that_hangs()
    {
        await NvmlStandIn.InstallAsync(_root, "hang=nvmlInit_v2\n");
        using CancellationTokenSource cancelled = new(TimeSpan.FromMilliseconds(100));
        SurveyOptions options = new() { SystemRoot = _root.Path, DriverTimeout = TimeSpan.FromMinutes(5) };
        Assert.ThrowsAny<OperationCanceledException>(() => new TopologySurvey(options).Capture(cancelled.Token));
    }

    [Fact]
    public void Hardware_without_its_library_is_noted()
    {
        _root.AddPci("pci0000:00/0000:00:02.0/0000:01:00.0", ("vendor", "0x10de"), ("class", "0x030000"));
        Assert.StartsWith("The PCI bus has an NVIDIA GPU at 0000:01:00.0, but libnvidia-ml.so.1 is not installed here", Assert.Single(Survey().Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_that_cannot_be_loaded_is_noted_with_the_reason()
    {
        _root.Write("/usr/lib/wsl/lib/libnvidia-ml.so.1", "not a library");
        Assert.Contains("could not be loaded", Assert.Single(Survey().Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_source_asked_for_by_name_that_is_not_there_says_so()
    {
        GpuTopology topology = new TopologySurvey(new SurveyOptions { SystemRoot = _root.Path, Source = TopologySource.Nvml }).Capture(TestContext.Current.CancellationToken);
        Assert.Contains("the NVIDIA driver is not installed", Assert.Single(topology.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_nvidia_card_keeps_its_number_beside_an_integrated_one_that_comes_first_on_the_bus()
    {
        _root.Write("/sys/class/drm/card0/device/vendor", "0x8086\n").Write("/sys/class/drm/card0/device/device", "0x46a6\n")
            .Write("/sys/class/drm/card0/device/uevent", "DRIVER=i915\nPCI_SLOT_NAME=0000:00:02.0\n");
        GpuTopology topology = await SurveyAsync(Driver + "count=1\n" + NvmlStandIn.Card(0, "NVIDIA GeForce RTX 3090", "01", "8.6", 24576));

        Assert.Equal("nvml+intel", topology.Source);
        Assert.Equal([(0, GpuVendor.Nvidia), (1, GpuVendor.Intel)], topology.Gpus.Select(gpu => (gpu.Index, gpu.Vendor)));
        Assert.Null(topology.Gpus[1].CudaIndex);
    }

    public void Dispose() => _root.Dispose();

    private async Task<GpuTopology> SurveyAsync(string answers, bool isOldDriver = false, TimeSpan? timeout = null)
    {
        await NvmlStandIn.InstallAsync(_root, answers, isOldDriver);
        return Survey(timeout);
    }

    private GpuTopology Survey(TimeSpan? timeout = null) => new TopologySurvey(new SurveyOptions
    {
        SystemRoot = _root.Path,
        DriverTimeout = timeout ?? TimeSpan.FromSeconds(60),
        GetEnvironmentVariable = _ => null,
    }).Capture(TestContext.Current.CancellationToken);
}
