using LlmOps.Engines.Vllm;
using LlmOps.Hardware;

namespace LlmOps.Planning.Vllm;

/// <summary>Says what would make a plan fit; each is tried before it is named.</summary>
internal sealed class VllmRemedies(VllmFacts facts, VllmTuning tuning, VllmChoice choice)
{
    private const int MostCards = 16;

    /// <summary>The remedies, cheapest first.</summary>
    public string Describe()
    {
        List<string> working = [];
        VllmSetting setting = choice.Setting;
        bool hasFp8 = VllmBackends.Fp8Problem(facts) is null && facts.Has(VllmOptions.KvCacheType, "fp8");
        if (!KvElement.IsFp8(setting.KvCacheType) && hasFp8)
        {
            setting = setting with { KvCacheType = "fp8" };
            Offer("kv-cache-dtype=fp8", setting);
        }

        if (setting.PinnedUtilization is not null)
        {
            Offer($"without gpu-memory-utilization (the plan takes {VllmReserve.Of(setting).Share:0.###})", setting with { PinnedUtilization = null });
        }

        if (Shorter(setting) is { } shorter)
        {
            working.Add(shorter);
        }

        if (MoreCards(setting) is { } cards)
        {
            working.Add(cards);
        }

        long largest = choice.Budget.WeightsBytes + choice.Budget.PoolBytes - choice.Budget.Pool.RequestBytes;
        if (largest > 0)
        {
            working.Add($"a smaller quantisation: weights of at most {Bytes.Format(largest)} a card, that is a checkpoint of about {Bytes.Format(largest * setting.Ranks)}");
        }

        return working.Count == 0 ? "take a smaller model, or larger cards" : "any of these works: " + string.Join("; ", working);

        void Offer(string what, VllmSetting candidate)
        {
            if (tuning.Choose(candidate).Budget.Fits)
            {
                working.Add(what);
            }
        }
    }

    private string? Shorter(VllmSetting setting)
    {
        VllmSetting small = setting with { BatchTokens = Math.Min(setting.BatchTokens, 2048) };
        VllmSetting textOnly = small with { LanguageOnly = true };
        List<(VllmSetting Candidate, string With)> ways = [(setting, string.Empty), (small, " with max-num-batched-tokens=2048")];
        if (facts.Model.Multimodal.Count > 0 && !setting.LanguageOnly && facts.Has(VllmOptions.LanguageModelOnly, true))
        {
            ways.Add((textOnly, " with max-num-batched-tokens=2048 and language-model-only, without pictures"));
            small = textOnly;
        }

        ways.Add((small with { GraphMode = "NONE" }, ways[^1].With + (ways[^1].With.Contains("without", StringComparison.Ordinal) ? ", " : " ") + "and enforce-eager, which is slower"));
        foreach ((VllmSetting candidate, string with) in ways)
        {
            if (Longest(candidate) is { } context)
            {
                return $"a shorter context: max-model-len={context}{with}";
            }
        }

        return null;
    }

    // The longest context, in steps of a thousand, by halving.
    private long? Longest(VllmSetting setting)
    {
        long low = 2;
        long high = setting.ContextLength / 1024;
        if (high < low || !Fits(low))
        {
            return null;
        }

        while (high - low > 1)
        {
            long middle = (low + high) / 2;
            (low, high) = Fits(middle) ? (middle, high) : (low, middle);
        }

        return low * 1024;

        bool Fits(long thousands) => tuning.Choose(setting with { ContextLength = thousands * 1024 }).Budget.Fits;
    }

    private string? MoreCards(VllmSetting setting)
    {
        GpuDevice card = setting.Gpus.MinBy(gpu => gpu.MemoryTotalBytes)!;
        foreach (int ranks in VllmSplits.Possible(facts.Model, MostCards).Where(ranks => ranks > setting.TensorParallel))
        {
            VllmSetting wider = setting with { TensorParallel = ranks, PipelineParallel = facts.Hosts, Gpus = [.. Enumerable.Repeat(card, ranks)] };
            if (tuning.Choose(wider).Budget.Fits)
            {
                return $"{Word(ranks)} cards of this kind{(facts.Hosts > 1 ? " in each machine" : string.Empty)} (tensor-parallel-size={ranks})";
            }
        }

        return null;
    }

    private static string Word(int number) => number switch { 2 => "two", 3 => "three", 4 => "four", 6 => "six", 8 => "eight", _ => number.ToString(System.Globalization.CultureInfo.InvariantCulture) };
}
