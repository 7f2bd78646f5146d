using System.Text.Json;
using LlmOps.Benchmarking;
using Xunit;

namespace LlmOps.Tests.Benchmarking;

public sealed class ThroughputReportTests
{
    private static readonly ThroughputResult s_result = new()
    {
        ServerName = "a, \"b\"",
        Endpoint = "http://127.0.0.1:8080/",
        Model = "m|n",
        Concurrency = 4,
        RequestedPromptTokens = 512,
        RequestedOutputTokens = 128,
        Requests = 16,
        Errors = 1,
        ErrorKinds = new Dictionary<string, int> { ["HTTP 503"] = 1 },
        OutputTokensPerSecond = 123.456,
        TtftSeconds = new LatencySummary { Count = 15, Mean = 0.2, P50 = 0.19, P90 = 0.3, P99 = 0.4 },
        Warnings = ["something"],
        MeasuredAt = DateTimeOffset.UnixEpoch,
    };

    [Fact]
    public void The_JSON_has_the_names_that_scripts_rely_on()
    {
        using JsonDocument document = JsonDocument.Parse(ThroughputReport.ToJson([s_result]));
        JsonElement point = document.RootElement[0];
        foreach (string name in new[] { "concurrency", "requests", "errors", "durationSeconds", "outputTokensPerSecond", "totalTokensPerSecond", "goodputRequestsPerSecond", "server", "client" })
        {
            Assert.True(point.TryGetProperty(name, out _), name);
        }

        foreach (string summary in new[] { "ttftSeconds", "tpotSeconds", "itlSeconds", "e2eSeconds" })
        {
            foreach (string name in new[] { "mean", "p50", "p90", "p99" })
            {
                Assert.Equal(JsonValueKind.Number, point.GetProperty(summary).GetProperty(name).ValueKind);
            }
        }

        Assert.Equal(0.19, point.GetProperty("ttftSeconds").GetProperty("p50").GetDouble());
        Assert.Equal(1, point.GetProperty("errorKinds").GetProperty("HTTP 503").GetInt32());
        Assert.Equal(JsonValueKind.Null, point.GetProperty("server").GetProperty("decodeTokensPerSecond").ValueKind);
    }

    [Fact]
    public void The_Markdown_shows_milliseconds_warnings_and_the_command_to_repeat()
    {
        string text = ThroughputReport.ToMarkdown([s_result], new ReportContext { Title = "box", Environment = [new("GPU", "2 × A")] });
        Assert.StartsWith("# Throughput of box\n", text, StringComparison.Ordinal);
        Assert.Contains("- GPU: 2 × A\n", text, StringComparison.Ordinal);
        Assert.Contains("| 4 streams | 16 | 1 | 123.5 | 0.0 | 190.00 | 300.00 | 400.00 | – |", text, StringComparison.Ordinal);
        Assert.Contains("- 4 streams: something\n", text, StringComparison.Ordinal);
        Assert.Contains("    llmops bench http://127.0.0.1:8080/ --concurrency 4 --prompt-tokens 512 --output-tokens 128 --requests 16\n", text, StringComparison.Ordinal);
        Assert.Contains("- Model: m\\|n\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void No_results_are_said_to_be_none() =>
        Assert.Contains("No load point was measured.", ThroughputReport.ToMarkdown([], null), StringComparison.Ordinal);

    [Fact]
    public void The_CSV_quotes_what_needs_quotes_and_every_line_has_every_column()
    {
        string[] lines = ThroughputReport.ToCsv([s_result]).Split("\r\n");
        Assert.StartsWith("\"a, \"\"b\"\"\",http://127.0.0.1:8080/,m|n,1970-01-01T", lines[1], StringComparison.Ordinal);
        Assert.Equal(lines[0].Split(',').Length, lines[1].Split(',').Length - 1);
        Assert.Equal("", lines[2]);
    }
}
