using LlmOps.Servers;

namespace LlmOps.Tests.Servers;

public sealed class ServerNameTests
{
    [Theory]
    [InlineData("qwen3-8b_Q4.gguf")]
    [InlineData("a")]
    [InlineData("...")]
    public void Letters_digits_dots_dashes_and_underscores_make_a_name(string name) => Assert.Equal(name, ServerName.Require(name));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../x")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("a\0b")]
    [InlineData("naïve")]
    [InlineData("x~lock")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void Anything_else_is_refused(string name) =>
        Assert.Equal("ServerNameInvalid", Assert.Throws<LlmOpsException>(() => ServerName.Require(name)).ErrorId);
}
