namespace LlmOps.Benchmarking;

/// <summary>Makes sure that every prompt has exactly the wanted length, for words may merge differently in each prompt and with the chat template.</summary>
internal sealed class ExactPrompts(PromptTokenizer tokenizer, CompletionApi api, WordList words, ReadOnlyMemory<byte> shared)
{
    /// <summary>Prompts looked at to learn whether all have the same length.</summary>
    private const int Trials = 6;

    private const int MostShifts = 4;

    /// <summary>Beyond this, prompts come again; there are no more than this even in a run that only time ends.</summary>
    private const int MostPrompts = 4096;

    /// <summary>Prompts tried for each one wanted.</summary>
    private const int TriesForEach = 12;

    /// <summary>The prompt, shifted until the trials have the wanted length or only the right ones are picked.</summary>
    /// <param name="prompt">A first guess.</param>
    /// <param name="target">Tokens wanted, chat template included.</param>
    /// <param name="overhead">What the template adds to a text, when the server cannot count the whole.</param>
    /// <param name="countsWhole">Whether the server can.</param>
    /// <param name="needed">How many prompts will be needed.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<CalibratedPrompt> FindAsync(WordPrompt prompt, int target, long overhead, bool countsWhole, int needed, CancellationToken cancellationToken)
    {
        int numbers = 1;
        long aim = target - overhead;
        for (int shift = 0; shift < MostShifts; shift++)
        {
            long lowest = long.MaxValue;
            long highest = long.MinValue;
            for (int trial = 0; trial < Trials; trial++)
            {
                long count = await CountAsync(prompt, numbers++, overhead, countsWhole, cancellationToken).ConfigureAwait(false);
                (lowest, highest) = (Math.Min(lowest, count), Math.Max(highest, count));
            }

            if (lowest == target && highest == target)
            {
                return new CalibratedPrompt(prompt, null, []);
            }

            if (lowest <= target && highest >= target)
            {
                // Some may be exact already.
                break;
            }

            aim += target - (lowest > target ? lowest : highest);
            WordPrompt shifted = await new PromptFit(tokenizer, words, 0, shared).FindAsync(aim, cancellationToken).ConfigureAwait(false);
            if (shifted == prompt)
            {
                break;
            }

            prompt = shifted;
        }

        return await PickAsync(prompt, target, overhead, countsWhole, needed, cancellationToken).ConfigureAwait(false);
    }

    private async Task<CalibratedPrompt> PickAsync(WordPrompt prompt, int target, long overhead, bool countsWhole, int needed, CancellationToken cancellationToken)
    {
        int wanted = Math.Min(needed, MostPrompts);
        List<int> exact = [];
        for (int number = 0; exact.Count < wanted && number < TriesForEach * wanted; number++)
        {
            if (await CountAsync(prompt, number, overhead, countsWhole, cancellationToken).ConfigureAwait(false) == target)
            {
                exact.Add(number);
            }
            else if (number == 64 && exact.Count == 0)
            {
                break;
            }
        }

        // Few distinct prompts would come again and meet their own cache; then length gives way.
        return exact.Count >= wanted
            ? new CalibratedPrompt(prompt, null, exact)
            : new CalibratedPrompt(prompt, "prompts of exactly the wanted length could not be made with this tokenizer; their mean is close to it", []);
    }

    private async Task<long> CountAsync(WordPrompt prompt, int number, long overhead, bool countsWhole, CancellationToken cancellationToken) => countsWhole
        ? await tokenizer.CountWholeAsync(prompt, number, api, cancellationToken).ConfigureAwait(false) ?? 0
        : (await tokenizer.CountAsync(prompt, number, cancellationToken).ConfigureAwait(false) ?? 0) + overhead;
}
