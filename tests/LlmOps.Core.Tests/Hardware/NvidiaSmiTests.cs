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
        Assert.Equal([new GpuProcess(9498, "VLLM::Worker_TP1", 12392 * Bytes.MiB)], gpu.Processes);
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
