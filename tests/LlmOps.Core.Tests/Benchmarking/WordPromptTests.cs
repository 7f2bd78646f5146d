using System.Buffers;
using System.Text;
using LlmOps.Benchmarking;
using Xunit;

namespace LlmOps.Tests.Benchmarking;

public sealed class WordPromptTests
{
    [Fact]
    public void A_prompt_has_its_words_and_then_its_suffix()
    {
        ArrayBufferWriter<byte> text = new();
        new WordPrompt(WordList.Common, 3, "?!").Write(text, new Random(5));
        Assert.Matches("^[a-z]{4} [a-z]{4} [a-z]{4}\\?!$", Encoding.UTF8.GetString(text.WrittenSpan));
    }

    [Fact]
    public void The_common_words_have_four_letters_each_and_none_comes_twice()
    {
        Assert.All(WordList.Common.Words, word => Assert.Equal(4, word.Length));
        Assert.Equal(WordList.Common.Words.Count, WordList.Common.Words.Select(word => Encoding.UTF8.GetString(word)).Distinct().Count());
    }
}
