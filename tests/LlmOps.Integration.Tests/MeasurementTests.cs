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

    [Fact]
    public async Task A_shared_beginning_comes_from_the_servers_cache_and_prompts_of_their_own_never_do()
    {
        await using ServerHarness servers = new(real);
        LlmServer server = await servers.StartAsync(servers.Plan("cached"));
        MeasurementOptions options = new() { Endpoint = server.Endpoint, ServerName = server.Name, PromptTokens = 256, OutputTokens = 8, Requests = 6, Warmup = 2 };

        // Twice: what the first run left in the cache must not help the second.
        Assert.All(await MeasureAsync(options), sample => Assert.Equal(0, sample.CachedTokens));
        Assert.All(await MeasureAsync(options), sample => Assert.Equal(0, sample.CachedTokens));

        // What stands before the text in the chat template is shared too; the last shared word may merge with what follows it.
        Assert.All(await MeasureAsync(options with { SharedPrefixTokens = 200 }), sample => Assert.InRange(sample.CachedTokens, 198, 200 + 32));

        async Task<IReadOnlyList<RequestFigures>> MeasureAsync(MeasurementOptions wanted)
        {
            await foreach (ThroughputResult result in new ThroughputMeasurement(wanted).RunAsync(null, TestContext.Current.CancellationToken))
            {
                Assert.Equal((0, 6), (result.Errors, result.Samples.Count));
                return result.Samples;
            }

            throw new InvalidOperationException("nothing was measured");
        }
    }
}
