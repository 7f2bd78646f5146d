namespace LlmOps.Planning;

/// <summary>How much of the hardware's theoretical speed an engine reaches.</summary>
/// <remarks>
/// The decode figures are fitted on one half of 57 observed rates and tested on the other: <c>tests/benchmarks/LlmOps.Benchmarks speeds FILE</c> does both.
/// The prefill figures follow from published runs: 7B Q4_0 at 912 tokens/s on a P40 (ggml-org/llama.cpp PR 4766) and at 4035 on an RTX 3090 Ti (PR 4812),
/// 13B Q4_K_M at 1494 on an RTX 2080 Ti (geerlingguy/ai-benchmarks issue 46), 122B-A10B at 1000 to 1500 on two RTX 4080 SUPER.
/// </remarks>
internal sealed record Roofline
{
    /// <summary>The fitted figures.</summary>
    public static Roofline Fitted { get; } = new();

    /// <summary>All of the hardware's speed, which no engine reaches.</summary>
    public static Roofline Theoretical { get; } = new()
    {
        GpuBandwidth = 1, OtherGpuBandwidth = 1, HostBandwidth = 1, LayerSeconds = 0, ExpertLayerSeconds = 0, CrossingSeconds = 0, DenseCompute = 1, ExpertCompute = 1, HostCompute = 1,
    };

    /// <summary>Share of a GPU's memory bandwidth.</summary>
    public double GpuBandwidth { get; init; } = 0.81;

    /// <summary>The same for GPUs whose kernels are less tuned.</summary>
    public double OtherGpuBandwidth { get; init; } = 0.65;

    /// <summary>Share of main memory's theoretical bandwidth that the processor's threads reach.</summary>
    public double HostBandwidth { get; init; } = 0.6;

    /// <summary>Seconds a layer and token that no bandwidth explains: starting operations, waiting for each other.</summary>
    public double LayerSeconds { get; init; } = 45e-6;

    /// <summary>The same for a layer with experts, which chooses and gathers them.</summary>
    public double ExpertLayerSeconds { get; init; } = 80e-6;

    /// <summary>Seconds a token for each change from one place to the next.</summary>
    public double CrossingSeconds { get; init; } = 50e-6;

    /// <summary>Share of the matrix units' speed with dense weights.</summary>
    public double DenseCompute { get; init; } = 0.7;

    /// <summary>Share of it with experts, whose batches are small.</summary>
    public double ExpertCompute { get; init; } = 0.25;

    /// <summary>Share of the processor's speed.</summary>
    public double HostCompute { get; init; } = 0.4;
}
