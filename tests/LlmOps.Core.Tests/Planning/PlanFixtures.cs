using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Core.Tests.Planning;

/// <summary>Models and machines of known shapes.</summary>
internal static class PlanFixtures
{
    /// <summary>QwQ-32B in IQ4_XS: 64 layers, 40 heads, 8 KV heads of 128, 17.7 GB.</summary>
    public static ModelDescription Qwq32B { get; } = Dense("qwq-32b-IQ4_XS", layers: 64, layerBytes: 252_000_000, heads: 40, kvHeads: 8, embedding: 5120, feedForward: 27648, vocabulary: 152064, context: 131072);

    /// <summary>A dense 8B in Q4_K_M.</summary>
    public static ModelDescription Llama8B { get; } = Dense("llama-8b-Q4_K_M", layers: 32, layerBytes: 130_000_000, heads: 32, kvHeads: 8, embedding: 4096, feedForward: 14336, vocabulary: 128256, context: 131072);

    public static ModelDescription Dense(string name, int layers, long layerBytes, int heads, int kvHeads, int embedding, int feedForward, int vocabulary, long context) => new()
    {
        Path = $"/models/{name}.gguf",
        Files = [$"/models/{name}.gguf"],
        Architecture = "llama",
        Name = name,
        Quantization = "Q4_K_M",
        ContextLength = context,
        LayerCount = layers,
        EmbeddingLength = embedding,
        FeedForwardLength = feedForward,
        VocabularySize = vocabulary,
        SizeBytes = (layers * layerBytes) + 1_000_000_000,
        Attention = [.. Enumerable.Range(0, layers).Select(layer => new AttentionShape(layer, heads, kvHeads, 128, 128, null))],
        ChatTemplate = new ChatTemplateInfo(true, ["system", "user", "assistant"]),
        Weights = new WeightInventory
        {
            InputBytes = 400_000_000,
            OutputBytes = 600_000_000,
            Layers = [.. Enumerable.Range(0, layers).Select(layer => new LayerWeights(layer, layerBytes, 0))],
        },
    };

    public static GpuTopology Machine(params (string Name, int GiB)[] gpus) => new()
    {
        Host = new HostInfo
        {
            Cpu = new CpuInfo { Model = "Xeon", Sockets = 2, PhysicalCores = 36, LogicalCores = 72 },
            Memory = new MemoryInfo { TotalBytes = 128 * Bytes.GiB, AvailableBytes = 120 * Bytes.GiB },
        },
        Gpus = [.. gpus.Select((gpu, at) => new GpuDevice
        {
            Index = at,
            CudaIndex = at,
            Uuid = $"GPU-{at:x4}",
            Vendor = GpuVendor.Nvidia,
            Name = gpu.Name,
            MemoryTotalBytes = gpu.GiB * Bytes.GiB,
            MemoryFreeBytes = (gpu.GiB * Bytes.GiB) - (300 * Bytes.MiB),
        })],
    };
}
