namespace LlmOps.Benchmarking;

/// <summary>Finds how many words make a wanted number of tokens.</summary>
internal sealed class PromptFit(PromptTokenizer tokenizer, WordList list, int number, ReadOnlyMemory<byte> shared = default)
{
    private const string Filler = ".,;:!?-+";

    /// <summary>The most words that fit, by bisection that interpolates, then filler up to the exact count.</summary>
    /// <param name="target">Tokens wanted; one word is the least that is given.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<WordPrompt> FindAsync(long target, CancellationToken cancellationToken)
    {
        int low = 1;
        long lowTokens = await CountAsync(Words(low), cancellationToken).ConfigureAwait(false);
        int? high = lowTokens >= target ? low + 1 : null;
        double tokensPerWord = lowTokens;
        while (lowTokens < target && (high is null || high - low > 1))
        {
            // High is unknown until a guess was too much: the first word's cost is a bad guide, so words at most grow eightfold.
            long guess = low + (long)((target - lowTokens) / tokensPerWord);
            int next = (int)Math.Clamp(guess, low + 1, high is int bound ? bound - 1 : Math.Min(8L * low, int.MaxValue));
            long tokens = await CountAsync(Words(next), cancellationToken).ConfigureAwait(false);
            if (tokens <= target)
            {
                tokensPerWord = Math.Max(0.1, (tokens - lowTokens) / (double)(next - low));
                (low, lowTokens) = (next, tokens);
            }
            else
            {
                tokensPerWord = Math.Max(0.1, (tokens - lowTokens) / (double)(next - low));
                high = next;
            }
        }

        return await FillAsync(Words(low), target - lowTokens, target, cancellationToken).ConfigureAwait(false);
    }

    private WordPrompt Words(int count) => new(list, count) { SharedWords = shared };

    private async Task<WordPrompt> FillAsync(WordPrompt prompt, long missing, long target, CancellationToken cancellationToken)
    {
        WordPrompt best = prompt;
        for (int length = 1; missing > 0 && length <= Filler.Length; length++)
        {
            WordPrompt candidate = prompt with { Suffix = Filler[..length] };
            long tokens = await CountAsync(candidate, cancellationToken).ConfigureAwait(false);
            if (tokens > target)
            {
                break;
            }

            best = candidate;
            missing = target - tokens;
        }

        return best;
    }

    private async Task<long> CountAsync(WordPrompt prompt, CancellationToken cancellationToken) =>
        await tokenizer.CountAsync(prompt, number, cancellationToken).ConfigureAwait(false) ?? long.MaxValue;
}
