using LlmOps.Hardware.Pci;

namespace LlmOps.Hardware.Sampling;

/// <summary>Samples AMD's and Intel's GPUs from /sys. Their PCIe rates are not read: amdgpu's file for them waits a second.</summary>
internal sealed class SysfsSampleSource(IReadOnlyList<GpuDevice> gpus, SystemFiles files) : ISampleSource
{
    public void Read(DateTimeOffset at, List<GpuSample> samples, CancellationToken cancellationToken)
    {
        foreach (GpuDevice gpu in gpus)
        {
            if (PciAddress.Parse(gpu.PciBusId) is not { } address)
            {
                continue;
            }

            string folder = $"/sys/bus/pci/devices/{address.SysfsName}";
            HardwareMonitor monitor = HardwareMonitor.Find(files, folder);
            long? shared = gpu.IsIntegrated ? files.ReadNumber(folder + "/mem_info_gtt_used") : 0;
            samples.Add(new GpuSample
            {
                At = at,
                Index = gpu.Index,
                UtilizationPercent = (int?)files.ReadNumber(folder + "/gpu_busy_percent"),
                MemoryUtilizationPercent = (int?)files.ReadNumber(folder + "/mem_busy_percent"),
                MemoryUsedBytes = files.ReadNumber(folder + "/mem_info_vram_used") + shared,
                PowerWatts = monitor.PowerWatts,
                TemperatureCelsius = monitor.TemperatureCelsius,
            });
        }
    }

    public void Dispose()
    {
    }
}
