using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.Vllm;
using LlmOps.Hardware;
using LlmOps.Planning.Distributed;

namespace LlmOps.Planning.Vllm;

/// <summary>Computes a launch configuration for vLLM on one machine.</summary>
/// <param name="findFreePort">Looks for a free port: the first to try and how many.</param>
internal sealed class VllmPlanner(Func<int, int, int?> findFreePort) : IEnginePlanner
{
    private const int FirstPort = 8000;

    /// <inheritdoc/>
    public ServerConfig Plan(PlanRequest request) => request.OtherHosts.Count > 0 ? VllmCluster.Plan(request, (facts, finish) => Plan(facts, finish)) : Plan(WithCards(VllmFacts.From(request)), null);

    private ServerConfig Plan(VllmFacts facts, VllmCluster.Finish? finish)
    {
        PlanRequest request = facts.Request;
        if (facts.Cards.Count == 0)
        {
            throw new LlmOpsException("vLLM needs a GPU of NVIDIA or AMD, and this machine shows none; use a GGUF of the model with llama.cpp here, or plan for another machine's topology", "NoGpuForEngine") { Kind = ErrorKind.Finding };
        }

        if (facts.Text(VllmOptions.KvCacheType) is { } type && KvElement.IsFp8(type) && VllmBackends.Fp8Problem(facts) is { } lost)
        {
            throw new LlmOpsException($"kv-cache-dtype={type} is not possible: {lost}; leave it to auto{(facts.Version.IsAtLeast(24) && facts.Capability >= 7.5 ? ", or use vLLM 0.23 or older, which still had them there" : string.Empty)}", "KvCacheTypeUnsupported");
        }

        DecisionLog log = new(facts.Pins.Options);
        VllmTuning tuning = new(facts);
        VllmChoice choice = tuning.Best();
        log.PinNotes = tuning.DrafterNote is { } note ? new Dictionary<string, string> { [VllmOptions.Speculation.Name] = note } : log.PinNotes;
        log.Add("engine", EngineNames.Vllm, request.EngineName is null or "auto" or "Auto" ? "the model is a folder of safetensors, which llama.cpp does not read" : "as asked", [], request.EngineName is not (null or "auto" or "Auto"));
        log.Add("engineVersion", facts.Version.ToString(), facts.VersionReason, []);
        ConfigDevice[] devices = [.. choice.Setting.Gpus.Select((gpu, at) => new ConfigDevice { Name = $"CUDA{at.ToString(CultureInfo.InvariantCulture)}", Index = gpu.Index, Uuid = gpu.Uuid })];
        log.Add("devices", string.Join(", ", devices.Select(device => device.Name)), Cards(facts, choice.Setting), OtherCards(facts));
        OptionSet options = VllmOptionRules.Decide(facts, choice, log);
        string? drafts = facts.UsesPlugin && facts.Pinned(VllmOptions.Speculation) ? choice.Setting.DraftTokens.ToString(CultureInfo.InvariantCulture) : null;
        string runtime = RuntimeChoice.Runtime(request, log);
        bool inContainer = runtime == RuntimeNames.Docker;
        Dictionary<string, string> environment = VllmEnvironmentRule.Decide(facts, choice.Setting, inContainer, drafts, log);
        ServerConfig config = new()
        {
            Name = request.Name ?? ServerNames.For(request.Model),
            Engine = EngineNames.Vllm,
            EnginePath = inContainer ? null : facts.LauncherPath,
            Runtime = runtime,
            Image = inContainer ? Image(facts, log) : null,
            Container = inContainer && choice.Setting.RanksPerHost > 1 ? Memory(log) : new ContainerSettings(),
            Restart = new RestartPolicy { Mode = request.Restart },
            Model = request.Model.Path,
            Alias = facts.Pins.Alias ?? ServerNames.Stem(request.Model),
            Devices = devices,
            Options = options,
            ExtraArguments = facts.Pins.ExtraArguments,
            Environment = environment,
            Endpoint = EndpointChoice.Of(request, facts.Pins, FirstPort, "vLLM's usual port", findFreePort, log),
            Plan = Memory(facts, choice),
            Prediction = VllmThroughput.Predict(request.Model, choice.Setting, choice.Budget, facts.Host),
            Decisions = log.Decisions,
        };
        config = finish is null ? config : finish(config, choice, log);
        _ = LaunchCommandBuilder.Build(config, facts.Engine); // A pin that this version cannot be told is refused now, not at the start.
        return config with { Problems = [.. Problems(facts, tuning, choice)] };
    }

