namespace LlmOps.Benchmarking;

/// <summary>Makes prompts of a wanted number of tokens as the server counts them, chat template included.</summary>
internal sealed class PromptCalibration(ServerClient client, ServerProbe probe, string model, TimeSpan timeout)
{
    /// <summary>Long enough for a steady number of tokens per word, short enough for any context.</summary>
    private const int ProbeWords = 32;

    /// <summary>Calibration counts always the same words, so that more words never mean fewer tokens.</summary>
    private const int Seed = 1;

    /// <summary>The prompt, and a warning when its length is only a guess.</summary>
    /// <exception cref="LlmOpsException"><c>ChatRequestFailed</c>, <c>ApiKeyRefused</c> or <c>ServerNotReachable</c>.</exception>
    public async Task<CalibratedPrompt> RunAsync(int promptTokens, CancellationToken cancellationToken)
    {
        PromptTokenizer tokenizer = new(probe, model);
        WordList words = await new WordSelection(tokenizer).ChooseAsync(cancellationToken).ConfigureAwait(false);
        WordPrompt shortPrompt = new(words, ProbeWords);
        TokenUsage? usage = await AskAsync(shortPrompt, cancellationToken).ConfigureAwait(false);
        int? textTokens = await tokenizer.CountAsync(shortPrompt, Seed, cancellationToken).ConfigureAwait(false);
        if (textTokens is > 0)
        {
            // What the chat template adds is in the server's usage and not in the text.
            long overhead = usage is null ? 0 : Math.Max(0, usage.Value.PromptTokens - textTokens.Value);
            WordPrompt prompt = await new PromptFit(tokenizer, words, Seed).FindAsync(promptTokens - overhead, cancellationToken).ConfigureAwait(false);
            return new CalibratedPrompt(prompt, usage is null ? "the server sends no usage, so prompts are longer than asked for by what its chat template adds" : null);
        }

        return usage is null
            ? new CalibratedPrompt(shortPrompt with { Count = promptTokens }, "the server has no /tokenize and sends no usage, so one word was taken for one token")
            : await EstimateAsync(shortPrompt, promptTokens, usage.Value.PromptTokens, cancellationToken).ConfigureAwait(false);
    }

    private async Task<CalibratedPrompt> EstimateAsync(WordPrompt shortPrompt, int promptTokens, long shortTokens, CancellationToken cancellationToken)
    {
        const int LongProbeWords = 4 * ProbeWords;
        TokenUsage? usage = await AskAsync(shortPrompt with { Count = LongProbeWords }, cancellationToken).ConfigureAwait(false);
        double tokensPerWord = Math.Max(0.1, ((usage?.PromptTokens ?? 0) - shortTokens) / (double)(LongProbeWords - ProbeWords));
        double overhead = shortTokens - (tokensPerWord * ProbeWords);
        int words = (int)Math.Clamp(Math.Round((promptTokens - overhead) / tokensPerWord), 1, int.MaxValue);
        return new CalibratedPrompt(shortPrompt with { Count = words }, "the server has no /tokenize, so the prompt length was estimated from the usage of two requests");
    }

    private async Task<TokenUsage?> AskAsync(WordPrompt prompt, CancellationToken cancellationToken)
    {
        ChatRequest request = new();
        request.Prepare(model, prompt, new Random(Seed), maximumTokens: 1);
        RequestSample sample = await client.StreamAsync(request, MonotonicClock.Now, timeout, cancellationToken).ConfigureAwait(false);
        if (sample.Error is null)
        {
            return sample.Usage;
        }

        probe.RequireKeyAccepted(sample.Error is "HTTP 401" ? 401 : sample.Error is "HTTP 403" ? 403 : 0);
        string detail = sample.ErrorDetail is null ? "" : $": {sample.ErrorDetail}";
        throw new LlmOpsException($"The server at {client.Address} failed a first chat request for one token ({sample.Error}{detail}); look at its log.", "ChatRequestFailed") { Kind = ErrorKind.ServerFailed };
    }
}
