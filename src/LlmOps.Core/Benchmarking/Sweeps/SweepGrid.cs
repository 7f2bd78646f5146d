using System.Globalization;

namespace LlmOps.Benchmarking.Sweeps;

/// <summary>Every combination of option values.</summary>
public static class SweepGrid
{
    /// <summary>The most combinations unless more are allowed: each restarts the server.</summary>
    public const int DefaultLimit = 32;

    /// <summary>The combinations, the last option changing fastest.</summary>
    /// <param name="options">Values to try for each option, by the engine's long flag names.</param>
    /// <param name="limit">The most combinations.</param>
    /// <exception cref="LlmOpsException"><c>SweepEmpty</c>: an option has no value; <c>SweepTooLarge</c>: there are more combinations than the limit.</exception>
    public static IReadOnlyList<IReadOnlyDictionary<string, string>> Expand(IReadOnlyList<KeyValuePair<string, IReadOnlyList<string>>> options, int limit)
    {
        List<Dictionary<string, string>> points = [[]];
        foreach ((string written, IReadOnlyList<string> values) in options)
        {
            string name = written.TrimStart('-').Replace('_', '-');
            string[] different = [.. values.Distinct(StringComparer.Ordinal)];
            if (different.Length == 0)
            {
                throw new LlmOpsException($"the sweep of '{name}' has no value; write for example {name}=512,1024", "SweepEmpty");
            }

            if (points[0].ContainsKey(name))
            {
                throw new LlmOpsException($"the sweep names '{name}' twice; give all its values at once", "SweepEmpty");
            }

            if ((long)points.Count * different.Length > limit)
            {
                throw new LlmOpsException(
                    string.Create(CultureInfo.InvariantCulture, $"the sweep has more than {limit} combinations, and each restarts the server; try fewer values, or raise the limit"), "SweepTooLarge");
            }

            points = [.. points.SelectMany(_ => different, (point, value) => new Dictionary<string, string>(point) { [name] = value })];
        }

        return points is [{ Count: 0 }] ? throw new LlmOpsException("the sweep names no option; write for example ubatch-size=512,1024", "SweepEmpty") : points;
    }

    /// <summary>Reads <c>ubatch-size=512,1024</c>.</summary>
    /// <exception cref="LlmOpsException"><c>SweepEmpty</c>: it is not of that form.</exception>
    public static KeyValuePair<string, IReadOnlyList<string>> Parse(string text)
    {
        int at = text.IndexOf('=', StringComparison.Ordinal);
        string[] values = at < 0 ? [] : text[(at + 1)..].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return at > 0 && values.Length > 0
            ? new(text[..at].Trim(), values)
            : throw new LlmOpsException($"'{text}' is not a sweep; write a flag and its values, for example ubatch-size=512,1024", "SweepEmpty");
    }
}
