using System.Globalization;
using LlmOps.Engines;
using LlmOps.Engines.Vllm;
using LlmOps.Hardware;

namespace LlmOps.Planning.Vllm;

/// <summary>Decides every option of a plan for vLLM, with its reason.</summary>
internal static class VllmOptionRules
{
    private const string LeftToPlugin = "left to the plugin";

    /// <summary>The options.</summary>
    public static OptionSet Decide(VllmFacts facts, VllmChoice choice, DecisionLog log)
    {
        OptionSet options = Sharing(OptionSet.Empty, facts, choice, log);
        options = Types(options, facts, choice, log);
        options = Sizes(options, facts, choice, log);
        options = Kernels(options, facts, choice, log);
        options = Speculation(options, facts, choice, log);
        options = Chat(options, facts, log);
        foreach ((string name, object value) in facts.Pins.Options.Values)
        {
            bool leaves = facts.UsesPlugin && name == VllmOptions.Speculation.Name;
            if (!options.Contains(name) && !leaves)
            {
                options = options.With(name, value);
                log.Add(name, EngineOption.Format(value), "as asked", [], isPinned: true);
            }
        }

        return options;
    }

    private static OptionSet Sharing(OptionSet options, VllmFacts facts, VllmChoice choice, DecisionLog log)
    {
        VllmSetting setting = choice.Setting;
        IReadOnlyList<int> possible = VllmSplits.Possible(facts.Model, facts.Cards.Count);
        string[] impossible = [.. Enumerable.Range(1, facts.Cards.Count).Except(possible).Select(ranks => $"{ranks}: {VllmSplits.Problem(facts.Model, ranks)}")];
        string pool = choice.Budget.Fits ? $"{choice.Budget.Requests:0.0} requests of {setting.ContextLength} tokens fit" : $"not one request of {setting.ContextLength} tokens fits";
        string sharing = setting.TensorParallel > 1 ? $"{setting.TensorParallel} cards share every layer ({Links(facts, setting)})"
            : setting.PipelineParallel > 1 ? "each stage is one card, and no layer is shared"
            : choice.Budget.Fits ? "one card does" : facts.Cards.Count == 1 ? "there is one card" : "the model's heads cannot be shared among these cards";
        options = log.Set(options, VllmOptions.TensorParallel, setting.TensorParallel, $"{sharing}: {pool}", impossible);
        return setting.PipelineParallel == 1 && !facts.Pinned(VllmOptions.PipelineParallel) ? options
            : log.Set(options, VllmOptions.PipelineParallel, setting.PipelineParallel, setting.Hosts > 1
                ? $"{(setting.PipelineParallel == setting.Hosts ? "one stage" : $"{setting.PipelineParallel / setting.Hosts} stages")} on each of {setting.Hosts} machines: between stages only the results of one layer cross the network, while tensor parallel sums in every layer"
                : $"{setting.Ranks} cards hold more requests than those that can share every layer{(VllmSplits.Problem(facts.Model, setting.Ranks) is { } problem ? $", which {setting.Ranks} cannot: {problem}" : string.Empty)}");
    }

    private static OptionSet Types(OptionSet options, VllmFacts facts, VllmChoice choice, DecisionLog log)
    {
        bool lacksBfloat = facts.Capability is > 0 and < 8;
        options = log.Set(
            options,
            VllmOptions.DataType,
            lacksBfloat ? "half" : "auto",
            lacksBfloat ? $"bfloat16 needs compute capability 8.0; {facts.Weakest.ComputeCapability} has float16" : $"the model's own, {facts.Model.DataType ?? "as its tensors are"}");
        string quantization = facts.Model.QuantizationDetail is { } detail ? $"vLLM reads it from {Path.GetFileName(detail.Source)} ({detail.Method}) and picks the kernels" : "the weights are not quantised";
        if (!facts.Pinned(VllmOptions.Quantization))
        {
            log.Add(VllmOptions.Quantization.Name, facts.Model.QuantizationDetail?.Method ?? "none", quantization, []);
        }

        string? lost = VllmBackends.Fp8Problem(facts);
        bool fp8 = KvElement.IsFp8(choice.Setting.KvCacheType);
        VllmBudget full = fp8 ? VllmBudget.Of(facts.Model, choice.Setting with { KvCacheType = "auto" }) : choice.Budget;
        string reason = fp8 && !choice.Budget.Fits ? "half the memory of 16 bits, and still too much"
            : fp8 ? $"half the memory: {choice.Budget.Requests:0.0} requests of full length fit instead of {full.Requests:0.0} with 16 bits; below {VllmTuning.Comfort:0} prefix caching has little to live from"
            : lost is not null ? $"16 bits: {lost}"
            : $"16 bits leave room for {choice.Budget.Requests:0.0} requests of full length";
        return log.Set(options, VllmOptions.KvCacheType, choice.Setting.KvCacheType, reason);
    }

