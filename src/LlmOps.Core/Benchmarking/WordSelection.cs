namespace LlmOps.Benchmarking;

/// <summary>Chooses words that all cost the same, so that every random prompt has exactly as many tokens as the calibrated one.</summary>
internal sealed class WordSelection(PromptTokenizer tokenizer)
{
    /// <summary>Fewer words than this would make prompts that begin alike.</summary>
    private const int FewestWords = 16;

    private const int Repetitions = 8;
    private const int Trials = 4;
    private const int TrialWords = 64;

    /// <summary>All common words when they cost the same, as with the vocabularies of real models; else the cheapest large group that does.</summary>
    public async Task<WordList> ChooseAsync(CancellationToken cancellationToken)
    {
        WordList all = WordList.Common;
        return await CostTheSameAsync(all, cancellationToken).ConfigureAwait(false)
            ? all
            : await CheapestGroupAsync(all, cancellationToken).ConfigureAwait(false) ?? all;
    }

    private async Task<bool> CostTheSameAsync(WordList list, CancellationToken cancellationToken)
    {
        int? first = await tokenizer.CountAsync(new WordPrompt(list, TrialWords), number: 0, cancellationToken).ConfigureAwait(false);
        for (int number = 1; number < Trials; number++)
        {
            if (await tokenizer.CountAsync(new WordPrompt(list, TrialWords), number, cancellationToken).ConfigureAwait(false) != first)
            {
                return false;
            }
        }

        return true;
    }

    private async Task<WordList?> CheapestGroupAsync(WordList list, CancellationToken cancellationToken)
    {
        SortedDictionary<int, List<byte[]>> groups = [];
        foreach (byte[] word in list.Words)
        {
            int? tokens = await tokenizer.CountAsync(new WordPrompt(new WordList([word]), Repetitions), number: 0, cancellationToken).ConfigureAwait(false);
            if (tokens is int count)
            {
                groups.TryAdd(count, []);
                groups[count].Add(word);
            }
        }

        foreach (List<byte[]> group in groups.Values)
        {
            if (group.Count >= FewestWords)
            {
                return new WordList(group);
            }
        }

        return null;
    }
}
