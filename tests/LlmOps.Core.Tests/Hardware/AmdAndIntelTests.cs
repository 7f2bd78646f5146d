using LlmOps.Hardware;

namespace LlmOps.Core.Tests.Hardware;

public sealed class AmdAndIntelTests : IDisposable
{
    private readonly FakeRoot _root = new FakeRoot().Write("/proc/meminfo", "MemTotal: 33554432 kB\nMemAvailable: 16777216 kB\n");

    [Fact]
    public void Two_radeons_are_read_from_sysfs_in_bus_order()
    {
        AddRadeon("card1", "0000:43:00.0", "pci0000:40/0000:40:01.0/0000:43:00.0");
        AddRadeon("card0", "0000:83:00.0", "pci0000:80/0000:80:01.0/0000:83:00.0");
        _root.Write("/sys/devices/virtual/kfd/kfd/topology/nodes/0/properties", "cpu_cores_count 16\ngfx_target_version 0\nlocation_id 0\n")
            .Write("/sys/devices/virtual/kfd/kfd/topology/nodes/1/properties", "simd_count 192\ngfx_target_version 110000\nlocation_id 17152\ndomain 0\n")
            .Write("/sys/class/drm/card1-DP-1/enabled", "enabled\n")
            .Write("/sys/class/drm/card0-DP-2/enabled", "disabled\n");

        GpuTopology topology = Survey();

        Assert.Equal("amd", topology.Source);
        Assert.Equal(["00000000:43:00.0", "00000000:83:00.0"], topology.Gpus.Select(gpu => gpu.PciBusId));
        GpuDevice first = topology.Gpus[0];
        Assert.Equal((GpuVendor.Amd, "Radeon PRO W7900", "gfx1100", "GPU-5f9e1c2d3b4a6978"), (first.Vendor, first.Name, first.Architecture, first.Uuid));
        Assert.Equal((48 * Bytes.GiB, 47 * Bytes.GiB, false), (first.MemoryTotalBytes, first.MemoryFreeBytes, first.SharedMemory));
        Assert.Equal((1, 16, 4, 16, "pci0000:40"), (first.Pcie?.Generation, first.Pcie?.Width, first.Pcie?.MaxGeneration, first.Pcie?.MaxWidth, first.Pcie?.RootComplex));
        Assert.Equal((41, 17.5, 241.0, 3), (first.TemperatureCelsius, first.PowerWatts, first.PowerLimitWatts, first.UtilizationPercent));
        Assert.Equal((true, false), (first.DisplayActive, topology.Gpus[1].DisplayActive));
        Assert.Null(first.CudaIndex);
        Assert.Null(topology.Gpus[1].Architecture);
        Assert.Equal((0, 1, GpuLinkKind.NODE, 25_206_153_846L), (topology.Links[0].A, topology.Links[0].B, topology.Links[0].Kind, topology.Links[0].BytesPerSecond));
    }

    [Fact]
    public void An_integrated_radeon_shares_the_hosts_memory()
    {
        _root.AddPci("pci0000:00/0000:00:08.1/0000:c4:00.0",
            ("vendor", "0x1002"), ("device", "0x1586"), ("uevent", "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:c4:00.0"), ("gpu_busy_percent", "0"),
            ("mem_info_vram_total", "536870912"), ("mem_info_vram_used", "104857600"), ("mem_info_gtt_total", "17179869184"), ("mem_info_gtt_used", "0"));
        LinkCard("card0", "pci0000:00/0000:00:08.1/0000:c4:00.0");

        GpuDevice gpu = Assert.Single(Survey().Gpus);

        Assert.True(gpu.SharedMemory);
        Assert.Equal((512 * Bytes.MiB) + (16 * Bytes.GiB), gpu.MemoryTotalBytes);
        Assert.Equal(gpu.MemoryTotalBytes - (100 * Bytes.MiB), gpu.MemoryFreeBytes);
        Assert.Equal("AMD GPU 1586", gpu.Name);
    }

    [Fact]
    public void An_arc_card_sums_its_tiles_and_an_integrated_one_shares_the_hosts_memory()
    {
        _root.AddPci("pci0000:00/0000:00:01.0/0000:03:00.0",
            ("vendor", "0x8086"), ("device", "0xe20b"), ("uevent", "DRIVER=xe\nPCI_SLOT_NAME=0000:03:00.0"),
            ("tile0/physical_vram_size_bytes", "8589934592"), ("tile1/physical_vram_size_bytes", "0x100000000"), ("max_link_speed", "16.0 GT/s PCIe"));
        LinkCard("card1", "pci0000:00/0000:00:01.0/0000:03:00.0");
        _root.AddPci("pci0000:00/0000:00:02.0", ("vendor", "0x8086"), ("device", "0xa780"), ("uevent", "DRIVER=i915\nPCI_SLOT_NAME=0000:00:02.0"));
        LinkCard("card0", "pci0000:00/0000:00:02.0");

        GpuTopology topology = Survey();

        Assert.Equal("intel", topology.Source);
        Assert.Equal((true, 32 * Bytes.GiB, 16 * Bytes.GiB), (topology.Gpus[0].SharedMemory, topology.Gpus[0].MemoryTotalBytes, topology.Gpus[0].MemoryFreeBytes));
        Assert.Equal((false, 12 * Bytes.GiB, "xe"), (topology.Gpus[1].SharedMemory, topology.Gpus[1].MemoryTotalBytes, topology.Gpus[1].Architecture));
        Assert.Equal(4, topology.Gpus[1].Pcie?.MaxGeneration);
    }

