namespace LlmOps.Engines.Metrics;

/// <summary>How the values of one metric that differ only in their labels become one figure.</summary>
internal enum Fold
{
    /// <summary>They add up.</summary>
    Sum,

    /// <summary>The largest counts.</summary>
    Largest,
}

/// <summary>Under which name an engine tells a figure.</summary>
/// <param name="Figure">The figure.</param>
/// <param name="Fold">How several values become one.</param>
/// <param name="Names">The engine's names, newest first; the first that is there counts.</param>
internal sealed record MetricRow(MetricFigure Figure, Fold Fold, params string[] Names);

/// <summary>The names of one engine's metrics.</summary>
/// <param name="Engine">The engine.</param>
/// <param name="Prefix">What its metrics begin with.</param>
/// <param name="Rows">Its figures.</param>
internal sealed record EngineMetricTable(string Engine, string Prefix, IReadOnlyList<MetricRow> Rows)
{
    /// <summary>Whether its prompt tokens are those of whole prompts, so that the cached ones have to be taken off to get the computed ones.</summary>
    public bool CountsWholePrompts { get; init; }

    /// <summary>llama-server. It has no figure for its cache since its slots have one each; <c>/slots</c> tells.</summary>
    /// <remarks>Source: llama.cpp <c>tools/server/server-context.cpp</c>, <c>/metrics</c>; <c>kv_cache_usage_ratio</c> was there until mid-2025.</remarks>
    public static readonly EngineMetricTable LlamaCpp = new("llama.cpp", "llamacpp:",
    [
        new(MetricFigure.RequestsRunning, Fold.Sum, "llamacpp:requests_processing"),
        new(MetricFigure.RequestsWaiting, Fold.Sum, "llamacpp:requests_deferred"),
        new(MetricFigure.KvCacheUsage, Fold.Largest, "llamacpp:kv_cache_usage_ratio"),
        new(MetricFigure.PromptTokens, Fold.Sum, "llamacpp:prompt_tokens_total"),
        new(MetricFigure.CachedPromptTokens, Fold.Sum, "llamacpp:prompt_tokens_cached_total"),
        new(MetricFigure.OutputTokens, Fold.Sum, "llamacpp:tokens_predicted_total"),
        new(MetricFigure.PromptSeconds, Fold.Sum, "llamacpp:prompt_seconds_total"),
        new(MetricFigure.OutputSeconds, Fold.Sum, "llamacpp:tokens_predicted_seconds_total"),
        new(MetricFigure.Drafts, Fold.Sum, "llamacpp:spec_decode_num_drafts_total"),
        new(MetricFigure.DraftTokens, Fold.Sum, "llamacpp:spec_decode_num_draft_tokens_total"),
        new(MetricFigure.DraftTokensAccepted, Fold.Sum, "llamacpp:spec_decode_num_accepted_tokens_total"),
        new(MetricFigure.DecodeCalls, Fold.Sum, "llamacpp:n_decode_total"),
    ]);

    /// <summary>vLLM. Values of several engines (data parallel) add up.</summary>
    /// <remarks>Source: vLLM <c>vllm/v1/metrics/loggers.py</c>, <c>stats.py</c> (<c>num_prompt_tokens += prompt_len</c>: cached ones too) and <c>vllm/v1/spec_decode/metrics.py</c>; counters get <c>_total</c> on output.</remarks>
    public static readonly EngineMetricTable Vllm = new("vllm", "vllm:",
    [
        new(MetricFigure.RequestsRunning, Fold.Sum, "vllm:num_requests_running"),
        new(MetricFigure.RequestsWaiting, Fold.Sum, "vllm:num_requests_waiting"),
        new(MetricFigure.KvCacheUsage, Fold.Largest, "vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"),
        new(MetricFigure.PromptTokens, Fold.Sum, "vllm:prompt_tokens_total"),
        new(MetricFigure.CachedPromptTokens, Fold.Sum, "vllm:prompt_tokens_cached_total", "vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total"),
        new(MetricFigure.OutputTokens, Fold.Sum, "vllm:generation_tokens_total"),
        new(MetricFigure.PromptSeconds, Fold.Sum, "vllm:request_prefill_time_seconds_sum"),
        new(MetricFigure.OutputSeconds, Fold.Sum, "vllm:request_decode_time_seconds_sum"),
        new(MetricFigure.Preemptions, Fold.Sum, "vllm:num_preemptions_total"),
        new(MetricFigure.Drafts, Fold.Sum, "vllm:spec_decode_num_drafts_total"),
        new(MetricFigure.DraftTokens, Fold.Sum, "vllm:spec_decode_num_draft_tokens_total"),
        new(MetricFigure.DraftTokensAccepted, Fold.Sum, "vllm:spec_decode_num_accepted_tokens_total"),
    ]) { CountsWholePrompts = true };

    /// <summary>All engines whose metrics are known.</summary>
    public static readonly IReadOnlyList<EngineMetricTable> All = [LlamaCpp, Vllm];
}
