using System.Text.Json;
using LlmOps.Engines.Vllm;
using LlmOps.Models;

namespace LlmOps.Planning.Vllm;

/// <summary>A setting, what it comes to, and why it guesses ahead as it does.</summary>
internal sealed record VllmChoice(VllmSetting Setting, VllmBudget Budget, string DraftReason);

/// <summary>Finds the setting: cards, context, type of keys and values, steps and requests at a time, around what is fixed.</summary>
internal sealed class VllmTuning(VllmFacts facts)
{
    /// <summary>Requests of full length that the pool should hold: prefix caching lives from what one request leaves.</summary>
    public const double Comfort = 4;

    /// <summary>Shortest context that is taken without being asked for.</summary>
    private const long ShortestContext = 32768;

    private const long UnknownContext = 8192;
    private const int LargestStep = 8192;
    private const int SmallStep = 2048;

    // A model that guesses for this one is read where it lies here; of one that vLLM is to download nothing is known.
    private readonly Lazy<ModelDescription?> _drafter = new(() => facts.Text(VllmOptions.Speculation) is { } pinned && VllmSpeculation.Drafter(pinned) is { } folder && Directory.Exists(folder) ? ModelReader.Read(folder) : null);

    private static readonly long[] s_contexts = [1048576, 524288, 262144, 196608, 131072, 98304, 65536, 49152, 32768];

    /// <summary>The best setting: the fewest cards whose pool is comfortable, else the one that serves most.</summary>
    public VllmChoice Best()
    {
        VllmChoice? best = null;
        foreach ((int ranks, int stages) in Layouts())
        {
            // Stages add cards to those that share layers; in their place they would only halve the speed.
            if (stages > facts.Hosts && best is { Budget.Fits: true } && best.Setting.ContextLength >= Wanted && ranks < best.Setting.TensorParallel)
            {
                continue;
            }

            VllmChoice choice = Tune(ranks, stages);
            if (choice.Budget is { Fits: true, Requests: >= Comfort } && choice.Setting.ContextLength >= Wanted)
            {
                return choice;
            }

            // Stages of a pipeline wait for each other: only where sharing layers alone does not do.
            bool better = best is null || ((stages == facts.Hosts || !best.Budget.Fits) && Rank(choice).CompareTo(Rank(best)) > 0);
            best = better ? choice : best;
        }

        return best ?? throw new LlmOpsException(
            $"the model's {facts.Model.LayerCount} layer(s) cannot be cut into {facts.Number(VllmOptions.PipelineParallel) ?? facts.Hosts} stages; use at most {Math.Max(1, facts.Model.LayerCount)}{(facts.Hosts > 1 ? " and fewer machines" : string.Empty)}", "PipelineParallelInvalid");
    }

    /// <summary>The setting for a given sharing.</summary>
    public VllmChoice Tune(int ranks, int stages)
    {
        VllmChoice full = WithKvType(Start(ranks, stages));
        VllmChoice chosen = full.Budget.Fits ? full : Shorter(full.Setting) ?? full;
        if (facts.Pinned(VllmOptions.Parallel))
        {
            return chosen;
        }

        // A stage without a request of its own waits, and requests are rarely of full length.
        long possible = Math.Max(1, chosen.Budget.Pool.MostSequences(chosen.Budget.PoolBytes));
        long requests = Math.Clamp((long)chosen.Budget.Requests, Math.Min(stages, possible), possible);
        int most = Math.Max(facts.Request.Mode == PlanMode.Stable ? 2 : 4, stages);
        VllmChoice several = Choose(chosen.Setting with { Sequences = (int)Math.Min(requests, most) });
        return several.Budget.Fits || !chosen.Budget.Fits ? several : chosen;
    }

    /// <summary>The setting with its budget, guessing ahead as fits its load.</summary>
    public VllmChoice Choose(VllmSetting setting)
    {
        (int tokens, string reason) = Drafts(setting);
        VllmSetting drafted = setting with { DraftTokens = tokens, DraftAttention = _drafter.Value?.Attention ?? [], DraftWeightsBytes = _drafter.Value?.SizeBytes ?? 0, UsesNextTokenLayers = facts.Text(VllmOptions.Speculation) is not { } pinned || VllmSpeculation.IsNextToken(VllmSpeculation.Read(pinned).Method) };
        return new VllmChoice(drafted, VllmBudget.Of(facts.Model, drafted), reason);
    }

