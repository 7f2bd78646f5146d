namespace LlmOps.Engines.Metrics;

/// <summary>What engines count, each under a name of its own.</summary>
internal enum MetricFigure
{
    /// <summary>Requests being computed, now.</summary>
    RequestsRunning,

    /// <summary>Requests waiting, now.</summary>
    RequestsWaiting,

    /// <summary>Share of the key and value cache in use, 0 to 1, now.</summary>
    KvCacheUsage,

    /// <summary>Prompt tokens computed so far.</summary>
    PromptTokens,

    /// <summary>Prompt tokens taken from a cache so far.</summary>
    CachedPromptTokens,

    /// <summary>Generated tokens so far.</summary>
    OutputTokens,

    /// <summary>Seconds spent on prompts so far, summed over requests.</summary>
    PromptSeconds,

    /// <summary>Seconds spent on generating so far, summed over requests.</summary>
    OutputSeconds,

    /// <summary>Requests thrown out of the cache to be computed again, so far.</summary>
    Preemptions,

    /// <summary>Verification steps of speculation so far.</summary>
    Drafts,

    /// <summary>Draft tokens proposed so far.</summary>
    DraftTokens,

    /// <summary>Draft tokens accepted so far.</summary>
    DraftTokensAccepted,

    /// <summary>Runs of the model so far.</summary>
    DecodeCalls,
}
