using System.Text.Json;
using LlmOps.Benchmarking.SelfCheck;

namespace LlmOps.Cli.Tests;

public sealed class BenchCommandTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Theory]
    [InlineData("needs the address or the name of a server", "bench")]
    [InlineData("--rate takes a number above 0, not 'fast'", "bench", "http://127.0.0.1:1", "--rate", "1,fast")]
    [InlineData("--arrival takes one of closed-loop, constant, poisson, gamma", "bench", "http://127.0.0.1:1", "--arrival", "now")]
    [InlineData("a search for the highest load within objectives needs the objectives", "bench", "http://127.0.0.1:1", "--search", "slo")]
    [InlineData("shared prefix tokens 128 is not between 0 and the prompt's 128", "bench", "http://127.0.0.1:1", "--shared-prefix-tokens", "128")]
    [InlineData("The prompt file '/nowhere' cannot be read", "bench", "http://127.0.0.1:1", "--prompt-file", "/nowhere")]
    [InlineData("--self-check measures no server and takes no other option; leave out --concurrency", "bench", "--self-check", "--concurrency", "4")]
    [InlineData("--definitions measures no server and takes no other option; leave out URL|NAME", "bench", "http://127.0.0.1:1", "--definitions")]
    public async Task A_load_that_makes_no_sense_is_refused_in_one_line(string problem, params string[] arguments)
    {
        Outcome outcome = await _sandbox.RunAsync(arguments);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(problem, outcome.OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_help_says_what_each_figure_means_and_what_the_self_check_found()
    {
        Assert.Contains("--definitions", (await _sandbox.RunAsync("bench", "--help")).Output, StringComparison.Ordinal);
        Outcome outcome = await _sandbox.RunAsync("bench", "--definitions", "--json");
        Assert.Equal(0, outcome.ExitCode);
        using JsonDocument document = JsonDocument.Parse(outcome.Output);
        JsonElement ttft = document.RootElement.EnumerateArray().Single(figure => figure.GetProperty("name").GetString() == "TTFT");
        Assert.Contains("content, reasoning or a tool call", ttft.GetProperty("meaning").GetString(), StringComparison.Ordinal);
        Assert.Contains("AIPerf", ttft.GetProperty("matches").GetString(), StringComparison.Ordinal);
        Assert.Equal("ttftSeconds", ttft.GetProperty("field").GetString());
        Assert.Contains("self-check found", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("TTFT", (await _sandbox.RunAsync("bench", "--definitions")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_is_the_server_of_its_own_self_check()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the server of exact timing needs Linux");
        SelfCheckOptions load = new() { Streams = 4, TokensPerSecond = 100, Duration = TimeSpan.FromMilliseconds(200), FirstToken = TimeSpan.FromMilliseconds(10) };
        List<SelfCheckResult> results = [];
        await foreach (SelfCheckResult result in SelfCheckRun.RunAsync([load], TestContext.Current.CancellationToken))
        {
            results.Add(result);
        }

        Assert.Equal((0, 80L, 80L), (Assert.Single(results).Errors, results[0].ClientOutputTokens, results[0].ServerOutputTokens));
    }
}
