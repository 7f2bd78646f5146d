namespace LlmOps.Core.Tests;

public sealed class SpellingTests
{
    [Fact]
    public void A_slip_finds_what_was_meant() => Assert.Equal("contextLength", Spelling.Nearest("contextLenght", ["parallel", "contextLength"]));

    [Fact]
    public void Something_quite_different_finds_nothing() => Assert.Null(Spelling.Nearest("temperature", ["parallel", "contextLength"]));

    [Theory]
    [InlineData("24GB", 24L << 30)]
    [InlineData("1.5 GiB", 3L << 29)]
    [InlineData("512", 512)]
    [InlineData("10mb", 10L << 20)]
    public void Sizes_are_read_with_their_units(string text, long bytes)
    {
        Assert.True(Bytes.TryParse(text, out long read));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GB")]
    [InlineData("-1GB")]
    [InlineData("5 apples")]
    public void What_is_no_size_is_refused(string text) => Assert.False(Bytes.TryParse(text, out _));

    [Theory]
    [InlineData(512, "512 B")]
    [InlineData(6829056, "6.51 MiB")]
    [InlineData(25769803776, "24.0 GiB")]
    [InlineData(-1073741824, "-1.00 GiB")]
    public void Sizes_are_written_with_three_digits(long bytes, string text) => Assert.Equal(text, Bytes.Format(bytes));
}
