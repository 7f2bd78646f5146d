using System.Runtime.InteropServices;

namespace LlmOps.Native.Nvml;

/// <summary>nvmlMemory_t: here <see cref="Used"/> includes what the driver reserves.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlMemory
{
    public ulong Total;
    public ulong Free;
    public ulong Used;
}

/// <summary>nvmlMemory_v2_t: total = reserved + free + used.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlMemoryV2
{
    /// <summary>What <see cref="Version"/> must be before the call: the size in the lower bytes, the version in the highest.</summary>
    public static readonly uint VersionTwo = (uint)Marshal.SizeOf<NvmlMemoryV2>() | (2u << 24);

    public uint Version;
    public ulong Total;
    public ulong Reserved;
    public ulong Free;
    public ulong Used;
}

/// <summary>nvmlPciInfo_t as of version 3 of its getter.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NvmlPciInfo
{
    private fixed byte _busIdLegacy[16];
    public uint Domain;
    public uint Bus;
    public uint Device;
    public uint DeviceAndVendorId;
    public uint SubsystemId;
    private fixed byte _busId[32];

    /// <summary>The address as text: <c>00000000:03:00.0</c>.</summary>
    public readonly string? BusId
    {
        get
        {
            fixed (byte* text = _busId)
            {
                return Marshal.PtrToStringUTF8((nint)text);
            }
        }
    }
}

/// <summary>nvmlUtilization_t.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlUtilization
{
    public uint Gpu;
    public uint Memory;
}

/// <summary>nvmlProcessInfo_v2_t, which both the second and the third version of the getter fill.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlProcessInfo
{
    /// <summary>NVML_VALUE_NOT_AVAILABLE: under WDDM the driver does not know what a process holds.</summary>
    public const ulong NotAvailable = ulong.MaxValue;

    public uint ProcessId;
    public ulong UsedMemory;
    public uint GpuInstanceId;
    public uint ComputeInstanceId;
}

/// <summary>nvmlBAR1Memory_t.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlBar1Memory
{
    public ulong Total;
    public ulong Free;
    public ulong Used;
}

/// <summary>nvmlDeviceAttributes_t: what a MIG device has.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlDeviceAttributes
{
    public uint Multiprocessors;
    public uint CopyEngines;
    public uint Decoders;
    public uint Encoders;
    public uint JpegDecoders;
    public uint OpticalFlowEngines;
    public uint GpuInstanceSlices;
    public uint ComputeInstanceSlices;
    public ulong MemoryMebibytes;
}

/// <summary>nvmlFieldValue_t: one field asked for and its answer.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlFieldValue
{
    // NVML_VALUE_TYPE_UNSIGNED_INT.
    private const uint UnsignedInt = 1;

    public uint Field;
    public uint Scope;
    public long Timestamp;
    public long Latency;
    public uint ValueType;
    public NvmlStatus Status;
    public ulong Raw;

    /// <summary>The value as a whole number; null when the field has none.</summary>
    public readonly ulong? Number => Status != NvmlStatus.Success ? null : ValueType == UnsignedInt ? (uint)Raw : Raw;

    /// <summary>Whether the counter is one of 32 bits.</summary>
    public readonly bool IsNarrow => ValueType == UnsignedInt;
}
