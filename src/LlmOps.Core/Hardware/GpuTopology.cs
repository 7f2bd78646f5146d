using System.Text.Json.Serialization;

namespace LlmOps.Hardware;

/// <summary>One snapshot of a host: its processor and memory, its GPUs, how they reach each other, and its driver.</summary>
/// <remarks>Serialises to JSON and back, so that a plan can be made for another machine. Null means unknown.</remarks>
public sealed record GpuTopology
{
    /// <summary>When the snapshot was taken.</summary>
    public DateTimeOffset CapturedAt { get; init; }

    /// <summary>Which probe supplied the GPUs: <c>nvml</c>, <c>nvidia-smi</c>, <c>amd</c>, <c>intel</c>, <c>engine</c>, <c>none</c>, or several joined by a plus sign.</summary>
    public string Source { get; init; } = "none";

    /// <summary>The machine around the GPUs.</summary>
    public HostInfo Host { get; init; } = new();

    /// <summary>The GPU driver; null when there is none.</summary>
    public DriverInfo? Driver { get; init; }

    /// <summary>The GPUs in PCI bus order.</summary>
    public IReadOnlyList<GpuDevice> Gpus { get; init; } = [];

    /// <summary>Every pair of GPUs and how they reach each other.</summary>
    public IReadOnlyList<GpuLink> Links { get; init; } = [];

    /// <summary>Variables that hide or renumber GPUs for programs; null when none is set. The GPUs above are those of the machine; <see cref="VisibleDevices"/> applies them.</summary>
    public GpuEnvironment? Environment { get; init; }

    /// <summary>What a probe could not tell and why, one line each. An empty list means that nothing failed.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>The GPU driver and its interfaces.</summary>
public sealed record DriverInfo
{
    /// <summary>Driver version, for example <c>580.65.06</c>.</summary>
    public string? Version { get; init; }

    /// <summary>The newest CUDA version the driver supports, for example <c>13.0</c>.</summary>
    public string? CudaVersion { get; init; }

    /// <summary>NVML library version.</summary>
    public string? NvmlVersion { get; init; }
}

/// <summary>One GPU.</summary>
public sealed record GpuDevice
{
    /// <summary>Position in PCI bus order, as NVML and nvidia-smi count.</summary>
    public int Index { get; init; }

    /// <summary>CUDA's number for it when <c>CUDA_DEVICE_ORDER=PCI_BUS_ID</c>; null for devices that CUDA does not see or sees only by UUID (MIG).</summary>
    public int? CudaIndex { get; init; }

    /// <summary>CUDA's number for it in its default order, <c>FASTEST_FIRST</c>: an estimate from cores and clock. Null when that cannot be told; select by UUID then.</summary>
    public int? CudaIndexFastestFirst { get; init; }

    /// <summary>The stable identity to select it by, for example <c>GPU-8f2c…</c>.</summary>
    public string? Uuid { get; init; }

    /// <summary>PCI address, domain first: <c>00000000:03:00.0</c>.</summary>
    public string? PciBusId { get; init; }

    /// <summary>Who made it.</summary>
    public GpuVendor Vendor { get; init; }

    /// <summary>Product name.</summary>
    public string Name { get; init; } = string.Empty;

    /// <summary>Architecture name, for example <c>Ada Lovelace</c>.</summary>
    public string? Architecture { get; init; }

    /// <summary>CUDA compute capability, for example <c>8.9</c>.</summary>
    public string? ComputeCapability { get; init; }

    /// <summary>Memory in bytes, all of it.</summary>
    public long MemoryTotalBytes { get; init; }

    /// <summary>Memory in bytes that is free right now; the reserved part is not free.</summary>
    public long? MemoryFreeBytes { get; init; }

    /// <summary>Memory in bytes that the driver keeps for itself.</summary>
    public long? MemoryReservedBytes { get; init; }

