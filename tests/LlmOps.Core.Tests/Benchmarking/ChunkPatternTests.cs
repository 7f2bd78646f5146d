using System.Text;
using LlmOps.Benchmarking;
using Xunit;

namespace LlmOps.Tests.Benchmarking;

public sealed class ChunkPatternTests
{
    private const string Known = "{\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" a\"},\"finish_reason\":null}]}";

    [Theory]
    [InlineData("{\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"another é\"},\"finish_reason\":null}]}", true)]
    [InlineData("{\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},\"finish_reason\":null}]}", false)]
    [InlineData("{\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}", false)]
    [InlineData("{\"id\":\"y\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":null}]}", false)]
    [InlineData("{\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":null}],\"usage\":{}}", false)]
    [InlineData("{\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\",\"x\":\"b\"},\"finish_reason\":null}]}", false)]
    [InlineData("{\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\\\\\"},\"finish_reason\":null}]}", false)]
    [InlineData("{\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\u0007\"},\"finish_reason\":null}]}", false)]
    [InlineData("{\"id\":\"x\",\"choices\":[{\"ind", false)]
    [InlineData("", false)]
    public void Only_another_text_in_the_same_chunk_is_known(string json, bool known) =>
        Assert.Equal(known, Learned(Known).Matches(Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData("{\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}")]
    [InlineData("{\"choices\":[{\"delta\":{\"content\":\"a\"}},{\"delta\":{\"content\":\"b\"}}]}")]
    [InlineData("{\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}")]
    [InlineData("{\"choices\":[{\"delta\":{\"reasoning_content\":\"a\"}}]}")]
    public void A_chunk_that_says_more_than_a_text_is_not_learned(string json) =>
        Assert.False(Learned(json).Matches(Encoding.UTF8.GetBytes(json)));

    private static ChunkPattern Learned(string json)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        ChunkPattern pattern = new();
        pattern.Learn(bytes, ChatChunkReader.Read(bytes));
        return pattern;
    }
}
