using System.Text;
using LlmOps.Servers;

namespace LlmOps.Tests.Servers;

public sealed class LineSplitterTests
{
    [Theory]
    [InlineData("a\nb\n", "a|b")]
    [InlineData("a\n\nb", "a||b")]
    [InlineData("a\r\nb\r\n", "a|b")]
    [InlineData("10%\r20%\r\n", "10%|20%")]
    [InlineData("", "")]
    public void Lines_end_with_line_feeds_and_carriage_returns(string text, string lines)
    {
        // However the bytes arrive.
        for (int size = 1; size <= Math.Max(1, text.Length); size++)
        {
            Assert.Equal(lines, string.Join('|', Split(text, size)));
        }
    }

    [Fact]
    public void A_line_without_end_is_cut_and_nothing_of_it_is_lost()
    {
        string text = string.Concat(Enumerable.Range(0, 100).Select(number => (char)('a' + (number % 26))));

        List<string> lines = Split(text + "\nz", size: 7, longest: 16);

        Assert.Equal(text + "z", string.Concat(lines));
        Assert.All(lines, line => Assert.True(line.Length <= 16));
        Assert.Equal("z", lines[^1]);
    }

    private static List<string> Split(string text, int size, int longest = 1024)
    {
        List<string> lines = [];
        LineSplitter splitter = new(line => lines.Add(Encoding.UTF8.GetString(line)), longest);
        foreach (byte[] chunk in Encoding.UTF8.GetBytes(text).Chunk(size))
        {
            splitter.Feed(chunk);
        }

        splitter.Finish();
        return lines;
    }
}