    /// <summary>Memory in bytes of the window through which the host reaches the GPU's memory (BAR1).</summary>
    public long? Bar1TotalBytes { get; init; }

    /// <summary>Part of that window in bytes that is free.</summary>
    public long? Bar1FreeBytes { get; init; }

    /// <summary>Width of the memory bus in bits.</summary>
    public int? MemoryBusWidthBits { get; init; }

    /// <summary>Bytes a second that the memory delivers at most: bus width × highest memory clock × 2 transfers a clock.</summary>
    public long? MemoryBandwidthBytesPerSecond { get; init; }

    /// <summary>CUDA cores, compute units (AMD) or execution units (Intel).</summary>
    public int? Cores { get; init; }

    /// <summary>Whether its memory is the host's (integrated GPUs).</summary>
    public bool SharedMemory { get; init; }

    /// <summary>Whether it is part of the processor.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsIntegrated { get; init; }

    /// <summary>The part of a divided GPU that this is; null for a whole GPU.</summary>
    public MigInstance? Mig { get; init; }

    /// <summary>The PCIe link.</summary>
    public PcieLink? Pcie { get; init; }

    /// <summary>The NUMA node it hangs on; null when unknown or when the host has one node.</summary>
    public int? NumaNode { get; init; }

    /// <summary>Whether a display is driven from it.</summary>
    public bool? DisplayActive { get; init; }

    /// <summary>Whether a display is plugged in.</summary>
    public bool? DisplayAttached { get; init; }

    /// <summary>Who may compute on it: <c>Default</c>, <c>ExclusiveProcess</c> or <c>Prohibited</c>.</summary>
    public string? ComputeMode { get; init; }

    /// <summary>Whether the driver stays loaded when nobody uses the GPU.</summary>
    public bool? PersistenceMode { get; init; }

    /// <summary>Error correction of its memory; null when it has none.</summary>
    public GpuEcc? Ecc { get; init; }

    /// <summary>Its clocks.</summary>
    public GpuClocks? Clocks { get; init; }

    /// <summary>Why the clocks are below their highest right now: <c>GpuIdle</c>, <c>SwPowerCap</c>, <c>HwThermalSlowdown</c>, …; null when unknown.</summary>
    public IReadOnlyList<string>? ThrottleReasons { get; init; }

    /// <summary>NVLink ports that the card has and that are not up; null when none is down, or when it has none.</summary>
    public int? NvlinksDown { get; init; }

    /// <summary>Core temperature in degrees Celsius.</summary>
    public int? TemperatureCelsius { get; init; }

    /// <summary>Power drawn now, in watts.</summary>
    public double? PowerWatts { get; init; }

    /// <summary>Power limit in force, in watts.</summary>
    public double? PowerLimitWatts { get; init; }

    /// <summary>Power limits that can be set.</summary>
    public GpuPowerRange? PowerRange { get; init; }

    /// <summary>Share of time with a kernel running, 0 to 100.</summary>
    public int? UtilizationPercent { get; init; }

    /// <summary>Processes that hold memory on it, those that only draw included.</summary>
    public IReadOnlyList<GpuProcess> Processes { get; init; } = [];
}

/// <summary>Who made a GPU.</summary>
public enum GpuVendor
{
    /// <summary>Not known.</summary>
    Unknown,

    /// <summary>NVIDIA.</summary>
    Nvidia,

    /// <summary>AMD.</summary>
    Amd,

    /// <summary>Intel.</summary>
    Intel,

    /// <summary>No hardware at all: a software rasteriser that an engine can use like a GPU.</summary>
    Software,
}

/// <summary>A PCIe link. The current generation drops while a GPU idles; the maximum is what the slot and the card can do together.</summary>
public sealed record PcieLink
{
    /// <summary>Generation in use right now.</summary>
    public int? Generation { get; init; }

    /// <summary>Lanes in use right now.</summary>
    public int? Width { get; init; }

    /// <summary>Highest generation that card and system reach together.</summary>
    public int? MaxGeneration { get; init; }