    [Fact]
    public void A_source_asked_for_by_name_that_has_nothing_says_why()
    {
        GpuTopology topology = Survey(TopologySource.Amd);
        Assert.Equal("none", topology.Source);
        Assert.Contains("amdgpu", Assert.Single(topology.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[{0}]")]
    [InlineData("WARNING: user is missing the following required groups: render\n{{\"gpu_data\": [{0}]}}")]
    public void What_sysfs_left_out_is_taken_from_amd_smi(string shape)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the stand-in for amd-smi is a shell script");
        _root.AddPci("pci0000:00/0000:c1:00.0", ("vendor", "0x1002"), ("device", "0x74a1"), ("uevent", "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:c1:00.0"));
        LinkCard("card0", "pci0000:00/0000:c1:00.0");
        const string Gpu = """{"gpu": 0, "asic": {"market_name": "AMD Instinct MI300X OAM", "asic_serial": "0x7B3A50B2AEEFCC0A", "num_compute_units": 304, "target_graphics_version": "gfx942"}, "bus": {"bdf": "0000:c1:00.0"}, "vram": {"type": "HBM", "size": {"value": 196592, "unit": "MB"}, "bit_width": 8192}}""";
        AddAmdSmi("cat <<'END'\n" + string.Format(System.Globalization.CultureInfo.InvariantCulture, shape, Gpu) + "\nEND");

        GpuTopology topology = Survey();

        GpuDevice gpu = Assert.Single(topology.Gpus);
        Assert.Equal(("AMD Instinct MI300X OAM", "gfx942", "GPU-7b3a50b2aeefcc0a", 304, 196592 * Bytes.MiB, 8192), (gpu.Name, gpu.Architecture, gpu.Uuid, gpu.Cores, gpu.MemoryTotalBytes, gpu.MemoryBusWidthBits));
        Assert.Empty(topology.Notes);
    }

    [Theory]
    [InlineData("echo garbage", "did not print a report but: garbage")]
    [InlineData("echo '[{'", "did not print a report but: [{")]
    [InlineData("echo broken driver; exit 3", "failed with exit code 3: broken driver")]
    public void An_amd_smi_that_prints_garbage_is_noted(string script, string note)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the stand-in for amd-smi is a shell script");
        _root.AddPci("pci0000:00/0000:c1:00.0", ("vendor", "0x1002"), ("device", "0x74a1"), ("uevent", "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:c1:00.0"));
        LinkCard("card0", "pci0000:00/0000:c1:00.0");
        AddAmdSmi(script);
        Assert.Contains(note, Survey().Notes[0], StringComparison.Ordinal);
    }

    public void Dispose() => _root.Dispose();

    private void AddAmdSmi(string script)
    {
        _root.Write("/opt/rocm/bin/amd-smi", "#!/bin/sh\n" + script + "\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_root.Locate("/opt/rocm/bin/amd-smi"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private void AddRadeon(string card, string address, string tree)
    {
        _root.AddPci(tree,
            ("vendor", "0x1002"), ("device", "0x7448"), ("uevent", $"DRIVER=amdgpu\nPCI_SLOT_NAME={address}"), ("product_name", "Radeon PRO W7900"),
            ("unique_id", "5f9e1c2d3b4a6978"), ("mem_info_vram_total", "51539607552"), ("mem_info_vram_used", "1073741824"),
            ("current_link_speed", "2.5 GT/s PCIe"), ("current_link_width", "16"), ("max_link_speed", "16.0 GT/s PCIe"), ("max_link_width", "16"),
            ("gpu_busy_percent", "3"), ("mem_busy_percent", "0"), ("numa_node", "-1"),
            ("hwmon/hwmon4/temp1_input", "41000"), ("hwmon/hwmon4/power1_average", "17500000"), ("hwmon/hwmon4/power1_cap", "241000000"));
        LinkCard(card, tree);
    }

    private void LinkCard(string card, string tree)
    {
        Directory.CreateDirectory(_root.Locate($"/sys/class/drm/{card}"));
        Directory.CreateSymbolicLink(_root.Locate($"/sys/class/drm/{card}/device"), "../../../devices/" + tree);
    }

    private GpuTopology Survey(TopologySource source = TopologySource.Auto) =>
        new TopologySurvey(new SurveyOptions { SystemRoot = _root.Path, Source = source, GetEnvironmentVariable = _ => null }).Capture(TestContext.Current.CancellationToken);
}
