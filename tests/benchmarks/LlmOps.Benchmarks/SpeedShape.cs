using LlmOps.Models;

namespace LlmOps.Benchmarks;

/// <summary>What of a model decides how fast it decodes. To add one, add a row.</summary>
/// <param name="Name">What the model's name contains.</param>
/// <param name="Parameters">All parameters.</param>
/// <param name="Embeddings">Parameters of the input table, which a token does not read.</param>
/// <param name="Layers">Layers.</param>
/// <param name="AttentionLayers">Layers with a KV cache.</param>
/// <param name="KeyValueWidth">KV heads × head length.</param>
/// <param name="ExpertParameters">Parameters of all experts.</param>
/// <param name="Experts">Experts of a layer; 0 for a dense model.</param>
/// <param name="UsedExperts">Experts that work on a token.</param>
/// <param name="State">Elements of a recurrent layer's state.</param>
/// <remarks>Sources: the models' configuration files as published.</remarks>
internal sealed record SpeedShape(
    string Name, double Parameters, double Embeddings, int Layers, int AttentionLayers, int KeyValueWidth, double ExpertParameters = 0, int Experts = 0, int UsedExperts = 0, long State = 0)
{
    // Mixture models keep what is not an expert at about 8 bits.
    private const double BytesBesideExperts = 1.06;

    private static readonly SpeedShape[] s_all =
    [
        new("Qwen3.8-27B", 26.9e9, 1.27e9, 64, 16, 1024, State: 786432), new("Qwen3.6-27B", 26.9e9, 1.27e9, 64, 16, 1024, State: 786432), new("Qwen3.5-27B", 26.9e9, 1.27e9, 64, 16, 1024, State: 786432),
        new("Qwen3.5-9B", 9.0e9, 1.0e9, 32, 8, 1024, State: 524288),
        new("Qwen-14B", 14.77e9, 0.78e9, 48, 48, 1024), new("Qwen2.5-14B", 14.77e9, 0.78e9, 48, 48, 1024), new("phi-4 14B", 14.66e9, 0.51e9, 40, 40, 1280),
        new("Llama-3.2-3B", 3.21e9, 0, 28, 28, 1024), new("Llama-3.2-1B", 1.24e9, 0, 16, 16, 512), new("Qwen2.5-Coder-3B", 3.09e9, 0, 36, 36, 256),
        new("Llama-3 8B", 8.03e9, 0.53e9, 32, 32, 1024), new("Llama-8B", 8.03e9, 0.53e9, 32, 32, 1024), new("Granite-3.1-8B", 8.17e9, 0, 40, 40, 1024),
        new("Mistral-7B", 7.25e9, 0.13e9, 32, 32, 1024), new("Qwen2.5-7B", 7.62e9, 0.54e9, 28, 28, 512), new("Llama-2 7B", 6.74e9, 0.13e9, 32, 32, 4096),
        new("gpt-oss-20b", 20.9e9, 0.58e9, 24, 12, 512, 19.1e9, 32, 4), new("gpt-oss-120b", 116.8e9, 0.58e9, 36, 18, 512, 114.7e9, 128, 4),
        new("Qwen3-30B-A3B", 30.5e9, 0.31e9, 48, 48, 512, 29.0e9, 128, 8), new("Nemotron-3-Nano-30B-A3B", 31.6e9, 0.35e9, 52, 6, 256, 29.2e9, 128, 6, 524288),
        new("DeepSeek-Coder-V2-Lite", 15.7e9, 0.21e9, 27, 27, 576, 14.3e9, 64, 6),
    ];

    // Bits a parameter of common mixes: bytes of published files over their parameters.
    private static readonly Dictionary<string, double> s_bits = new()
    {
        ["Q4_K_M"] = 4.85, ["UD-Q4_K_XL"] = 5.0, ["UD-Q5_K_XL"] = 5.85, ["UD-Q5_K_M"] = 5.7, ["Q5_K_M"] = 5.7, ["Q6_K"] = 6.57, ["Q8_K_XL"] = 10.0, ["Q8_0"] = 8.5,
        ["Q4_0"] = 4.55, ["UD-IQ2_XXS"] = 2.6, ["IQ4_NL"] = 4.5, ["MXFP4"] = 4.35, ["NVFP4"] = 5.1,
    };

    public static SpeedShape? Find(string model) => s_all.FirstOrDefault(shape => model.Contains(shape.Name, StringComparison.OrdinalIgnoreCase));

    public static double? BitsOf(string quantisation) => s_bits.TryGetValue(quantisation, out double bits) ? bits : null;

    /// <summary>A description with these bytes of weights, spread evenly.</summary>
    public ModelDescription Describe(double bytes)
    {
        double besideExperts = (Parameters - ExpertParameters) * BytesBesideExperts;
        double experts = Experts > 0 ? Math.Max(0, bytes - besideExperts) : 0;
        double dense = Experts > 0 ? besideExperts - (Embeddings * BytesBesideExperts) : bytes * (1 - (Embeddings / Parameters));
        int every = Math.Max(1, Layers / AttentionLayers);
        return new ModelDescription
        {
            Path = Name,
            Architecture = "llama",
            Name = Name,
            Quantization = "mixed",
            LayerCount = Layers,
            ParameterCount = (long)Parameters,
            Attention = [.. Enumerable.Range(0, Layers).Select(layer => new AttentionShape(layer, 1, layer % every == 0 ? 1 : 0, KeyValueWidth, KeyValueWidth, null))],
            Recurrent = State > 0 ? new RecurrentShape(Layers - AttentionLayers, 0, State) : null,
            Experts = Experts > 0 ? new ExpertShape(Experts, UsedExperts, 1024) : null,
            Weights = new WeightInventory { Layers = [.. Enumerable.Range(0, Layers).Select(layer => new LayerWeights(layer, (long)(dense / Layers), (long)(experts / Layers)))] },
        };
    }
}
