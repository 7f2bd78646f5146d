using System.Text;
using LlmOps.Processes;

namespace LlmOps.Core.Tests.Processes;

public sealed class BoundedLinesTests
{
    [Theory]
    [InlineData("")]
    [InlineData("one")]
    [InlineData("one\n")]
    [InlineData("\n\none\n\n")]
    [InlineData("10 %\r20 %\r\n\r\ndone\r")]
    public async Task Lines_are_those_of_a_reader(string text)
    {
        Assert.Equal(await ReadAsync(new StringReader(text).ReadLine), await ReadAsync(text, BoundedLines.Longest));
    }

    // 4096 letters are read at a time: line ends that fall between two reads are still one end.
    [Fact]
    public async Task An_end_of_two_letters_is_one_end_wherever_it_falls()
    {
        for (int length = 4090; length < 4100; length++)
        {
            string text = new string('a', length) + "\r\nb";
            Assert.Equal([new string('a', length), "b"], await ReadAsync(text, BoundedLines.Longest));
        }
    }

    [Fact]
    public async Task Of_a_line_that_does_not_end_only_the_beginning_is_kept()
    {
        StringBuilder text = new StringBuilder().Append('a', 100_000).Append("\nnext\n");

        Assert.Equal([new string('a', 10), "next"], await ReadAsync(text.ToString(), 10));
    }

    private static async Task<List<string>> ReadAsync(string text, int longest)
    {
        BoundedLines lines = new(new StringReader(text), longest);
        List<string> read = [];
        while (await lines.ReadAsync() is { } line)
        {
            read.Add(line);
        }

        return read;
    }

    private static Task<List<string>> ReadAsync(Func<string?> readLine)
    {
        List<string> read = [];
        while (readLine() is { } line)
        {
            read.Add(line);
        }

        return Task.FromResult(read);
    }
}
