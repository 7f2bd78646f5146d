using System.Text.Json;

namespace LlmOps.Cli.Tests;

/// <summary>What one run of the command left.</summary>
public sealed record Outcome(int ExitCode, string Output, string Error)
{
    /// <summary>Standard output as the one JSON document that it must be.</summary>
    public JsonElement Json
    {
        get
        {
            Assert.True(Output.Length > 0, $"no JSON but exit code {ExitCode}: {Error}");
            return JsonDocument.Parse(Output).RootElement;
        }
    }

    /// <summary>The one line on standard error, with nothing on standard output.</summary>
    public string OneLineError()
    {
        Assert.Equal(string.Empty, Output);
        string line = Assert.Single(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("llmops: ", line, StringComparison.Ordinal);
        return line;
    }
}
