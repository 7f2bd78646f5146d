using System.Globalization;
using LlmOps.Native.Nvml;

namespace LlmOps.Hardware.Nvidia;

/// <summary>Lists the parts of a divided GPU. CUDA can use those only, so they stand in the topology in the whole GPU's place.</summary>
internal static class MigReader
{
    /// <summary>The parts of <paramref name="whole"/>; null when it is not divided.</summary>
    /// <param name="device">The whole GPU.</param>
    /// <param name="whole">What was read of it. Power, temperature and the PCIe link are those of the whole for each part too.</param>
    /// <param name="notes">Where it is said when a divided GPU has no parts.</param>
    public static IReadOnlyList<GpuDevice>? Read(NvmlDevice device, GpuDevice whole, List<string> notes)
    {
        if (device.MigMode.OrNull is not { First: 1 })
        {
            return null;
        }

        List<GpuDevice> parts = [];
        for (uint number = 0; number < (device.MostMigDevices.OrNull ?? 0); number++)
        {
            // The number is a place, and places may be empty.
            if (device.MigDevice(number).OrNull is { } handle)
            {
                parts.Add(ReadPart(device.Part(handle), whole));
            }
        }

        if (parts.Count == 0)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"GPU {whole.Index} is divided (MIG) but has no instances, so nothing can use it; make some with 'nvidia-smi mig -cgi PROFILE -C' or switch MIG off with 'nvidia-smi -i {whole.Index} -mig 0'."));
        }

        return parts;
    }

    private static GpuDevice ReadPart(NvmlDevice part, GpuDevice whole)
    {
        NvmlDeviceAttributes? attributes = part.Attributes.OrNull;
        string? name = part.Name(out string? text) == NvmlStatus.Success ? text : null;
        NvmlMemoryV2? memory = part.MemoryV2.OrNull;
        NvmlMemory? older = memory is null ? part.MemoryV1.OrNull : null;
        return whole with
        {
            Uuid = part.Uuid(out string? uuid) == NvmlStatus.Success ? uuid : null,
            Name = name ?? whole.Name + " MIG",
            MemoryTotalBytes = (long?)(memory?.Total ?? older?.Total) ?? ((long?)attributes?.MemoryMebibytes * Bytes.MiB) ?? 0,
            MemoryFreeBytes = (long?)(memory?.Free ?? older?.Free),
            MemoryReservedBytes = (long?)memory?.Reserved,
            CudaIndex = null,
            Cores = null,
            UtilizationPercent = null,
            MemoryBandwidthBytesPerSecond = null,
            MemoryBusWidthBits = null,
            Processes = [],
            Mig = new MigInstance
            {
                ParentIndex = whole.Index,
                ParentUuid = whole.Uuid,
                Profile = Profile(name),
                GpuInstanceId = (int?)part.GpuInstanceId.OrNull,
                ComputeInstanceId = (int?)part.ComputeInstanceId.OrNull,
                Multiprocessors = (int?)attributes?.Multiprocessors,
            },
        };
    }

    /// <summary>The profile in <c>NVIDIA A100-SXM4-40GB MIG 1g.5gb</c>.</summary>
    internal static string? Profile(string? name)
    {
        int at = name?.LastIndexOf("MIG ", StringComparison.Ordinal) ?? -1;
        return at < 0 ? null : name![(at + 4)..].Trim();
    }
}
