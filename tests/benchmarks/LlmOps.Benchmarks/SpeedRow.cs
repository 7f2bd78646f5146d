using System.Text.Json;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;

namespace LlmOps.Benchmarks;

/// <summary>One observed decode rate.</summary>
internal sealed record SpeedRow(string Gpu, int Gpus, string Model, string Quantisation, double Observed, long Depth, SpeedShape? Shape, double? Bytes)
{
    // A server started with a long context that answers short prompts is shallow.
    private const long ShortPrompt = 512;

    // Words of a row's note that say why it is no measure of the GPU, and what to call it.
    private static readonly (string Word, string Why)[] s_exceptions =
    [
        ("CPU", "part of it in main memory, whose speed is not given"), ("layers;", "part of it in main memory, whose speed is not given"), ("moe", "part of it in main memory, whose speed is not given"),
        ("-ngl 3", "part of it in main memory, whose speed is not given"), ("-ngl 4", "part of it in main memory, whose speed is not given"), ("(partial", "part of it in main memory, whose speed is not given"),
        ("clock", "the machine was not at its usual speed"), ("paged", "the machine was not at its usual speed"), ("cold", "the machine was not at its usual speed"),
        ("spills", "the machine was not at its usual speed"), ("30 W", "the machine was not at its usual speed"), ("245W", "the machine was not at its usual speed"),
        ("acceptance", "guessing ahead"), ("tensor", "split by tensor"),
    ];

    public bool HasExperts => Shape!.Experts > 0;

    public bool IsTuned => GpuSpeeds.Of(Gpu)!.IsTuned;

    /// <summary>The row, and why it is left out; null when it counts.</summary>
    public static (SpeedRow Row, string? Why) Of(JsonElement item)
    {
        string model = Text("model");
        string quantisation = Text("quant");
        SpeedShape? shape = SpeedShape.Find(model);
        double? bytes = Number("weights_gib") * 1024 * 1024 * 1024 ?? shape?.Parameters * SpeedShape.BitsOf(quantisation) / 8;
        double? depth = Number("context_or_depth");
        SpeedRow row = new(Text("gpu"), (int)(Number("n_gpu") ?? 1), model, quantisation, Number("decode_tps") ?? 0, depth is null or > 8192 ? ShortPrompt : (long)depth, shape, bytes);
        string remarks = $"{row.Gpu} {Text("note")} {Text("offload")} {Text("split_mode")}";
        return (row, row.Observed <= 0 ? "no decode rate"
            : !Text("engine").StartsWith("llama.cpp", StringComparison.Ordinal) ? "another engine"
            : shape is null ? "the model's shape is not in the benchmark"
            : bytes is null ? "the size of the quantisation is not known"
            : GpuSpeeds.Of(row.Gpu) is null ? "no datasheet for the GPU, or a processor"
            : s_exceptions.FirstOrDefault(exception => remarks.Contains(exception.Word, StringComparison.Ordinal)).Why);

        string Text(string name) => item.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : string.Empty;

        double? Number(string name) => item.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
    }

    public double Predict(Roofline roofline)
    {
        ModelDescription model = Shape!.Describe(Bytes!.Value);
        GpuDevice gpu = new() { Name = Gpu, MemoryTotalBytes = 1L << 40 };
        Placement placement = new()
        {
            Devices = [.. Enumerable.Range(0, Gpus).Select(at => new PlanDevice($"CUDA{at}", gpu, 1L << 40, 0))],
            GpuLayers = model.LayerCount + 1,
            ContextLength = 1 << 18,
            Unified = true,
        };
        return new ThroughputPredictor(roofline).Decode(model, placement, new HostInfo(), Depth).Rate!.Value;
    }
}
