namespace LlmOps.Engines;

/// <summary>What an engine allocated on one device.</summary>
public sealed record DeviceBuffers
{
    /// <summary>The engine's name of the buffers: <c>CUDA0</c>, <c>CPU_Mapped</c>, <c>Vulkan_Host</c>.</summary>
    public required string Device { get; init; }

    /// <summary>Weights.</summary>
    public long WeightsBytes { get; init; }

    /// <summary>Keys and values of the context.</summary>
    public long KvCacheBytes { get; init; }

    /// <summary>State of recurrent layers.</summary>
    public long RecurrentBytes { get; init; }

    /// <summary>Scratch memory of the computation.</summary>
    public long ComputeBytes { get; init; }

    /// <summary>Results.</summary>
    public long OutputBytes { get; init; }

    /// <summary>Buffers of other kinds, such as adapters.</summary>
    public long OtherBytes { get; init; }

    /// <summary>All of them.</summary>
    public long TotalBytes => WeightsBytes + KvCacheBytes + RecurrentBytes + ComputeBytes + OutputBytes + OtherBytes;
}
