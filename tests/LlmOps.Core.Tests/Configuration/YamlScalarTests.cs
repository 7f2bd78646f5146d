using LlmOps.Configuration;
using YamlDotNet.RepresentationModel;

namespace LlmOps.Tests.Configuration;

public sealed class YamlScalarTests
{
    [Theory]
    [InlineData("/models/Qwen-7B_Q4.gguf", true)]
    [InlineData("on-failure", true)]
    [InlineData("q8_0", true)]
    [InlineData("two words", true)]
    [InlineData("OFF", false)]
    [InlineData("n", false)]
    [InlineData("Null", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("8080", false)]
    [InlineData("1e6", false)]
    [InlineData("0x1f", false)]
    [InlineData("2026-11-21 and later", false)]
    [InlineData(".inf", false)]
    [InlineData("~", false)]
    [InlineData("a: b", false)]
    [InlineData("a #b", false)]
    [InlineData("http://host:80", false)]
    [InlineData("", false)]
    [InlineData("line\nline", false)]
    public void A_text_is_written_so_that_it_is_read_as_that_text(string text, bool plain)
    {
        string written = YamlScalar.Of(text);

        Assert.Equal(plain, written == text);
        YamlStream stream = [];
        stream.Load(new StringReader(written));
        Assert.Equal(text, ((YamlScalarNode)stream.Documents[0].RootNode).Value);
    }
}
