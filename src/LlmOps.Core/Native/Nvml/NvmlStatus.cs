namespace LlmOps.Native.Nvml;

/// <summary>What an NVML function answers. Values are those of nvmlReturn_t in nvml.h.</summary>
internal enum NvmlStatus
{
    Success = 0,
    Uninitialized = 1,
    InvalidArgument = 2,
    NotSupported = 3,
    NoPermission = 4,
    NotFound = 6,
    InsufficientSize = 7,
    DriverNotLoaded = 9,
    Timeout = 10,
    IrqIssue = 11,
    LibraryNotFound = 12,

    /// <summary>Also what LlmOps answers itself when the library has no such export.</summary>
    FunctionNotFound = 13,
    CorruptedInfoRom = 14,
    GpuIsLost = 15,
    ResetRequired = 16,
    OperatingSystem = 17,
    VersionMismatch = 18,
    InUse = 19,
    Memory = 20,
    NoData = 21,
    ArgumentVersionMismatch = 25,
    Deprecated = 26,
    NotReady = 27,
    GpuNotFound = 28,
    Unknown = 999,
}

/// <summary>Says what a status means to a user.</summary>
internal static class NvmlStatusText
{
    /// <summary>Whether the answer only says that this card or this driver lacks the feature.</summary>
    public static bool IsAbsence(this NvmlStatus status) =>
        status is NvmlStatus.NotSupported or NvmlStatus.FunctionNotFound or NvmlStatus.NotFound or NvmlStatus.NoData
            or NvmlStatus.ArgumentVersionMismatch or NvmlStatus.Deprecated or NvmlStatus.InvalidArgument;

    /// <summary>The meaning and, where there is one, the remedy, without a full stop.</summary>
    public static string Describe(this NvmlStatus status) => status switch
    {
        NvmlStatus.NotSupported => "not supported",
        NvmlStatus.NoPermission => "no permission; add this user to the group that owns /dev/nvidia*",
        NvmlStatus.DriverNotLoaded => "the NVIDIA driver is not loaded; load it with 'modprobe nvidia' or install it",
        NvmlStatus.IrqIssue => "the kernel has an interrupt problem with a GPU",
        NvmlStatus.FunctionNotFound => "this driver does not have the function",
        NvmlStatus.GpuIsLost => "the GPU has fallen off the bus; power the machine off and check its seating and power cables",
        NvmlStatus.ResetRequired => "the GPU needs a reset",
        NvmlStatus.OperatingSystem => "the operating system or the cgroup blocks the GPU",
        NvmlStatus.VersionMismatch => "driver and library have different versions; restart the machine after a driver update",
        NvmlStatus.Unknown => "an unknown error; in a container the GPU devices may have been taken away",
        _ => status.ToString(),
    };
}
