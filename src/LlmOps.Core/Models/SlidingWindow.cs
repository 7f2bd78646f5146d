using System.Collections.Frozen;

namespace LlmOps.Models;

/// <summary>Which layers look back only so many tokens.</summary>
/// <param name="Tokens">The window.</param>
/// <param name="Layers">Whether each layer has it.</param>
internal sealed record SlidingWindow(int Tokens, IReadOnlyList<bool> Layers)
{
    private static readonly SlidingWindow s_none = new(0, []);

    // What llama.cpp takes where the file has no pattern (src/models/*.cpp, set_swa_pattern). Architectures that are not
    // here ignore a window in their metadata: llama, qwen2, phi3, …
    private static readonly FrozenDictionary<string, Pattern> s_patterns = new Dictionary<string, Pattern>
    {
        ["afmoe"] = new(4),
        ["cohere2"] = new(4),
        ["cohere2moe"] = new(4, FirstIsFull: true),
        ["deepseek4"] = new(0),
        ["exaone4"] = new(4),
        ["exaone-moe"] = new(4, Window: 128),
        ["gemma-embedding"] = new(6),
        ["gemma2"] = new(2, Window: 4096),
        ["gemma3"] = new(6),
        ["gemma3n"] = new(5),
        ["gpt-oss"] = new(2),
        ["laguna"] = new(4, FirstIsFull: true),
        ["llama4"] = new(4, Window: 8192, IsFixed: true),
        ["mellum"] = new(4),
        ["modern-bert"] = new(3, FirstIsFull: true),
        ["olmo2"] = new(4),
        ["plamo3"] = new(8),
        ["smallthinker"] = new(4, FirstIsFull: true, Window: 4096),
    }.ToFrozenDictionary();

    public static SlidingWindow Read(ModelShape shape)
    {
        bool known = s_patterns.TryGetValue(shape.Architecture, out Pattern? pattern);
        int? said = shape.Count("attention.sliding_window");
        long[]? saidPattern = shape.Metadata.Integers(shape.Key("attention.sliding_window_pattern"));
        int tokens = (pattern is { IsFixed: true } && said != 0 ? null : said) ?? pattern?.Window ?? 0;
        if (tokens == 0 || shape.Architecture == "phi3" || (!known && saidPattern is null))
        {
            return s_none;
        }

        // One number is a period; an array says it layer by layer.
        bool[] layers = new bool[shape.LayerCount];
        for (int i = 0; i < layers.Length; i++)
        {
            layers[i] = saidPattern is { Length: > 1 }
                ? i < saidPattern.Length && saidPattern[i] != 0
                : Repeats(saidPattern is [long period] ? period : pattern!.Period, pattern?.FirstIsFull ?? false, i);
        }

        return new SlidingWindow(tokens, layers);
    }

    public bool Covers(int layer) => layer < Layers.Count && Layers[layer];

    /// <summary>In each period one layer, the first or the last, sees everything; period 0 means that none does.</summary>
    private static bool Repeats(long period, bool firstIsFull, int layer) =>
        period <= 0 || (firstIsFull ? layer % period != 0 : layer % period < period - 1);

    /// <param name="Period">Layers after which the pattern repeats; 0 for a window in every layer.</param>
    /// <param name="FirstIsFull">Whether the full layer is the first of its period, not the last.</param>
    /// <param name="Window">Tokens where the file does not say.</param>
    /// <param name="IsFixed">Whether <paramref name="Window"/> holds whatever the file says, unless that is 0.</param>
    private sealed record Pattern(int Period, bool FirstIsFull = false, int? Window = null, bool IsFixed = false);
}
