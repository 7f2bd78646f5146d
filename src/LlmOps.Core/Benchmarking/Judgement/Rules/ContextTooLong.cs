using LlmOps.Configuration;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Benchmarking.Judgement.Rules;

/// <summary>The context takes memory that weights need, or reading it takes as long as reading the weights.</summary>
internal sealed class ContextTooLong : ICauseRule
{
    /// <summary>Bytes of context read for each token, of the weights read for it; above this it is felt.</summary>
    private const double FeltShare = 0.3;

    public LikelyCause? Look(JudgedPoint point)
    {
        if (point.Config is not { Plan: { } plan } config || config.Options[LlamaCppOptions.ContextLength.Name] is not long context || context <= 0)
        {
            return null;
        }

        long cache = plan.Devices.Sum(device => device.KvCacheBytes) + plan.Host.KvCacheBytes;
        long weights = plan.Devices.Sum(device => device.WeightsBytes) + plan.Host.WeightsBytes;
        long hostWeights = plan.Host.WeightsBytes;
        if (plan.Devices.Count > 0 && hostWeights > weights / 20 && plan.Devices.Sum(device => device.KvCacheBytes) > hostWeights / 2)
        {
            return new LikelyCause("context-too-long",
                CauseText.Of($"a context of {context} tokens takes {Bytes.Format(cache)}, and {Bytes.Format(hostWeights)} of weights stay in main memory for want of room"),
                "ctx-size", "Try a shorter context or a smaller cache type (--cache-type-k q8_0 --cache-type-v q8_0), so that more layers fit on the GPU.");
        }

        double used = point.Result.RequestedPromptTokens + (point.Result.RequestedOutputTokens / 2.0);

        // vLLM's pool is for many requests; the context is of one.
        double read = cache / (double)(plan.Pool is { Tokens: > 0 } pool ? pool.Tokens : context) * used;
        return weights > 0 && read > FeltShare * weights
            ? new LikelyCause("context-too-long",
                CauseText.Of($"each token reads {Bytes.Format((long)read)} of context at a depth of {used:0} tokens, beside {Bytes.Format(weights)} of weights"),
                config.Engine == EngineNames.Vllm ? "kv-cache-dtype" : "cache-type-k", "Compare at the same depth of context; a smaller cache type halves what is read.")
            : null;
    }
}
