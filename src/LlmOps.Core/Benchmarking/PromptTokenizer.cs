namespace LlmOps.Benchmarking;

/// <summary>Counts the tokens of prompts by the server's own tokenizer.</summary>
internal sealed class PromptTokenizer(ServerProbe probe, string model)
{
    /// <summary>Calibration counts always the same prompts.</summary>
    public const int Seed = 1;

    /// <summary>How many tokens the text of a numbered prompt has; null when the server cannot say.</summary>
    public async Task<int?> CountAsync(WordPrompt prompt, int number, CancellationToken cancellationToken) =>
        await probe.CountTokensAsync(model, TextOf(prompt, number), addSpecial: false, cancellationToken).ConfigureAwait(false);

    /// <summary>How many tokens it has as the server reads it, chat template included; null when the server cannot say.</summary>
    public async Task<int?> CountWholeAsync(WordPrompt prompt, int number, CompletionApi api, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> text = TextOf(prompt, number);
        return api == CompletionApi.Completions
            ? await probe.CountTokensAsync(model, text, addSpecial: true, cancellationToken).ConfigureAwait(false)
            : await probe.CountChatTokensAsync(model, text, cancellationToken).ConfigureAwait(false);
    }

    private static ReadOnlyMemory<byte> TextOf(WordPrompt prompt, int number) => new SyntheticPrompts(prompt, Seed).Turn(number, 1)[0].Content;
}
