using System.Buffers;

namespace LlmOps.Benchmarking;

/// <summary>Counts the tokens of prompts by the server's own tokenizer.</summary>
internal sealed class PromptTokenizer(ServerProbe probe, string model)
{
    /// <summary>How many tokens the prompt of a seed has; null when the server cannot say.</summary>
    public async Task<int?> CountAsync(WordPrompt prompt, int seed, CancellationToken cancellationToken)
    {
        ArrayBufferWriter<byte> text = new(8 * (prompt.Count + 16));
        prompt.Write(text, new Random(seed));
        return await probe.CountTokensAsync(model, text.WrittenMemory, cancellationToken).ConfigureAwait(false);
    }
}
