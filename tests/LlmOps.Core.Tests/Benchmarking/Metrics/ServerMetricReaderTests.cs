using System.Globalization;
using LlmOps.Benchmarking.Metrics;

namespace LlmOps.Core.Tests.Benchmarking.Metrics;

public sealed class ServerMetricReaderTests : IAsyncDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(20);

    private readonly StandInServer _server = new();
    private int _looks;

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Of_vllm_requests_cache_rates_acceptance_and_preemptions_are_told()
    {
        _server.Pages["/version"] = () => (200, "{\"version\":\"0.21.0\"}");
        _server.Pages["/metrics"] = () =>
        {
            int look = Interlocked.Increment(ref _looks);
            return (200, string.Create(CultureInfo.InvariantCulture, $$"""
                vllm:num_requests_running{engine="0",model_name="qwen"} 7
                vllm:num_requests_waiting{engine="0",model_name="qwen"} 2
                vllm:kv_cache_usage_perc{engine="0",model_name="qwen"} 0.5
                vllm:prompt_tokens_total{engine="0",model_name="qwen"} {{1000 * look}}
                vllm:generation_tokens_total{engine="0",model_name="qwen"} {{100 * look}}
                vllm:num_preemptions_total{engine="0",model_name="qwen"} 3
                vllm:spec_decode_num_drafts_total{engine="0",model_name="qwen"} 40
                vllm:spec_decode_num_draft_tokens_total{engine="0",model_name="qwen"} 120
                vllm:spec_decode_num_accepted_tokens_total{engine="0",model_name="qwen"} 60
                """));
        };

        ServerMetric metric = await ReadAsync();
        Assert.Equal(("vllm", "0.21.0", "qwen", 7, 2, 0.5), (metric.Engine, metric.Version, metric.Model, metric.RequestsRunning, metric.RequestsWaiting, metric.KvCacheUsage));
        Assert.Equal((200L, 3L, 0.5, 2.5), (metric.OutputTokens, metric.Preemptions, metric.AcceptanceRate, metric.AcceptanceLength));
        Assert.Equal(100 / metric.IntervalSeconds, metric.OutputTokensPerSecond!.Value, 6);
        Assert.Equal(10 * metric.OutputTokensPerSecond.Value, metric.PromptTokensPerSecond!.Value, 6);
        Assert.DoesNotContain("/slots", _server.Asked);
        Assert.Empty(metric.Notes);
    }

    [Fact]
    public async Task Of_llama_server_slots_are_told_and_one_slot_gives_the_use_of_the_cache()
    {
        _server.Pages["/props"] = () => (200, "{\"model_alias\":\"tiny\",\"build_info\":\"b1-abc\"}");
        _server.Pages["/metrics"] = () => (200, "llamacpp:requests_processing 1\nllamacpp:requests_deferred 4\nllamacpp:tokens_predicted_total 5\n");
        _server.Pages["/slots"] = () => (200, "[{\"id\":0,\"n_ctx\":1000,\"is_processing\":true,\"n_prompt_tokens\":250,\"next_token\":[{\"n_decoded\":8}]}]");

        ServerMetric metric = await ReadAsync();
        Assert.Equal(("llama.cpp", "b1-abc", "tiny", 1, 4, 0.25), (metric.Engine, metric.Version, metric.Model, metric.RequestsRunning, metric.RequestsWaiting, metric.KvCacheUsage));
        SlotMetric slot = Assert.Single(metric.Slots);
        Assert.Equal((true, 1000L, 250L, 8L), (slot.IsBusy, slot.ContextLength, slot.TokensHeld, slot.TokensGenerated));
        Assert.Equal(0, metric.OutputTokensPerSecond);
        Assert.Null(metric.AcceptanceLength);
    }

    [Fact]
    public async Task Without_metrics_slots_still_tell_and_a_note_says_which_flag_is_missing()
    {
        _server.Pages["/metrics"] = () => (501, "{\"error\":{\"message\":\"off\"}}");
        _server.Pages["/slots"] = () => (200, "[{\"id\":0,\"n_ctx\":512,\"is_processing\":false},{\"id\":1,\"n_ctx\":512,\"is_processing\":true,\"next_token\":{\"n_decoded\":3}}]");

        ServerMetric metric = await ReadAsync();
        Assert.Equal(("llama.cpp", 1, 2, null), (metric.Engine, metric.RequestsRunning, metric.SlotCount, metric.KvCacheUsage));
        Assert.Equal("/metrics answers HTTP 501, so counters are missing; start llama-server with --metrics", Assert.Single(metric.Notes));
        Assert.Single(_server.Asked, "/metrics");
        Assert.Equal(3, metric.Slots[1].TokensGenerated);
    }

    [Fact]
    public async Task A_counter_that_went_back_because_of_a_restart_has_no_rate()
    {
        _server.Pages["/metrics"] = () => (200, string.Create(CultureInfo.InvariantCulture, $"vllm:generation_tokens_total {(Interlocked.Increment(ref _looks) == 1 ? 500 : 20)}\n"));
        ServerMetric metric = await ReadAsync();
        Assert.Equal((20L, null), (metric.OutputTokens, metric.OutputTokensPerSecond));
    }

    [Fact]
    public async Task Watching_goes_on_until_it_is_ended()
    {
        _server.Pages["/metrics"] = () => (200, string.Create(CultureInfo.InvariantCulture, $"vllm:generation_tokens_total {Interlocked.Increment(ref _looks)}\n"));
        List<long?> seen = [];
        await foreach (ServerMetric metric in new ServerMetricReader(_server.Endpoint, "s", null).WatchAsync(s_interval, TestContext.Current.CancellationToken))
        {
            seen.Add(metric.OutputTokens);
            if (seen.Count == 3)
            {
                break;
            }
        }

        Assert.Equal([2, 3, 4], seen);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_one_error_with_the_address()
    {
        await _server.DisposeAsync();
        LlmOpsException problem = await Assert.ThrowsAsync<LlmOpsException>(ReadAsync);
        Assert.Equal("ServerNotReachable", problem.ErrorId);
        Assert.Contains(_server.Endpoint.Authority, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1,null,\"x\"]")]
    [InlineData("[{\"id\":\"a\",\"n_ctx\":-1.5,\"next_token\":[]}]")]
    public void A_strange_slots_page_breaks_nothing(string text) => Assert.All(SlotPage.Parse(text), slot => Assert.False(slot.IsBusy));

    private Task<ServerMetric> ReadAsync() => new ServerMetricReader(_server.Endpoint, "s", null).ReadAsync(s_interval, TestContext.Current.CancellationToken);
}