    /// <summary>Most lanes that card and system reach together.</summary>
    public int? MaxWidth { get; init; }

    /// <summary>Highest generation of the card itself.</summary>
    public int? CardGeneration { get; init; }

    /// <summary>Most lanes of the card itself.</summary>
    public int? CardWidth { get; init; }

    /// <summary>Highest generation of the slot: the port above the card.</summary>
    public int? SlotGeneration { get; init; }

    /// <summary>Most lanes of the slot.</summary>
    public int? SlotWidth { get; init; }

    /// <summary>Whether fewer lanes are in use than card and slot both have: dirt, a riser, or lanes that the board gives to another slot.</summary>
    public bool? IsDowngraded { get; init; }

    /// <summary>Whether the slot has fewer lanes or a lower generation than the card could use.</summary>
    public bool? IsLimitedBySlot { get; init; }

    /// <summary>
    /// Bytes a second in one direction that copies between host and GPU can be expected to reach, estimated: the highest generation that
    /// both ends reach, over the lanes in use, through the narrowest link on the way.
    /// </summary>
    public long? BytesPerSecond { get; init; }

    /// <summary>The host bridge that it hangs on, for example <c>pci0000:00</c>.</summary>
    public string? RootComplex { get; init; }

    /// <summary>The ports from the host bridge down to the card; null when unknown.</summary>
    public IReadOnlyList<PciePort>? Ports { get; init; }
}

/// <summary>A process that holds GPU memory.</summary>
/// <param name="ProcessId">Its process id.</param>
/// <param name="Name">Its name; null when it cannot be read.</param>
/// <param name="MemoryBytes">Memory it holds on this GPU, in bytes; null when the driver does not say.</param>
/// <param name="Kind">What it does there: <c>compute</c>, <c>graphics</c> (it draws a desktop) or <c>compute+graphics</c>; null when unknown.</param>
public sealed record GpuProcess(int ProcessId, string? Name, long? MemoryBytes, string? Kind = null);

/// <summary>A pair of GPUs and how they reach each other.</summary>
public sealed record GpuLink
{
    /// <summary>Index of the one.</summary>
    public int A { get; init; }

    /// <summary>Index of the other.</summary>
    public int B { get; init; }

    /// <summary>The path between them, named as nvidia-smi does.</summary>
    public GpuLinkKind Kind { get; init; }

    /// <summary>How many NVLink links join them.</summary>
    public int Nvlinks { get; init; }

    /// <summary>NVLink version, for example <c>3.0</c>.</summary>
    public string? NvlinkVersion { get; init; }

    /// <summary>Bytes a second in one direction, estimated from the link.</summary>
    public long? BytesPerSecond { get; init; }

    /// <summary>Whether they can read each other's memory; null when unknown.</summary>
    public bool? PeerAccess { get; init; }

    /// <summary>What the driver says of peer access: <c>ok</c>, <c>chipset not supported</c>, …; null when it says nothing.</summary>
    public string? PeerStatus { get; init; }

    /// <summary>Whether they can do atomic operations in each other's memory; null when unknown.</summary>
    public bool? PeerAtomics { get; init; }
}

/// <summary>Path between two GPUs, nearest first, named as nvidia-smi does.</summary>
public enum GpuLinkKind
{
    /// <summary>Not known.</summary>
    Unknown,

    /// <summary>NVLink.</summary>
    NVLink,

    /// <summary>At most one PCIe bridge.</summary>
    PIX,

    /// <summary>Several PCIe bridges, no host bridge.</summary>
    PXB,

    /// <summary>Through a host bridge.</summary>
    PHB,

    /// <summary>Between host bridges of one NUMA node.</summary>
    NODE,

    /// <summary>Between NUMA nodes.</summary>
    SYS,

    /// <summary>AMD's Infinity Fabric between GPUs. Last in the list so that numbers in saved files keep their meaning.</summary>
    XGMI,
}
