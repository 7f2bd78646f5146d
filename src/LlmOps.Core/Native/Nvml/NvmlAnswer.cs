namespace LlmOps.Native.Nvml;

/// <summary>One answer of NVML: a value, or the status that stands in its place.</summary>
internal readonly record struct NvmlAnswer<T>(NvmlStatus Status, T Value)
    where T : struct
{
    /// <summary>The value; null unless the call succeeded.</summary>
    public T? OrNull => Status == NvmlStatus.Success ? Value : null;
}
