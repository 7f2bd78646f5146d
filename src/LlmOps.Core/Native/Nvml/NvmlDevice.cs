namespace LlmOps.Native.Nvml;

/// <summary>NVML's questions about one GPU, by name and in NVML's own units.</summary>
internal sealed class NvmlDevice(NvmlLibrary library, nint handle)
{
    // NVML_TEMPERATURE_GPU, the only sensor there is.
    private const uint CoreSensor = 0;

    // NVML_P2P_CAPS_INDEX_READ.
    private const uint PeerRead = 0;

    public NvmlStatus Name(out string? name) => library.Text("nvmlDeviceGetName", handle, out name);

    public NvmlStatus Uuid(out string? uuid) => library.Text("nvmlDeviceGetUUID", handle, out uuid);

    public NvmlAnswer<NvmlPciInfo> Pci => library.Get<NvmlPciInfo>("nvmlDeviceGetPciInfo_v3", handle);

    public NvmlAnswer<(int Major, int Minor)> ComputeCapability => library.GetPair("nvmlDeviceGetCudaComputeCapability", handle);

    /// <summary>An NVML_DEVICE_ARCH number.</summary>
    public NvmlAnswer<uint> Architecture => Number("nvmlDeviceGetArchitecture");

    public NvmlAnswer<NvmlMemoryV2> MemoryV2 =>
        library.Get("nvmlDeviceGetMemoryInfo_v2", handle, new NvmlMemoryV2 { Version = NvmlMemoryV2.VersionTwo });

    public NvmlAnswer<NvmlMemory> MemoryV1 => library.Get<NvmlMemory>("nvmlDeviceGetMemoryInfo", handle);

    public NvmlAnswer<uint> PcieGeneration => Number("nvmlDeviceGetCurrPcieLinkGeneration");

    public NvmlAnswer<uint> PcieWidth => Number("nvmlDeviceGetCurrPcieLinkWidth");

    /// <summary>Of card and system together.</summary>
    public NvmlAnswer<uint> PcieMaxGeneration => Number("nvmlDeviceGetMaxPcieLinkGeneration");

    public NvmlAnswer<uint> PcieMaxWidth => Number("nvmlDeviceGetMaxPcieLinkWidth");

    public NvmlAnswer<uint> TemperatureCelsius => library.GetFor<uint>("nvmlDeviceGetTemperature", handle, CoreSensor);

    public NvmlAnswer<uint> PowerMilliwatts => Number("nvmlDeviceGetPowerUsage");

    /// <summary>The limit in force, the least of all that apply.</summary>
    public NvmlAnswer<uint> PowerLimitMilliwatts => Number("nvmlDeviceGetEnforcedPowerLimit");

    public NvmlAnswer<NvmlUtilization> Utilization => library.Get<NvmlUtilization>("nvmlDeviceGetUtilizationRates", handle);

    public NvmlAnswer<uint> DisplayActive => Number("nvmlDeviceGetDisplayActive");

    public NvmlStatus ComputeProcesses(out NvmlProcessInfo[] processes)
    {
        NvmlStatus status = library.List("nvmlDeviceGetComputeRunningProcesses_v3", handle, out processes);
        return status == NvmlStatus.FunctionNotFound ? library.List("nvmlDeviceGetComputeRunningProcesses_v2", handle, out processes) : status;
    }

    public NvmlAnswer<uint> NvLinkState(uint link) => library.GetFor<uint>("nvmlDeviceGetNvLinkState", handle, link);

    /// <summary>An nvmlNvlinkVersion_t number.</summary>
    public NvmlAnswer<uint> NvLinkVersion(uint link) => library.GetFor<uint>("nvmlDeviceGetNvLinkVersion", handle, link);

    public NvmlAnswer<uint> NvLinkRemoteType(uint link) => library.GetFor<uint>("nvmlDeviceGetNvLinkRemoteDeviceType", handle, link);

    public NvmlAnswer<NvmlPciInfo> NvLinkRemotePci(uint link) => library.GetFor<NvmlPciInfo>("nvmlDeviceGetNvLinkRemotePciInfo_v2", handle, link);

    /// <summary>An nvmlGpuTopologyLevel_t number.</summary>
    public NvmlAnswer<uint> CommonAncestor(NvmlDevice other) => library.Between("nvmlDeviceGetTopologyCommonAncestor", handle, other.Handle);

    /// <summary>An nvmlGpuP2PStatus_t number: 0 when this GPU can read the other's memory.</summary>
    public NvmlAnswer<uint> PeerStatus(NvmlDevice other) => library.Between("nvmlDeviceGetP2PStatus", handle, other.Handle, PeerRead);

    private nint Handle => handle;

    private NvmlAnswer<uint> Number(string export) => library.Get<uint>(export, handle);
}
