using LlmOps.Benchmarking;
using LlmOps.Servers;

namespace LlmOps.Integration.Tests;

public sealed class MeasurementTests(RealEngine real) : IClassFixture<RealEngine>
{
    [Fact]
    public async Task Every_token_that_the_server_generated_is_counted_and_no_prompt_came_from_a_cache()
    {
        await using ServerHarness servers = new(real);
        LlmServer server = await servers.StartAsync(servers.Plan("measured"));
        MeasurementOptions options = new() { Endpoint = server.Endpoint, ServerName = server.Name, Concurrency = [1, 2, 4], PromptTokens = 64, OutputTokens = 32, Requests = 8 };

        List<ThroughputResult> results = [];
        await foreach (ThroughputResult result in new ThroughputMeasurement(options).RunAsync(null, TestContext.Current.CancellationToken))
        {
            results.Add(result);
        }

        Assert.Equal([1, 2, 4], results.Select(result => result.Concurrency));
        Assert.All(results, result =>
        {
            Assert.Equal(0, result.Errors);
            Assert.Equal(8 * 32, result.OutputTokens);
            Assert.Equal(result.OutputTokens, result.Server.OutputTokens);
            Assert.Equal(0, result.CachedPromptTokens);
            Assert.InRange(result.PromptTokens, 8 * 62, 8 * 66); // Each prompt starts with letters of its own, which do not always make as many tokens.
            Assert.True(result.TtftSeconds.P50 > 0 && result.TtftSeconds.P50 <= result.E2eSeconds.P50);
        });
    }
}