    /// <summary>Tokens of context that were asked for, else what the model was trained for.</summary>
    public long Wanted => facts.Number(VllmOptions.ContextLength) ?? (facts.Model.ContextLength > 0 ? facts.Model.ContextLength : UnknownContext);

    /// <summary>What a pinned model that guesses does to the plan; null where none is pinned.</summary>
    public string? DrafterNote => facts.Text(VllmOptions.Speculation) is not { } pinned || VllmSpeculation.Drafter(pinned) is not { } drafter ? null
        : _drafter.Value is { } known ? $"the weights of {known.Name} ({Bytes.Format(known.SizeBytes)}) and its keys and values are counted"
        : $"{drafter} is no folder here, so its memory is not counted";

    private IEnumerable<(int Ranks, int Stages)> Layouts()
    {
        int cards = facts.Cards.Count;
        int hosts = facts.Hosts;
        long? tensor = facts.Number(VllmOptions.TensorParallel);
        long? pipeline = facts.Number(VllmOptions.PipelineParallel);
        if (tensor is not null && VllmSplits.Problem(facts.Model, (int)tensor) is { } problem)
        {
            IReadOnlyList<int> possible = VllmSplits.Possible(facts.Model, cards);
            int nearest = possible.OrderBy(ranks => Math.Abs(ranks - tensor.Value)).ThenByDescending(ranks => ranks).First();
            throw new LlmOpsException(
                $"tensor-parallel-size={tensor} is not possible: {problem}; use {nearest}{(possible.Count > 1 ? $" (possible with {cards} cards: {string.Join(", ", possible)})" : string.Empty)}, or share further cards by pipeline-parallel-size", "TensorParallelInvalid");
        }

        if (hosts > 1 && (tensor > cards || pipeline % hosts is > 0))
        {
            throw tensor > cards
                ? new LlmOpsException($"tensor-parallel-size={tensor} is more than the {cards} card(s) that each machine can give: sums over cards in every layer stay inside a machine; use at most {cards} and let stages of a pipeline cross the network", "TensorParallelInvalid")
                : new LlmOpsException($"pipeline-parallel-size={pipeline} does not share out evenly among {hosts} machines; use a multiple of {hosts}", "PipelineParallelInvalid");
        }

        if ((tensor ?? 1) * (pipeline ?? 1) > cards * hosts)
        {
            throw new LlmOpsException(
                $"tensor-parallel-size={tensor ?? 1} times pipeline-parallel-size={pipeline ?? 1} need {(tensor ?? 1) * (pipeline ?? 1)} cards{(hosts > 1 ? " of one kind" : string.Empty)}, and {(hosts > 1 ? $"{hosts} machines have {cards * hosts}" : $"this machine has {cards}")} ({facts.Cards[0].Name}); use at most {cards * hosts}", "TensorParallelInvalid");
        }

        IReadOnlyList<int> ranks = tensor is null ? VllmSplits.Possible(facts.Model, cards) : [(int)tensor];
        IEnumerable<int> stages = pipeline is null ? Enumerable.Range(1, tensor is null || tensor < cards ? cards : 1).Select(each => each * hosts) : [(int)pipeline];
        foreach (int stage in stages)
        {
            foreach (int rank in ranks.Where(rank => rank * stage <= cards * hosts && stage <= facts.Model.LayerCount))
            {
                yield return (rank, stage);
            }
        }
    }

    private VllmSetting Start(int ranks, int stages)
    {
        ModelDescription model = facts.Model;
        long context = Wanted;
        bool isHybrid = model.Recurrent is { LayerCount: > 0 };
        bool caches = facts.Switch(VllmOptions.PrefixCaching) ?? true;
        return new VllmSetting
        {
            Version = facts.Version,
            Gpus = [.. facts.Cards.OrderByDescending(card => card.MemoryFreeBytes ?? card.MemoryTotalBytes).Take(ranks * stages / facts.Hosts).OrderBy(card => card.Index)],
            Hosts = facts.Hosts,
            TensorParallel = ranks,
            PipelineParallel = stages,
            ContextLength = context,
            Sequences = (int)(facts.Number(VllmOptions.Parallel) ?? 1),
            BatchTokens = (int)(facts.Number(VllmOptions.BatchTokens) ?? LargestStep),
            KvCacheType = facts.Text(VllmOptions.KvCacheType) ?? "auto",
            MambaCacheMode = facts.Text(VllmOptions.MambaCacheMode) ?? (isHybrid && caches && facts.Has(VllmOptions.MambaCacheMode, "align") ? "align" : "none"),
            BlockTokens = (int?)facts.Number(VllmOptions.BlockSize),
            GraphMode = GraphMode(),
            LanguageOnly = facts.Switch(VllmOptions.LanguageModelOnly) ?? false,
            ElementBytes = facts.Text(VllmOptions.DataType) is "float" or "float32" ? 4 : 2,
            PinnedUtilization = facts.Decimal(VllmOptions.GpuMemoryUtilization),
            PinnedPoolBytes = facts.Number(VllmOptions.KvCacheMemoryBytes),
            Mode = facts.Request.Mode,
        };
    }

