using System.Text;
using LlmOps.Logs;

namespace LlmOps.Tests.Servers;

public sealed class SecretMaskTests
{
    [Theory]
    [InlineData("using token hf_AbCdEfGhIjKlMnOp for download", "using token hf_*** for download")]
    [InlineData("Authorization: Bearer sk-proj-abcdef0123456789", "Authorization: Bearer ***")]
    [InlineData("key=sk-0123456789abcdef,", "key=sk-***,")]
    [InlineData("my own key correct-horse was sent", "my own key *** was sent")]
    public void Keys_and_tokens_are_replaced(string line, string masked)
    {
        SecretMask mask = new(["correct-horse"]);

        Assert.Equal(masked, mask.Apply(line));
        Assert.Equal(masked, Written(mask, line));
    }

    [Theory]
    [InlineData("slot 0 | task -1 | disk-based-cache")]
    [InlineData("self_hf_ sk- task-12345678901234")]
    [InlineData("the abc is no secret")]
    public void Ordinary_text_stays(string line) => Assert.Equal(line, Written(new SecretMask(["abc"]), line));

    [Fact]
    public void Bytes_that_are_not_text_pass_unchanged()
    {
        using MemoryStream written = new();
        byte[] bytes = [0xff, 0xfe, 0x80, 0x41];

        new SecretMask(["secret"]).Write(bytes, written);

        Assert.Equal(bytes, written.ToArray());
    }

    private static string Written(SecretMask mask, string line)
    {
        using MemoryStream written = new();
        mask.Write(Encoding.UTF8.GetBytes(line), written);
        return Encoding.UTF8.GetString(written.ToArray());
    }
}
