using LlmOps.Hardware;
using LlmOps.Hardware.Nvidia;
using LlmOps.Native.Nvml;

namespace LlmOps.Core.Tests.Hardware;

public sealed class GpuSamplerTests : IDisposable
{
    private readonly FakeRoot _root = new();

    [Fact]
    public async Task Every_gpu_is_read_with_rates_from_the_second_round_on()
    {
        using GpuSampler sampler = await OpenAsync("""
            gpu0.utilization=97
            gpu0.clocks=1800 1800 7000
            gpu0.pcieSent=1000
            gpu0.pcieReceived=5000
            gpu0.pcieCount+=1000000

            """);
        GpuSample first = sampler.Sample(TestContext.Current.CancellationToken)[0];
        IReadOnlyList<GpuSample> second = sampler.Sample(TestContext.Current.CancellationToken);

        Assert.Equal([0, 1], second.Select(sample => sample.Index));
        Assert.Equal((97, 12396 * Bytes.MiB, 18.25, 30, 1800), (first.UtilizationPercent, first.MemoryUsedBytes, first.PowerWatts, first.TemperatureCelsius, first.GraphicsMhz));
        Assert.Null(first.PcieSentBytesPerSecond);
        Assert.True(second[0].PcieSentBytesPerSecond > 0 && second[0].PcieReceivedBytesPerSecond > 0);
        Assert.Null(second[1].PcieSentBytesPerSecond);
        Assert.Equal(2, sampler.Cost.Rounds);
        Assert.InRange(sampler.Cost.Mean, TimeSpan.FromTicks(1), sampler.Cost.Longest);
    }

    [Fact]
    public async Task Rounds_come_at_a_fixed_rate_until_cancelled()
    {
        using GpuSampler sampler = await OpenAsync(string.Empty);
        List<DateTimeOffset> times = [];
        await foreach (IReadOnlyList<GpuSample> round in sampler.RunAsync(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken))
        {
            times.Add(round[0].At);
            if (times.Count == 4)
            {
                break;
            }
        }

        Assert.True(times[3] - times[0] >= TimeSpan.FromMilliseconds(50), $"{times[3] - times[0]}");
    }

    [Fact]
    public async Task A_driver_that_hangs_while_sampling_gives_no_samples_and_does_not_hang_the_caller()
    {
        using GpuSampler sampler = await OpenAsync("hang=nvmlDeviceGetUtilizationRates\n", TimeSpan.FromMilliseconds(200));
        Assert.Empty(sampler.Sample(TestContext.Current.CancellationToken));
        Assert.Empty(sampler.Sample(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(1u, 4294967290UL, 5UL, 11L)]
    [InlineData(3u, 10UL, 30UL, 20L)]
    public void A_counter_that_wrapped_once_still_gives_its_rate(uint type, ulong before, ulong now, long rate) =>
        Assert.Equal(rate, NvmlGauge.Rate(new NvmlFieldValue { ValueType = type, Raw = now }, before, 1.0));

    [Fact]
    public void Radeons_are_sampled_from_sysfs()
    {
        _root.AddPci("pci0000:00/0000:03:00.0", ("gpu_busy_percent", "55"), ("mem_info_vram_used", "1024"), ("hwmon/hwmon1/power1_average", "200000000"), ("hwmon/hwmon1/temp1_input", "61000"));
        GpuTopology topology = new() { Gpus = [new GpuDevice { Index = 2, Vendor = GpuVendor.Amd, PciBusId = "00000000:03:00.0" }] };
        using GpuSampler sampler = new(topology, new SurveyOptions { SystemRoot = _root.Path });

        GpuSample sample = Assert.Single(sampler.Sample(TestContext.Current.CancellationToken));
        Assert.Equal((2, 55, 1024L, 200.0, 61), (sample.Index, sample.UtilizationPercent, sample.MemoryUsedBytes, sample.PowerWatts, sample.TemperatureCelsius));
    }

    public void Dispose() => _root.Dispose();

    private async Task<GpuSampler> OpenAsync(string answers, TimeSpan? timeout = null)
    {
        await NvmlStandIn.InstallAsync(_root, answers + "count=2\n" + NvmlStandIn.Card(0, "NVIDIA GeForce RTX 2080 Ti", "01", "7.5", 22528, 12396) + NvmlStandIn.Card(1, "NVIDIA GeForce RTX 2080 Ti", "05", "7.5", 22528));
        GpuTopology topology = new() { Gpus = [new GpuDevice { Index = 0, Vendor = GpuVendor.Nvidia }, new GpuDevice { Index = 1, Vendor = GpuVendor.Nvidia }] };
        return new GpuSampler(topology, new SurveyOptions { SystemRoot = _root.Path, DriverTimeout = timeout ?? TimeSpan.FromSeconds(60) });
    }
}
