using LlmOps.Hardware;
using LlmOps.Hardware.Nvidia;

namespace LlmOps.Core.Tests.Hardware;

public sealed class NvidiaSmiTests : IDisposable
{
    private readonly FakeRoot _root = new FakeRoot().Write("/proc/meminfo", "MemTotal: 33554432 kB\n");

    [Fact]
    public void A_report_is_read_field_by_field()
    {
        ProbeResult result = Assert.IsType<ProbeResult>(NvidiaSmiReport.Parse(Fixture.Read("nvidia-smi-2080ti.xml")));

        GpuDevice gpu = Assert.Single(result.Gpus);
        Assert.Equal(new DriverInfo { Version = "595.71.05", CudaVersion = "13.2" }, result.Driver);
        Assert.Equal(("NVIDIA GeForce RTX 2080 Ti", "Turing", "00000000:05:00.0", "GPU-7c1e3a59-8d2f-4b6c-9e0a-b3d5f7091c2e"), (gpu.Name, gpu.Architecture, gpu.PciBusId, gpu.Uuid));
        Assert.Equal((22528 * Bytes.MiB, 9932 * Bytes.MiB, 200 * Bytes.MiB), (gpu.MemoryTotalBytes, gpu.MemoryFreeBytes, gpu.MemoryReservedBytes));
        Assert.Equal(new PcieLink { Generation = 1, Width = 8, MaxGeneration = 3, MaxWidth = 16 }, gpu.Pcie);
        Assert.Equal((38, 18.25, 250.0, 7, false), (gpu.TemperatureCelsius, gpu.PowerWatts, gpu.PowerLimitWatts, gpu.UtilizationPercent, gpu.DisplayActive));
        Assert.Equal([new GpuProcess(9498, "VLLM::Worker_TP1", 12392 * Bytes.MiB, "compute"), new GpuProcess(1201, "/usr/lib/xorg/Xorg", 4 * Bytes.MiB, "graphics")], gpu.Processes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.")]
    [InlineData("<html><body>no</body></html>")]
    [InlineData("<nvidia_smi_log><gpu>")]
    public void What_is_no_report_is_none(string text) => Assert.Null(NvidiaSmiReport.Parse(text));

    [Theory]
    [InlineData("N/A")]
    [InlineData("[Not Supported]")]
    [InlineData("garbage")]
    public void A_value_that_is_not_told_is_unknown(string text)
    {
        string xml = $"<nvidia_smi_log><gpu id='0000:01:00.0'><fb_memory_usage><free>{text}</free></fb_memory_usage><temperature><gpu_temp>{text}</gpu_temp></temperature></gpu></nvidia_smi_log>";
        GpuDevice gpu = NvidiaSmiReport.Parse(xml)!.Gpus[0];
        Assert.Null(gpu.MemoryFreeBytes);
        Assert.Null(gpu.TemperatureCelsius);
        Assert.Equal("00000000:01:00.0", gpu.PciBusId);
    }

    [Fact]
    public void The_program_is_asked_where_nvml_is_not_there()
    {
        AddProgram($"case \"$1\" in -q) cat '{Fixture.PathOf("nvidia-smi-2080ti.xml")}';; *) echo 'GPU-7c1e3a59-8d2f-4b6c-9e0a-b3d5f7091c2e, 7.5';; esac");

        GpuTopology topology = Survey();

        Assert.Equal("nvidia-smi", topology.Source);
        Assert.Equal("7.5", Assert.Single(topology.Gpus).ComputeCapability);
        Assert.Equal("13.2", topology.Driver?.CudaVersion);
        Assert.Empty(topology.Notes);
    }

    [Fact]
    public void A_program_that_fails_leaves_its_own_first_line_as_a_note()
    {
        AddProgram("echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18");

        GpuTopology topology = Survey();

        Assert.Empty(topology.Gpus);
        Assert.EndsWith("failed with exit code 18: Failed to initialize NVML: Driver/library version mismatch", Assert.Single(topology.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_that_hangs_is_ended_and_noted()
    {
        AddProgram("exec sleep 600");
        GpuTopology topology = Survey(TimeSpan.FromMilliseconds(300));
        Assert.Contains("gave no answer", Assert.Single(topology.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_matrix_is_read_whatever_other_columns_it_has()
    {
        const string Text = "\t\u001b[4mGPU0\tGPU1\tGPU2\tNIC0\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID\u001b[0m\nGPU0\t X \tNV4\tSYS\tPXB\t0-17,36-53\t0\t\tN/A\nGPU1\tNV4\t X \tNODE\tSYS\t0-17,36-53\t0\t\tN/A\nGPU2\tSYS\tNODE\t X \tSYS\t18-35\t1\t\tN/A\nNIC0\tPXB\tSYS\tSYS\t X \n\nLegend:\n  X    = Self\n";
        IReadOnlyDictionary<(int, int), string> cells = NvidiaSmiMatrix.Parse(Text);

        Assert.Equal(3, cells.Count);
        Assert.Equal(("NV4", "SYS", "NODE"), (cells[(0, 1)], cells[(0, 2)], cells[(1, 2)]));
        IReadOnlyList<GpuLink> links = NvidiaSmiMatrix.AddTo([new GpuLink { A = 0, B = 1, BytesPerSecond = 5 }, new GpuLink { A = 1, B = 2, BytesPerSecond = 5 }], cells);
        Assert.Equal([new GpuLink { A = 0, B = 1, Kind = GpuLinkKind.NVLink, Nvlinks = 4 }, new GpuLink { A = 1, B = 2, Kind = GpuLinkKind.NODE, BytesPerSecond = 5 }], links);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Failed to get topology matrix: Not Supported")]
    [InlineData("GPU\tGPUx\n\t\t\nGPU0")]
    public void What_is_no_matrix_has_no_cells(string text) => Assert.Empty(NvidiaSmiMatrix.Parse(text));

    [Fact]
    public void Parts_of_a_divided_gpu_are_read_from_report_and_list()
    {
        const string Xml = """
            <nvidia_smi_log><driver_version>535.183.01</driver_version><cuda_version>12.2</cuda_version>
            <gpu id="00000000:07:00.0"><product_name>NVIDIA A100</product_name><uuid>GPU-a</uuid><mig_mode><current_mig>Enabled</current_mig></mig_mode>
              <mig_devices><mig_device><index>0</index><gpu_instance_id>2</gpu_instance_id><compute_instance_id>0</compute_instance_id>
                <device_attributes><shared><multiprocessor_count>42</multiprocessor_count></shared></device_attributes>
                <fb_memory_usage><total>19968 MiB</total><free>19900 MiB</free></fb_memory_usage></mig_device></mig_devices></gpu>
            <gpu id="00000000:0F:00.0"><product_name>NVIDIA A100</product_name><uuid>GPU-b</uuid><compute_mode>Exclusive_Process</compute_mode><persistence_mode>Enabled</persistence_mode>
              <ecc_mode><current_ecc>Enabled</current_ecc><pending_ecc>Disabled</pending_ecc></ecc_mode><bar1_memory_usage><total>65536 MiB</total><free>65535 MiB</free></bar1_memory_usage>
              <clocks><sm_clock>210 MHz</sm_clock></clocks><max_clocks><mem_clock>1215 MHz</mem_clock></max_clocks>
              <clocks_event_reasons><clocks_event_reason_gpu_idle>Active</clocks_event_reason_gpu_idle><clocks_event_reason_sw_power_cap>Not Active</clocks_event_reason_sw_power_cap></clocks_event_reasons>
              <gpu_power_readings><max_power_limit>400.00 W</max_power_limit></gpu_power_readings></gpu></nvidia_smi_log>
            """;
        ProbeResult result = NvidiaSmiReport.Parse(Xml)!;
        List<GpuDevice> gpus = NvidiaSmiReport.AddPartNames([.. result.Gpus], "GPU 0: NVIDIA A100 (UUID: GPU-a)\n  MIG 3g.20gb     Device  0: (UUID: MIG-4e)\nGPU 1: NVIDIA A100 (UUID: GPU-b)\n");

        GpuDevice whole = gpus[0];
        Assert.Equal((1, 0, "ExclusiveProcess", true), (whole.Index, whole.CudaIndex, whole.ComputeMode, whole.PersistenceMode));
        Assert.Equal((new GpuEcc { Enabled = true, Pending = false }, 64 * Bytes.GiB, 400.0), (whole.Ecc, whole.Bar1TotalBytes, whole.PowerRange?.MaximumWatts));
        Assert.Equal((210, 1215), (whole.Clocks?.SmMhz, whole.Clocks?.MaxMemoryMhz));
        Assert.Equal(["GpuIdle"], whole.ThrottleReasons!);
        Assert.Equal((2, "MIG-4e", "NVIDIA A100 MIG 3g.20gb", 19968 * Bytes.MiB), (gpus[1].Index, gpus[1].Uuid, gpus[1].Name, gpus[1].MemoryTotalBytes));
        Assert.Equal(new MigInstance { ParentIndex = 0, ParentUuid = "GPU-a", Profile = "3g.20gb", GpuInstanceId = 2, ComputeInstanceId = 0, Multiprocessors = 42 }, gpus[1].Mig);
    }

    public void Dispose() => _root.Dispose();

    private void AddProgram(string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the stand-in for nvidia-smi is a shell script");
        _root.Write("/usr/bin/nvidia-smi", "#!/bin/sh\n" + script + "\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_root.Locate("/usr/bin/nvidia-smi"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private GpuTopology Survey(TimeSpan? timeout = null) => new TopologySurvey(new SurveyOptions
    {
        SystemRoot = _root.Path,
        DriverTimeout = timeout ?? TimeSpan.FromSeconds(20),
        GetEnvironmentVariable = name => name == "PATH" ? "/usr/local/bin:/usr/bin" : null,
    }).Capture(TestContext.Current.CancellationToken);
}
