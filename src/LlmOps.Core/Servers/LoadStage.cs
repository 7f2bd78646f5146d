using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmOps.Servers;

/// <summary>Tells from an engine's log lines what it is doing while it loads.</summary>
internal static partial class LoadStage
{
    /// <summary>The stage during which the model's bytes are read: the one with a fraction to show.</summary>
    public const string Weights = "loading the weights";

    // In the order of a start. llama.cpp's texts since 2024; vLLM's of 0.10 and newer.
    private static readonly (string Text, string Activity)[] s_stages =
    [
        ("load_model: loading model", "opening the model"),
        ("main: loading model", "opening the model"),
        ("fitting params to device memory", "fitting to the memory of the devices"),
        ("loading model tensors", Weights),
        ("load_tensors: offload", Weights),
        ("Starting to load model", Weights),
        ("constructing llama_context", "making the context"),
        (" KV buffer size", "allocating the KV cache"),
        ("sched_reserve: reserving", "reserving compute buffers"),
        (" compute buffer size", "reserving compute buffers"),
        ("torch.compile", "compiling"),
        ("Capturing CUDA graph", "capturing CUDA graphs"),
        ("warming up the model", "warming up"),
        ("model loaded", "opening the port"),
        ("listening on", "opening the port"),
        ("Application startup complete", "opening the port"),
    ];

    /// <summary>What the line says is being done; null when it says nothing about that.</summary>
    public static string? Read(string line)
    {
        foreach ((string text, string activity) in s_stages)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return activity;
            }
        }

        return null;
    }

    /// <summary>How much of it is done, from 0 to 1, as the line says; null when it does not.</summary>
    /// <remarks>vLLM's progress bars (<c>50% Completed | 2/4</c>, <c>53%|####</c>), and llama.cpp's <c>load progress</c>.</remarks>
    public static double? ReadFraction(string line)
    {
        if (!line.Contains('%', StringComparison.Ordinal) && !line.Contains("progress", StringComparison.Ordinal))
        {
            return null;
        }

        Match match = Progress().Match(line);
        return !match.Success ? null
            : match.Groups["percent"] is { Success: true } percent ? Math.Min(1d, int.Parse(percent.Value, CultureInfo.InvariantCulture) / 100d)
            : Math.Min(1d, double.Parse(match.Groups["part"].Value, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"\b(?<percent>\d{1,3})%( Completed)? ?\||load progress:? (?<part>[01]\.\d+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Progress();
}
