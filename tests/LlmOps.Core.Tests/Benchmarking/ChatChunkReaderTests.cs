using System.Text;
using System.Text.Json;
using LlmOps.Benchmarking;
using Xunit;

namespace LlmOps.Tests.Benchmarking;

public sealed class ChatChunkReaderTests
{
    [Theory]
    [InlineData("""{"role":"assistant","content":null}""", false)]
    [InlineData("""{"role":"assistant","content":""}""", false)]
    [InlineData("""{"content":"x"}""", true)]
    [InlineData("""{"content":" "}""", true)]
    [InlineData("""{"content":"","reasoning_content":"hm"}""", true)]
    [InlineData("""{"reasoning":"hm"}""", true)]
    [InlineData("""{"reasoning":{"text":"odd"}}""", false)]
    [InlineData("""{"tool_calls":[]}""", false)]
    [InlineData("""{"tool_calls":[{"index":0,"function":{"arguments":"{\"content\":"}}]}""", true)]
    [InlineData("""{"refusal":"content","other":{"content":"x"}}""", false)]
    [InlineData("{}", false)]
    [InlineData("null", false)]
    public void Output_is_content_reasoning_or_a_tool_call(string delta, bool hasOutput)
    {
        ChatChunk chunk = Read($$"""{"id":"content","choices":[{"index":0,"delta":{{delta}},"finish_reason":null}],"usage":null}""");
        Assert.Equal(hasOutput, chunk.HasOutput);
        Assert.False(chunk.HasFinishReason);
        Assert.False(chunk.IsError);
        Assert.Null(chunk.Usage);
    }

    [Fact]
    public void Half_a_character_in_a_chunk_is_output_like_any_other()
    {
        byte[] json = [.. "{\"choices\":[{\"delta\":{\"content\":\""u8, 0xC3, .. "\"}}]}"u8];
        Assert.True(ChatChunkReader.Read(json).HasOutput);
    }

    [Fact]
    public void The_usage_chunk_gives_tokens_cache_and_timings()
    {
        ChatChunk chunk = Read("""
            {"choices":[],"usage":{"completion_tokens":64,"prompt_tokens":128,"total_tokens":192,"prompt_tokens_details":{"cached_tokens":9}},
             "timings":{"cache_n":9,"prompt_n":119,"prompt_ms":20.1,"prompt_per_second":744.5,"predicted_n":64,"predicted_ms":3.6,"predicted_per_second":271.25,"draft_n":30,"draft_n_accepted":21}}
            """);
        Assert.Equal(new TokenUsage(128, 64, 9), chunk.Usage);
        Assert.Equal(
            new ServerTimings { PromptTokens = 119, PromptTokensPerSecond = 744.5, OutputTokens = 64, OutputTokensPerSecond = 271.25, OutputSeconds = 0.0036, CachedTokens = 9, DraftTokens = 30, DraftTokensAccepted = 21 },
            chunk.Timings);
    }

    [Theory]
    [InlineData("""{"error":{"code":500,"message":"boom"}}""", true)]
    [InlineData("""{"error":"Unauthorized"}""", true)]
    [InlineData("""{"error":null,"choices":[]}""", false)]
    public void An_error_is_told_from_a_null(string json, bool isError) => Assert.Equal(isError, Read(json).IsError);

    [Theory]
    [InlineData("""{"usage":{"prompt_tokens":-1,"completion_tokens":"many","prompt_tokens_details":null}}""")]
    [InlineData("""{"usage":{"prompt_tokens":1e400,"completion_tokens":[1,2],"prompt_tokens_details":{"cached_tokens":{}}}}""")]
    public void Counts_that_are_no_counts_are_zero(string json) => Assert.Equal(new TokenUsage(0, 0, 0), Read(json).Usage);

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("[1]")]
    [InlineData("{\"choices\":[{")]
    public void Data_that_is_no_JSON_object_is_refused(string text) => Assert.ThrowsAny<JsonException>(() => Read(text));

    private static ChatChunk Read(string json) => ChatChunkReader.Read(Encoding.UTF8.GetBytes(json));
}
