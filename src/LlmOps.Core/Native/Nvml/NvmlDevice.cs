namespace LlmOps.Native.Nvml;

/// <summary>NVML's questions about one GPU, by name and in NVML's own units.</summary>
internal sealed class NvmlDevice(NvmlLibrary library, nint handle)
{
    // NVML_TEMPERATURE_GPU, the only sensor there is.
    private const uint CoreSensor = 0;

    // NVML_P2P_CAPS_INDEX_READ and _ATOMICS.
    private const uint PeerRead = 0;
    private const uint PeerAtomicsCapability = 3;

    // NVML_VOLATILE_ECC.
    private const uint SinceDriverLoad = 0;

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

    /// <summary>Of the card alone.</summary>
    public NvmlAnswer<uint> PcieCardGeneration => Number("nvmlDeviceGetGpuMaxPcieLinkGeneration");

    public NvmlAnswer<NvmlBar1Memory> Bar1 => library.Get<NvmlBar1Memory>("nvmlDeviceGetBAR1MemoryInfo", handle);

    public NvmlAnswer<uint> MemoryBusWidth => Number("nvmlDeviceGetMemoryBusWidth");

    public NvmlAnswer<uint> Cores => Number("nvmlDeviceGetNumGpuCores");

    public NvmlAnswer<uint> DisplayAttached => Number("nvmlDeviceGetDisplayMode");

    /// <summary>An nvmlComputeMode_t number.</summary>
    public NvmlAnswer<uint> ComputeMode => Number("nvmlDeviceGetComputeMode");

    public NvmlAnswer<uint> PersistenceMode => Number("nvmlDeviceGetPersistenceMode");

    public NvmlAnswer<(int First, int Second)> EccMode => library.GetPair("nvmlDeviceGetEccMode", handle);

    /// <summary>Errors since the driver was loaded.</summary>
    /// <param name="kind">An nvmlMemoryErrorType_t number.</param>
    public NvmlAnswer<ulong> EccErrors(uint kind) => library.GetFor<ulong>("nvmlDeviceGetTotalEccErrors", handle, kind, SinceDriverLoad);

    /// <summary>MHz.</summary>
    /// <param name="clock">An nvmlClockType_t number.</param>
    public NvmlAnswer<uint> Clock(uint clock) => library.GetFor<uint>("nvmlDeviceGetClockInfo", handle, clock);

    /// <summary>MHz.</summary>
    /// <param name="clock">An nvmlClockType_t number.</param>
    public NvmlAnswer<uint> MaxClock(uint clock) => library.GetFor<uint>("nvmlDeviceGetMaxClockInfo", handle, clock);

    /// <summary>Bits of nvmlClocksEventReason; called throttle reasons before driver 535.</summary>
    public NvmlAnswer<ulong> ClockReasons
    {
        get
        {
            NvmlAnswer<ulong> answer = library.Get<ulong>("nvmlDeviceGetCurrentClocksEventReasons", handle);
            return answer.Status == NvmlStatus.FunctionNotFound ? library.Get<ulong>("nvmlDeviceGetCurrentClocksThrottleReasons", handle) : answer;
        }
    }

    public NvmlAnswer<uint> PowerDefaultMilliwatts => Number("nvmlDeviceGetPowerManagementDefaultLimit");

    /// <summary>The least and the most that can be set.</summary>
    public NvmlAnswer<(int First, int Second)> PowerRangeMilliwatts => library.GetPair("nvmlDeviceGetPowerManagementLimitConstraints", handle);

    /// <summary>Whether the GPU is divided now, and whether it will be after a reset.</summary>
    public NvmlAnswer<(int First, int Second)> MigMode => library.GetPair("nvmlDeviceGetMigMode", handle);

    public NvmlAnswer<uint> MostMigDevices => Number("nvmlDeviceGetMaxMigDeviceCount");

    public NvmlAnswer<nint> MigDevice(uint index) => library.GetFor<nint>("nvmlDeviceGetMigDeviceHandleByIndex", handle, index);

    public NvmlAnswer<uint> GpuInstanceId => Number("nvmlDeviceGetGpuInstanceId");

    public NvmlAnswer<uint> ComputeInstanceId => Number("nvmlDeviceGetComputeInstanceId");

    public NvmlAnswer<NvmlDeviceAttributes> Attributes => library.Get<NvmlDeviceAttributes>("nvmlDeviceGetAttributes_v2", handle);

    /// <summary>Fills in the fields that <paramref name="fields"/> name.</summary>
    public NvmlStatus FieldValues(Span<NvmlFieldValue> fields) => library.Fields("nvmlDeviceGetFieldValues", handle, fields);

    /// <summary>A GPU of the same library, for a MIG device.</summary>
    public NvmlDevice Part(nint part) => new(library, part);

    public NvmlAnswer<uint> TemperatureCelsius => library.GetFor<uint>("nvmlDeviceGetTemperature", handle, CoreSensor);

    public NvmlAnswer<uint> PowerMilliwatts => Number("nvmlDeviceGetPowerUsage");

    /// <summary>The limit in force, the least of all that apply.</summary>
    public NvmlAnswer<uint> PowerLimitMilliwatts => Number("nvmlDeviceGetEnforcedPowerLimit");

    public NvmlAnswer<NvmlUtilization> Utilization => library.Get<NvmlUtilization>("nvmlDeviceGetUtilizationRates", handle);

    public NvmlAnswer<uint> DisplayActive => Number("nvmlDeviceGetDisplayActive");

    public NvmlStatus ComputeProcesses(out NvmlProcessInfo[] processes) => Processes("nvmlDeviceGetComputeRunningProcesses", out processes);

    /// <summary>Processes that draw: a display server, a browser.</summary>
    public NvmlStatus GraphicsProcesses(out NvmlProcessInfo[] processes) => Processes("nvmlDeviceGetGraphicsRunningProcesses", out processes);

    // The second version of both fills the same structure as the third.
    private NvmlStatus Processes(string export, out NvmlProcessInfo[] processes)
    {
        NvmlStatus status = library.List(export + "_v3", handle, out processes);
        return status == NvmlStatus.FunctionNotFound ? library.List(export + "_v2", handle, out processes) : status;
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

    /// <summary>The same of atomic operations.</summary>
    public NvmlAnswer<uint> PeerAtomics(NvmlDevice other) => library.Between("nvmlDeviceGetP2PStatus", handle, other.Handle, PeerAtomicsCapability);

    private nint Handle => handle;

    private NvmlAnswer<uint> Number(string export) => library.Get<uint>(export, handle);
}
