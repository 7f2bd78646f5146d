using System.Globalization;
using LlmOps.Engines;

namespace LlmOps.Benchmarking.Reports;

/// <summary>The command that measures the same again.</summary>
internal static class RepeatCommand
{
    /// <summary>The command as it was given, or one made from the results.</summary>
    public static string Of(IReadOnlyList<ThroughputResult> results)
    {
        if (results.Select(result => result.Environment?.MeasureCommand).FirstOrDefault(command => command is not null) is { } given)
        {
            return given;
        }

        ThroughputResult first = results[0];
        string loads = string.Join(',', results.Select(result => LoadAxis.Of(result).ToString("0.###", CultureInfo.InvariantCulture)).Distinct());
        List<string> arguments =
        [
            "bench", first.Endpoint, first.RequestRate is null ? "--concurrency" : "--rate", loads,
            "--prompt-tokens", first.RequestedPromptTokens.ToString(CultureInfo.InvariantCulture),
            "--output-tokens", first.RequestedOutputTokens.ToString(CultureInfo.InvariantCulture),
        ];
        if (results.Count == 1)
        {
            arguments.AddRange(["--requests", first.Requests.ToString(CultureInfo.InvariantCulture)]);
        }

        return ShellText.Line(new LaunchCommand("llmops", arguments, new Dictionary<string, string>()));
    }
}