    private static string Image(VllmFacts facts, DecisionLog log)
    {
        string image = facts.Request.Image ?? $"{VllmImages.Repository}:v{facts.Version}";
        log.Add("image", image, facts.Request.Image is not null ? "as asked" : "vLLM's own image of the version planned for; a tag that moves would change the flags under the plan", [], facts.Request.Image is not null);
        return image;
    }

    private static ContainerSettings Memory(DecisionLog log)
    {
        log.Add("ipc", "host", "ranks talk through /dev/shm, and docker's own is 64 MiB: NCCL fails on it", ["shmSize 16g: does as well where the host's must not be shared"]);
        return new ContainerSettings { Ipc = "host" };
    }

    // Cards of one kind, unless they are too few for the model or for what is pinned. Of sets that are all too small, the one that lacks least: the refusal is about it.
    private static VllmFacts WithCards(VllmFacts alike)
    {
        IReadOnlyList<GpuDevice>[] unlike = [.. VllmCards.Unlike(alike.Request.Topology)];
        long pinned = (alike.Number(VllmOptions.TensorParallel) ?? 1) * (alike.Number(VllmOptions.PipelineParallel) ?? 1);
        if (alike.Cards.Count == 0 || unlike.Length == 0 || (pinned <= alike.Cards.Count && Best(alike).Fits))
        {
            return alike;
        }

        long most = Math.Max(alike.Cards.Count, unlike[^1].Count);
        VllmFacts[] candidates = [.. unlike.Select(cards => VllmFacts.From(alike.Request, cards)).Prepend(alike).Where(facts => facts.Cards.Count >= Math.Min(pinned, most))];
        return pinned > most ? candidates[0] : candidates.FirstOrDefault(facts => Best(facts).Fits) ?? candidates.MaxBy(facts => Best(facts) is var budget ? budget.PoolBytes - budget.Pool.RequestBytes : 0)!;

        static VllmBudget Best(VllmFacts facts) => new VllmTuning(facts).Best().Budget;
    }

    private static string Cards(VllmFacts facts, VllmSetting setting) =>
        setting.Gpus.Select(gpu => gpu.Name).Distinct(StringComparer.Ordinal).Skip(1).Any()
            ? $"{VllmCards.Describe(setting.Gpus)}: those of one kind are too few, so unlike ones serve together, at the pace and with the memory of the weakest"
            : $"{setting.RanksPerHost} of {facts.Cards.Count(gpu => gpu.Name == setting.Gpus[0].Name)} × {setting.Gpus[0].Name}{(facts.Hosts > 1 ? $" on each of {facts.Hosts} machines" : string.Empty)}";

    private static string[] OtherCards(VllmFacts facts) =>
        [.. facts.Request.Topology.Gpus.Except(facts.Cards).Select(gpu => $"{gpu.Name}: ranks wait for the slowest card and hold as much as the smallest")];

    private static MemoryPlan Memory(VllmFacts facts, VllmChoice choice)
    {
        (VllmSetting setting, VllmBudget budget, _) = choice;
        long pool = Math.Max(0, budget.PoolBytes);
        long states = Math.Min(pool, setting.Sequences * budget.Pool.StateBlocks * budget.Pool.BytesPerBlock);
        int layers = (facts.Model.LayerCount + setting.PipelineParallel - 1) / setting.PipelineParallel;
        const long Context = 330 * Bytes.MiB;
        return new MemoryPlan
        {
            Devices =
            [
                .. setting.Gpus.Select((gpu, at) => new DeviceMemory
                {
                    Name = $"CUDA{at.ToString(CultureInfo.InvariantCulture)}",
                    TotalBytes = gpu.MemoryTotalBytes,
                    WeightsBytes = budget.WeightsBytes,
                    KvCacheBytes = pool - states,
                    RecurrentBytes = states,
                    ComputeBytes = budget.ActivationBytes + budget.GraphBytes,
                    OverheadBytes = budget.OtherBytes + Context,
                    FreeAfterBytes = Math.Min(gpu.MemoryFreeBytes ?? gpu.MemoryTotalBytes, VllmReserve.TotalOf(gpu)) - (budget.WeightsBytes + pool + budget.ActivationBytes + budget.GraphBytes + budget.OtherBytes + Context) + Math.Min(0, budget.PoolBytes),
                    Layers = layers,
                }),
            ],
            Host = new HostMemory
            {
                TotalBytes = facts.Host.Memory.TotalBytes,
                ComputeBytes = VllmHostMemory.Needed(setting.RanksPerHost),
                FreeAfterBytes = facts.Host.Memory.AvailableBytes - VllmHostMemory.Needed(setting.RanksPerHost),
            },
            Pool = new PoolPlan
            {
                Bytes = pool,
                Tokens = budget.Pool.Tokens(budget.PoolBytes, setting.ContextLength),
                FullLengthRequests = Math.Round(budget.Requests, 2),
                BlockTokens = budget.Pool.BlockTokens,
                Blocks = budget.Pool.Blocks(budget.PoolBytes),
                BlocksPerRequest = budget.Pool.BlocksPerRequest,
                StateBlocksPerRequest = budget.Pool.StateBlocks,
                Utilization = budget.Share,
                ReserveBytes = budget.Reserve.Bytes,
            },
        };
    }