    private static OptionSet Sizes(OptionSet options, VllmFacts facts, VllmChoice choice, DecisionLog log)
    {
        VllmSetting setting = choice.Setting;
        VllmBudget budget = choice.Budget;
        options = log.Set(
            options,
            VllmOptions.ContextLength,
            setting.ContextLength,
            setting.ContextLength == facts.Model.ContextLength ? $"all that the model was trained for ({setting.ContextLength}); vLLM's own default, said so that it shows"
                : $"less than the {facts.Model.ContextLength} of the model: the longest of the usual lengths of which one request fits");
        options = log.Set(
            options,
            VllmOptions.Parallel,
            setting.Sequences,
            $"{(budget.Fits ? $"{budget.Requests:0.0} requests of full length fit, and {(setting.PipelineParallel > 1 && setting.Sequences == setting.PipelineParallel ? "a stage without one of its own waits" : "a handful of users is meant")}" : "not even one request of full length fits")}; always said, since the default is 256 or 1024 by the card and its trial step costs memory",
            budget.Pool.StateBlocks > 0 ? [$"more than {budget.Pool.MostSequences(budget.PoolBytes)}: each request keeps {budget.Pool.StateBlocks} blocks of recurrent states of {budget.Pool.Blocks(budget.PoolBytes)}"] : []);
        options = log.Set(
            options,
            VllmOptions.BatchTokens,
            setting.BatchTokens,
            setting.BatchTokens >= 8192 ? "steps of this size read prompts at full speed" : "smaller steps, since what larger ones take for results does not fit beside the weights");
        if (facts.UsesPlugin && !facts.Pinned(VllmOptions.GpuMemoryUtilization))
        {
            log.Add(VllmOptions.GpuMemoryUtilization.Name, LeftToPlugin, $"{VllmLaunchers.CaovanPlugin} computes it at the start; this plan counts on {budget.Share.ToString("0.000", CultureInfo.InvariantCulture)}: {budget.Reserve.Terms}", []);
            return options;
        }

        return log.Set(
            options,
            VllmOptions.GpuMemoryUtilization,
            budget.Share,
            $"{budget.Reserve.Terms}; of the {Bytes.Format(budget.AllowedBytes)} within, {Bytes.Format(budget.WeightsBytes)} are weights, {Bytes.Format(budget.ActivationBytes + budget.GraphBytes + budget.OtherBytes)} results, graphs and libraries, {(budget.PoolBytes > 0 ? $"{Bytes.Format(budget.PoolBytes)} the KV pool: {budget.Pool.Tokens(budget.PoolBytes, setting.ContextLength)} tokens" : $"{Bytes.Format(-budget.PoolBytes)} more than there is")}",
            "0.92, the default since 0.20 (0.90 before): takes no account of what comes after the trial step");
    }

    private static OptionSet Kernels(OptionSet options, VllmFacts facts, VllmChoice choice, DecisionLog log)
    {
        VllmSetting setting = choice.Setting;
        (string? backend, string why) = VllmBackends.Choose(facts);
        options = backend is not null && facts.Has(VllmOptions.AttentionBackend, backend) ? log.Set(options, VllmOptions.AttentionBackend, backend, why) : Note(VllmOptions.AttentionBackend, why);
        bool isHybrid = facts.Model.Recurrent is { LayerCount: > 0 };
        options = log.Set(options, VllmOptions.PrefixCaching, true, "conversations begin with what was read before");
        if (isHybrid && facts.Has(VllmOptions.MambaCacheMode, setting.MambaCacheMode))
        {
            options = log.Set(options, VllmOptions.MambaCacheMode, setting.MambaCacheMode, $"a state is kept at the end of blocks of {choice.Budget.Pool.BlockTokens} tokens, the length at which a block of attention is as large as a state; prefix caching needs it");
        }

        if (setting.RanksPerHost > 1 && NoPeers(facts, setting) is { } closed)
        {
            options = log.Set(options, VllmOptions.DisableCustomAllReduce, true, closed);
        }

        if (backend == "FLASHINFER" && facts.Has(VllmOptions.FlashInferAutotune, true))
        {
            options = log.Set(options, VllmOptions.FlashInferAutotune, true, "measured at the start which of FlashInfer's kernels are fastest here; published commands for these cards do so, vLLM leaves it off at its usual level");
        }

        if (facts.Pinned(VllmOptions.EnforceEager) || setting.GraphMode != "PIECEWISE" || facts.Pinned(VllmOptions.Compilation))
        {
            return options;
        }

        const string Reason = "the attention kernels of these cards cannot be captured whole; the pieces between can";
        if (facts.UsesPlugin)
        {
            log.Add(VllmOptions.Compilation.Name, LeftToPlugin, $"{VllmLaunchers.CaovanPlugin} sets PIECEWISE graphs itself", []);
            return options;
        }

        return log.Set(options, VllmOptions.Compilation, "{\"cudagraph_mode\":\"PIECEWISE\"}", Reason);

        OptionSet Note(EngineOption option, string reason)
        {
            if (!facts.Pinned(option))
            {
                log.Add(option.Name, "auto", reason, []);
            }

            return options;
        }
    }

