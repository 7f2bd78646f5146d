namespace LlmOps.Native.Nvml;

/// <summary>NVML's questions about the system, by name and in plain values.</summary>
internal sealed class NvmlSession(NvmlLibrary library)
{
    /// <summary>Starts NVML; needed before anything else.</summary>
    public NvmlStatus Initialize()
    {
        NvmlStatus status = library.Call("nvmlInit_v2");
        return status == NvmlStatus.FunctionNotFound ? library.Call("nvmlInit") : status;
    }

    public NvmlStatus Shutdown() => library.Call("nvmlShutdown");

    public string? DriverVersion => library.Text("nvmlSystemGetDriverVersion", out string? text) == NvmlStatus.Success ? text : null;

    public string? NvmlVersion => library.Text("nvmlSystemGetNVMLVersion", out string? text) == NvmlStatus.Success ? text : null;

    /// <summary>1000 × major + 10 × minor.</summary>
    public int? CudaVersion => library.Get<int>("nvmlSystemGetCudaDriverVersion_v2").OrNull ?? library.Get<int>("nvmlSystemGetCudaDriverVersion").OrNull;

    public NvmlAnswer<uint> DeviceCount => library.Get<uint>("nvmlDeviceGetCount_v2");

    /// <summary>The device at <paramref name="index"/>; NVML counts in PCI bus order.</summary>
    public NvmlAnswer<nint> Device(uint index) => library.GetAt<nint>("nvmlDeviceGetHandleByIndex_v2", index);
}