    // Full precision where it leaves a comfortable pool; else half of it, where the cards have kernels for that.
    private VllmChoice WithKvType(VllmSetting setting)
    {
        VllmChoice full = Choose(setting);
        bool keeps = facts.Pinned(VllmOptions.KvCacheType) || full.Budget.Pool.IsEmpty || full.Budget.Requests >= Comfort || VllmBackends.Fp8Problem(facts) is not null || !facts.Has(VllmOptions.KvCacheType, "fp8");
        return keeps ? full : Choose(setting with { KvCacheType = "fp8" });
    }

    private VllmChoice? Shorter(VllmSetting setting)
    {
        int[] steps = facts.Pinned(VllmOptions.BatchTokens) ? [setting.BatchTokens] : [setting.BatchTokens, SmallStep];
        long[] contexts = facts.Pinned(VllmOptions.ContextLength) ? [setting.ContextLength] : [setting.ContextLength, .. s_contexts.Where(context => context < setting.ContextLength && context >= ShortestContext)];
        foreach (long context in contexts)
        {
            foreach (int step in steps)
            {
                VllmChoice choice = Choose(setting with { ContextLength = context, BatchTokens = step });
                if (choice.Budget.Fits)
                {
                    return choice;
                }
            }
        }

        return null;
    }

    private (int Tokens, string Reason) Drafts(VllmSetting setting)
    {
        if (facts.Text(VllmOptions.Speculation) is not { } pinned)
        {
            return VllmSpeculation.Depth(facts.Model, setting.Ranks, setting.PipelineParallel, setting.Sequences, setting.Mode);
        }

        (string method, int tokens) = VllmSpeculation.Read(pinned);
        return VllmSpeculation.IsNextToken(method) && facts.Model.NextTokenLayerCount == 0
            ? throw new LlmOpsException(
                $"speculative-config asks for {method}, but {facts.Model.Name} has no tensors of next-token layers (mtp.*): {(facts.Model.DeclaredNextTokenLayerCount > 0 ? "config.json announces them, the files lack them, as fine-tunes often do" : "neither config.json nor the files have any")}; remove that pin, or take a checkpoint that kept them", "SpeculationImpossible")
            : (tokens, "as asked");
    }

    // Full graphs want an attention backend that can be captured; those of old cards cannot.
    private string GraphMode()
    {
        if (facts.Switch(VllmOptions.EnforceEager) == true)
        {
            return "NONE";
        }

        if (facts.Text(VllmOptions.Compilation) is { } pinned)
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(pinned);
                return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("cudagraph_mode", out JsonElement mode) ? mode.ToString() : "FULL_AND_PIECEWISE";
            }
            catch (JsonException problem)
            {
                throw new LlmOpsException($"compilation-config='{pinned}' is not possible; write a JSON object such as {{\"cudagraph_mode\":\"PIECEWISE\"}}", "PinInvalid", problem);
            }
        }

        return facts.Capability is > 0 and < 8 ? "PIECEWISE" : "FULL_AND_PIECEWISE";
    }

    // Of those that do not fit, the one that lacks least: it is what the refusal is about.
    private static (bool Fits, long Context, double Requests, long Lacks, int Fewer) Rank(VllmChoice choice) =>
        choice.Budget.Fits ? (true, choice.Setting.ContextLength, Math.Min(choice.Budget.Requests, Comfort), 0, -choice.Setting.Ranks)
            : (false, 0, 0, choice.Budget.PoolBytes - choice.Budget.Pool.RequestBytes, -choice.Setting.Ranks);
}