    private static OptionSet Speculation(OptionSet options, VllmFacts facts, VllmChoice choice, DecisionLog log)
    {
        int tokens = choice.Setting.DraftTokens;
        if (facts.UsesPlugin)
        {
            string mode = facts.Request.Mode.ToString().ToLowerInvariant();
            options = log.Set(options, VllmOptions.AdditionalConfig, $"{{\"caovan\":true,\"caovan_mode\":\"{mode}\"}}", $"the plugin follows the mode: {mode}");
            log.Add(VllmOptions.Speculation.Name, facts.Pinned(VllmOptions.Speculation) ? tokens.ToString(CultureInfo.InvariantCulture) : LeftToPlugin, facts.Pinned(VllmOptions.Speculation) ? "as asked, by CAOVAN_AUTO_SPEC" : $"{VllmLaunchers.CaovanPlugin} sets it at the start; by its rule {tokens}: {choice.DraftReason}", [], facts.Pinned(VllmOptions.Speculation));
            return options;
        }

        if (tokens > 0)
        {
            return log.Set(options, VllmOptions.Speculation, VllmSpeculation.Config(facts.Model, facts.Version, tokens), $"MTP with {tokens} token(s): {choice.DraftReason}; its tensors are in the files");
        }

        log.Add(VllmOptions.Speculation.Name, "none", choice.DraftReason, []);
        return options;
    }

    private static OptionSet Chat(OptionSet options, VllmFacts facts, DecisionLog log)
    {
        (string? tools, string? thinking) = VllmParsers.Of(facts.Model);
        if (thinking is not null && facts.Has(VllmOptions.ReasoningParser, thinking))
        {
            options = log.Set(options, VllmOptions.ReasoningParser, thinking, $"how {facts.Model.Architecture} marks its thinking");
        }

        if (tools is not null && facts.Has(VllmOptions.ToolCallParser, tools))
        {
            options = log.Set(options, VllmOptions.AutoToolChoice, true, "clients may offer tools without asking for one by name");
            options = log.Set(options, VllmOptions.ToolCallParser, tools, $"how {facts.Model.Architecture} writes calls of tools");
        }

        return options;
    }

    private static string Links(VllmFacts facts, VllmSetting setting)
    {
        GpuLinkKind[] kinds = [.. Pairs(facts, setting).Select(link => link.Kind).Distinct().Order()];
        return kinds.Length == 0 ? "how they are linked is not known" : string.Join(", ", kinds);
    }

    /// <summary>Why the cards of a machine cannot sum by vLLM's own kernel; null when they can.</summary>
    public static string? NoPeers(VllmFacts facts, VllmSetting setting)
    {
        GpuLink[] pairs = [.. Pairs(facts, setting)];
        int expected = setting.RanksPerHost * (setting.RanksPerHost - 1) / 2;
        return facts.Capability is > 0 and < 8 ? "vLLM's own kernel for sums over cards is not tried on compute capability below 8.0; NCCL is safe everywhere"
            : pairs.Any(pair => pair.PeerAccess == false) ? "some of the cards cannot reach each other's memory, which vLLM's own kernel for sums needs"
            : setting.RanksPerHost > 2 && (pairs.Length < expected || pairs.Any(pair => pair.Kind is not (GpuLinkKind.NVLink or GpuLinkKind.XGMI))) ? "more than two cards without NVLink between all of them: vLLM's own kernel for sums does not serve them"
            : pairs.Length < expected || pairs.Any(pair => pair.PeerAccess is null) ? "nobody knows whether the cards can reach each other's memory, which vLLM's own kernel for sums needs"
            : null;
    }

    private static IEnumerable<GpuLink> Pairs(VllmFacts facts, VllmSetting setting) =>
        facts.Request.Topology.Links.Where(link => setting.Gpus.Any(gpu => gpu.Index == link.A) && setting.Gpus.Any(gpu => gpu.Index == link.B));
}
