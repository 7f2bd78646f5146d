using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmOps.Engines.LlamaCpp;

/// <summary>Tells from llama-server's log lines what it is doing while it loads.</summary>
internal static partial class LoadStage
{
    /// <summary>The stage during which the model's bytes are read: the one with a fraction to show.</summary>
    public const string Weights = "loading the weights";

    // In the order of a start; texts since 2024.
    private static readonly (string Text, string Activity)[] s_stages =
    [
        ("load_model: loading model", "opening the model"),
        ("main: loading model", "opening the model"),
        ("fitting params to device memory", "fitting to the memory of the devices"),
        ("loading model tensors", Weights),
        ("load_tensors: offload", Weights),
        ("constructing llama_context", "making the context"),
        (" KV buffer size", "allocating the KV cache"),
        ("sched_reserve: reserving", "reserving compute buffers"),
        (" compute buffer size", "reserving compute buffers"),
        ("warming up the model", "warming up"),
        ("model loaded", "opening the port"),
        ("listening on", "opening the port"),
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

    /// <summary>How much of it is done, from 0 to 1, as <c>load progress</c> says; null when the line does not.</summary>
    public static double? ReadFraction(string line) =>
        line.Contains("progress", StringComparison.Ordinal) && Progress().Match(line) is { Success: true } match
            ? Math.Min(1d, double.Parse(match.Groups["part"].Value, CultureInfo.InvariantCulture))
            : null;

    /// <summary>Whether the line says that the server can be asked now.</summary>
    public static bool IsOpen(string line) =>
        line.Contains("listening on", StringComparison.Ordinal) || line.Contains("model loaded", StringComparison.Ordinal);

    [GeneratedRegex(@"load progress:? (?<part>[01]\.\d+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Progress();
}
