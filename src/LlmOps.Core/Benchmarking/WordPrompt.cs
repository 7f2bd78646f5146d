using System.Buffers;
using System.Text;

namespace LlmOps.Benchmarking;

/// <summary>A synthetic prompt: random words from the first one on, so that no two prompts share a beginning that a cache could reuse.</summary>
/// <param name="List">The words to draw from.</param>
/// <param name="Count">How many words.</param>
/// <param name="Suffix">Short text that fills what whole words cannot.</param>
internal sealed record WordPrompt(WordList List, int Count, string Suffix = "")
{
    /// <summary>Words that all prompts begin with on purpose; empty for none.</summary>
    public ReadOnlyMemory<byte> SharedWords { get; init; }

    /// <summary>Appends one such prompt as UTF-8.</summary>
    public void Write(IBufferWriter<byte> writer, Random random)
    {
        if (SharedWords.Length > 0)
        {
            writer.Write(SharedWords.Span);
        }

        for (int index = 0; index < Count; index++)
        {
            byte[] word = List.Words[random.Next(List.Words.Count)];
            int separator = index == 0 && SharedWords.Length == 0 ? 0 : 1;
            Span<byte> target = writer.GetSpan(word.Length + separator);
            target[0] = (byte)' ';
            word.CopyTo(target[separator..]);
            writer.Advance(word.Length + separator);
        }

        if (Suffix.Length > 0)
        {
            writer.Advance(Encoding.UTF8.GetBytes(Suffix, writer.GetSpan(Encoding.UTF8.GetMaxByteCount(Suffix.Length))));
        }
    }
}
