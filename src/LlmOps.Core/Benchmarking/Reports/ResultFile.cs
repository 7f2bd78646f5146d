using System.Text.Json;

namespace LlmOps.Benchmarking.Reports;

/// <summary>Saved results: what <c>bench --json</c> and <c>bench --output</c> write, and what baselines and reports read.</summary>
public static class ResultFile
{
    /// <summary>Reads the load points of a file.</summary>
    /// <exception cref="LlmOpsException"><c>ResultsNotFound</c>, <c>ResultsUnreadable</c>, or <c>ResultsInvalid</c>: it holds something else.</exception>
    public static IReadOnlyList<ThroughputResult> Read(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return JsonSerializer.Deserialize(file, BenchmarkingJsonContext.Default.ThroughputResultArray) ?? throw Invalid(path, "it is null", null);
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new LlmOpsException($"the results {path} do not exist; name a file that 'llmops bench --output' or Export-LlmReport -As Json wrote", "ResultsNotFound", problem) { Kind = ErrorKind.NotFound };
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new LlmOpsException($"the results {path} cannot be read: {problem.Message}", "ResultsUnreadable", problem);
        }
        catch (Exception problem) when (problem is JsonException or NotSupportedException)
        {
            throw Invalid(path, "it is not an array of load points" + (problem is JsonException { LineNumber: { } line } ? FormattableString.Invariant($" (line {line + 1})") : ""), problem);
        }
    }

    private static LlmOpsException Invalid(string path, string why, Exception? problem) =>
        new($"the results {path} cannot be used: {why}; name a file that 'llmops bench --output' wrote", "ResultsInvalid", problem);
}