    private static IEnumerable<PlanProblem> Problems(VllmFacts facts, VllmTuning tuning, VllmChoice choice)
    {
        (VllmSetting setting, VllmBudget budget, _) = choice;
        if (VllmBackends.CardProblem(facts) is { } old)
        {
            yield return new PlanProblem(old, facts.Capability >= 7 ? "use vLLM 0.19 or older with CUDA 12, newer cards, or a GGUF with llama.cpp" : "use newer cards, or a GGUF with llama.cpp");
        }

        if (VllmBackends.LowestFor(facts.Model.QuantizationDetail) is { } lowest && facts.Capability > 0 && facts.Capability < lowest)
        {
            yield return new PlanProblem(
                $"weights quantised by {facts.Model.QuantizationDetail!.Method} need compute capability {lowest.ToString("0.0", CultureInfo.InvariantCulture)}; {facts.Weakest.Name} has {facts.Weakest.ComputeCapability}", VllmBackends.OtherQuantization(facts.Capability));
        }

        if (!budget.Fits)
        {
            string within = $"each of {setting.Ranks} card(s) may use {Bytes.Format(budget.AllowedBytes)} ({budget.Share.ToString("0.000", CultureInfo.InvariantCulture)} of {Bytes.Format(setting.Gpus.Min(VllmReserve.TotalOf))}); weights take {Bytes.Format(budget.WeightsBytes)}, results of a step of {setting.BatchTokens} tokens, graphs and libraries {Bytes.Format(budget.ActivationBytes + budget.GraphBytes + budget.OtherBytes)}";
            string left = budget.PoolBytes <= 0 ? $"that is {Bytes.Format(-budget.PoolBytes)} too much before a single token is kept" : $"{Bytes.Format(budget.PoolBytes)} are left for the KV pool";
            yield return new PlanProblem(
                $"the model does not fit: {within}; {left}, and one request of {setting.ContextLength} tokens needs {Bytes.Format(budget.Pool.RequestBytes)} ({setting.KvCacheType}): {Bytes.Format(budget.Pool.RequestBytes - budget.PoolBytes)} are missing on each card",
                new VllmRemedies(facts, tuning, choice).Describe());
        }
        else if (setting.Sequences > budget.Pool.MostSequences(budget.PoolBytes))
        {
            long most = Math.Max(1, budget.Pool.MostSequences(budget.PoolBytes));
            yield return new PlanProblem(
                $"max-num-seqs={setting.Sequences} is more than there are blocks for: each request keeps {budget.Pool.StateBlocks} blocks of recurrent states and one of tokens, of {budget.Pool.Blocks(budget.PoolBytes)}", $"pin max-num-seqs={most}");
        }

        if (facts.Model.ContextLength > 0 && setting.ContextLength > facts.Model.ContextLength && !VllmOptions.StretchesContext(facts.Pins.ExtraArguments))
        {
            yield return new PlanProblem(
                $"max-model-len={setting.ContextLength} is more than the {facts.Model.ContextLength} tokens of the model's config.json: vLLM refuses to start",
                $"ask for at most {facts.Model.ContextLength}, or pin hf-overrides with the scaling of positions that the model's card names");
        }

        if (VllmHostMemory.Problem(facts.Host, setting.RanksPerHost, VllmWeights.Loaded(facts.Model, setting.DraftTokens > 0)) is { } host)
        {
            yield return host;
        }

        if (setting.PinnedUtilization is { } share && setting.Gpus.FirstOrDefault(gpu => gpu.MemoryFreeBytes is { } free && share * VllmReserve.TotalOf(gpu) > free) is { } full)
        {
            yield return new PlanProblem(
                $"gpu-memory-utilization={share.ToString("0.###", CultureInfo.InvariantCulture)} asks for more than is free on {full.Name} ({Bytes.Format(full.MemoryFreeBytes!.Value)} of {Bytes.Format(full.MemoryTotalBytes)}): vLLM refuses to start", $"pin at most {VllmReserve.Of(setting).Share.ToString("0.000", CultureInfo.InvariantCulture)}, or end what holds the card");
        }
    }
}
