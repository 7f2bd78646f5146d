namespace LlmOps.Benchmarking;

/// <summary>Makes prompts of a wanted number of tokens as the server counts them, chat template included.</summary>
/// <param name="client">Sends the first request.</param>
/// <param name="probe">Asks for counts.</param>
/// <param name="shape">What all requests have in common, its prompts excepted.</param>
/// <param name="timeout">How long the first request may take.</param>
internal sealed class PromptCalibration(ServerClient client, ServerProbe probe, RequestShape shape, TimeSpan timeout)
{
    /// <summary>Long enough for a steady number of tokens per word, short enough for any context.</summary>
    private const int ProbeWords = 32;

    /// <summary>More words never mean fewer tokens as long as the words are the same.</summary>
    private const int Number = 0;

    private readonly PromptTokenizer _tokenizer = new(probe, shape.Model);

    /// <summary>The prompt, and a warning when its length is only a guess.</summary>
    /// <param name="promptTokens">Tokens wanted.</param>
    /// <param name="sharedTokens">How many of them all prompts begin with.</param>
    /// <param name="prompts">How many prompts will be needed.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LlmOpsException"><c>ChatRequestFailed</c>, <c>ApiKeyRefused</c> or <c>ServerNotReachable</c>.</exception>
    public async Task<CalibratedPrompt> RunAsync(int promptTokens, int sharedTokens, int prompts, CancellationToken cancellationToken)
    {
        WordList words = await new WordSelection(_tokenizer).ChooseAsync(cancellationToken).ConfigureAwait(false);
        WordPrompt shortPrompt = new(words, ProbeWords);
        TokenUsage? usage = await AskAsync(shortPrompt, cancellationToken).ConfigureAwait(false);
        int? textTokens = await _tokenizer.CountAsync(shortPrompt, Number, cancellationToken).ConfigureAwait(false);
        if (textTokens is not > 0)
        {
            return usage is null
                ? new CalibratedPrompt(shortPrompt with { Count = promptTokens }, "the server has no /tokenize and sends no usage, so one word was taken for one token", [])
                : await EstimateAsync(shortPrompt, promptTokens, usage.Value.PromptTokens, cancellationToken).ConfigureAwait(false);
        }

        ReadOnlyMemory<byte> shared = await SharedAsync(words, sharedTokens, cancellationToken).ConfigureAwait(false);

        // What the chat template adds is in the server's usage and not in the text.
        long overhead = usage is null ? 0 : Math.Max(0, usage.Value.PromptTokens - textTokens.Value);
        WordPrompt prompt = await new PromptFit(_tokenizer, words, Number, shared).FindAsync(promptTokens - overhead, cancellationToken).ConfigureAwait(false);
        if (usage is null)
        {
            return new CalibratedPrompt(prompt, "the server sends no usage, so prompts are longer than asked for by what its chat template adds", []);
        }

        int? shortest = await _tokenizer.CountAsync(new WordPrompt(words, 1) { SharedWords = shared }, Number, cancellationToken).ConfigureAwait(false);
        if (shortest is { } text && text + overhead > promptTokens)
        {
            string warning = FormattableString.Invariant($"prompts have {text + overhead} tokens, not {promptTokens}: the shortest has {text}, and the chat template adds {overhead}");
            return new CalibratedPrompt(prompt, warning, [], (int)(text + overhead));
        }

        ExactPrompts exact = new(_tokenizer, shape.Api, words, shared);
        int? whole = await _tokenizer.CountWholeAsync(shortPrompt, Number, shape.Api, cancellationToken).ConfigureAwait(false);
        return await exact.FindAsync(prompt, promptTokens, overhead, countsWhole: whole == usage.Value.PromptTokens, prompts, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ReadOnlyMemory<byte>> SharedAsync(WordList words, int tokens, CancellationToken cancellationToken)
    {
        if (tokens == 0)
        {
            return default;
        }

        WordPrompt prompt = await new PromptFit(_tokenizer, words, Number).FindAsync(tokens, cancellationToken).ConfigureAwait(false);
        return new SyntheticPrompts(prompt, PromptTokenizer.Seed).Turn(Number, 1)[0].Content;
    }

    private async Task<CalibratedPrompt> EstimateAsync(WordPrompt shortPrompt, int promptTokens, long shortTokens, CancellationToken cancellationToken)
    {
        const int LongProbeWords = 4 * ProbeWords;
        TokenUsage? usage = await AskAsync(shortPrompt with { Count = LongProbeWords }, cancellationToken).ConfigureAwait(false);
        double tokensPerWord = Math.Max(0.1, ((usage?.PromptTokens ?? 0) - shortTokens) / (double)(LongProbeWords - ProbeWords));
        double overhead = shortTokens - (tokensPerWord * ProbeWords);
        int words = (int)Math.Clamp(Math.Round((promptTokens - overhead) / tokensPerWord), 1, int.MaxValue);
        return new CalibratedPrompt(shortPrompt with { Count = words }, "the server has no /tokenize, so the prompt length was estimated from the usage of two requests", []);
    }

    private async Task<TokenUsage?> AskAsync(WordPrompt prompt, CancellationToken cancellationToken)
    {
        ChatRequest request = new(shape with { Prompts = new SyntheticPrompts(prompt, PromptTokenizer.Seed), OutputTokens = 1, Turns = 1, ToolCalls = false });
        request.Prepare(static () => Number, continues: false);
        RequestSample sample = await client.StreamAsync(request, MonotonicClock.Now, timeout, cancellationToken).ConfigureAwait(false);
        if (sample.Error is null)
        {
            return sample.Usage;
        }

        probe.RequireKeyAccepted(sample.Error is "HTTP 401" ? 401 : sample.Error is "HTTP 403" ? 403 : 0);
        string detail = sample.ErrorDetail is null ? "" : $": {sample.ErrorDetail}";
        throw new LlmOpsException($"The server at {client.Address} failed a first request for one token ({sample.Error}{detail}); look at its log.", "ChatRequestFailed") { Kind = ErrorKind.ServerFailed };
    }
}
