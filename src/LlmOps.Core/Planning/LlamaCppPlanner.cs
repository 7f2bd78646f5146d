using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Models;
using LlmOps.Planning.Distributed;
using LlmOps.Planning.Rules;

namespace LlmOps.Planning;

/// <summary>Computes a launch configuration for llama.cpp.</summary>
/// <param name="findFreePort">Looks for a free port: the first to try and how many.</param>
internal sealed class LlamaCppPlanner(Func<int, int, int?> findFreePort) : IEnginePlanner
{
    /// <summary>Tokens of context that a processor alone is given unless pinned.</summary>
    public const long LongestCpuContext = 32768;

    private const int FirstPort = 8080;

    /// <inheritdoc/>
    public ServerConfig Plan(PlanRequest request) => Plan(request, findsRemedies: true);

    private ServerConfig Plan(PlanRequest request, bool findsRemedies)
    {
        if (request is { Runtime: RuntimeNames.Docker, Engine.Devices.Count: 0, Topology.Gpus.Count: > 0 })
        {
            // The image was asked without the GPUs that its container will have.
            request = request with { Engine = null };
        }

        Pins pins = Pins.From(request);
        DecisionLog log = new(pins.Options);
        PlanFacts facts = new(request, pins);
        TensorOverrides? overrides = facts.PinnedText(LlamaCppOptions.OverrideTensor) is { } rules ? TensorOverrides.Parse(rules) : null;
        PlacementEstimator estimator = new(request.Model, overrides?.Apply(request.Model) ?? request.Model, request.Topology.Host, CompanionFiles.Read(facts), request.Mode);
        IReadOnlyList<ClusterMember> members = request.OtherHosts.Count > 0 ? RpcCluster.Members(request, pins) : [];
        LoadExperience experience = new(request.Experience);
        TunedPlacement tuned = Place(facts, estimator, members, experience);
        (IReadOnlyList<ConfigDevice> devices, Dictionary<string, string> environment, PlacementChoice named) = DeviceSelection.Name(tuned.Choice);
        PinChecks checks = new(facts, named, overrides);
        log.PinNotes = checks.Notes();
        DeviceDecisions.Add(log, facts, named);
        experience.Explain(tuned.Choice.Placement.Devices, log);
        OptionSet options = OptionRules.Decide(facts, tuned with { Choice = named }, log);
        DeviceSelection.Explain(environment, log);
        ClusterSettings? cluster = members.Count > 0 ? RpcCluster.Of(request, members, named.Placement.Devices, environment, log) : null;
        options = cluster is null ? options : RpcCluster.Options(options, cluster, log);

        string runtime = RuntimeChoice.Runtime(request, log);
        ServerConfig config = new()
        {
            Name = request.Name ?? ServerNames.For(request.Model),
            EnginePath = runtime == RuntimeNames.Docker ? null : request.Engine?.Path,
            Runtime = runtime,
            Image = RuntimeChoice.Image(request, runtime, devices, log),
            Restart = new RestartPolicy { Mode = request.Restart },
            Model = request.Model.Path,
            Alias = pins.Alias ?? ServerNames.Stem(request.Model),
            Devices = devices,
            Options = options,
            ExtraArguments = pins.ExtraArguments,
            Environment = environment,
            Endpoint = EndpointChoice.Of(request, pins, FirstPort, "the usual port; always passed, since engines' own defaults differ", findFreePort, log),
            Cluster = cluster,
            Plan = named.Memory with { Host = HostMemoryOf(named.Memory.Host, options, request.Model) },
            Prediction = RpcCluster.Bound(ThroughputPredictor.Predict(request.Model, named.Placement, request.Topology.Host), cluster),
            Decisions = log.Decisions,
        };
        _ = LaunchCommandBuilder.Build(config, request.Engine); // A pin that this engine cannot be told is refused now, not at the start.
        return config with { Problems = [.. Problems(facts, estimator, named, findsRemedies), .. checks.Problems()] };
    }

    // How the file is loaded and how many prompts are kept is decided after everything that must fit.
    private static HostMemory HostMemoryOf(HostMemory host, OptionSet options, ModelDescription model)
    {
        bool maps = options[LlamaCppOptions.MemoryMap.Name] as bool? ?? true;
        bool locks = options[LlamaCppOptions.MemoryLock.Name] as bool? ?? false;
        return host with
        {
            PromptCacheBytes = options[LlamaCppOptions.CacheRamMiB.Name] is long mebibytes and >= 0 ? mebibytes * Bytes.MiB : host.PromptCacheBytes,
            MappedBytes = maps ? model.SizeBytes : 0,
            LockedBytes = locks ? host.WeightsBytes : 0,
        };
    }

    private static TunedPlacement Place(PlanFacts facts, PlacementEstimator estimator, IReadOnlyList<ClusterMember> members, LoadExperience experience)
    {
        IReadOnlyList<PlanDevice> devices = [.. DeviceCandidates.Of(facts.Request.Topology, facts.Engine, facts.Pins.Devices, facts.Request.Mode).Select(experience.Correct), .. DeviceCandidates.Of(members, facts.Request.Mode)];
        if (facts.PinnedNumber(LlamaCppOptions.GpuLayers) == 0)
        {
            devices = [];
        }

        PlacementSearch search = new(estimator, facts);
        PlacementTuning tuning = new(search, facts);
        PlacementChoice choice = tuning.Improve(search.Find(devices, facts.Start()));
        return new TunedPlacement(choice, tuning.SlotsReason, tuning.BatchReason, tuning.SpeculationReason);
    }

    private IEnumerable<PlanProblem> Problems(PlanFacts facts, PlacementEstimator estimator, PlacementChoice choice, bool findsRemedies)
    {
        IReadOnlyList<(string Where, long Missing)> shortages = estimator.Shortages(choice.Memory, choice.Placement.Devices);
        if (shortages.Count > 0)
        {
            (string where, long missing) = shortages[0];
            (string Where, long Missing)[] others = [.. shortages.Skip(1)];
            (string term, long bytes) = BiggestTerm(choice.Memory, where);
            string further = others.Length == 0 ? string.Empty : $"; {string.Join(" and ", others.Select(other => $"{other.Where} lacks {Bytes.Format(other.Missing)}"))} too";
            yield return new PlanProblem(
                $"the model does not fit: {where} lacks {Bytes.Format(missing)}; {term} take {Bytes.Format(bytes)} of it{further}",
                findsRemedies ? new PlanRemedies(request => Plan(request with { IsThisMachine = false }, findsRemedies: false), facts, choice).Describe(missing) : string.Empty);
        }

        if (facts.Model.ContextLength > 0 && choice.Placement.ContextLength / (choice.Placement.Unified ? 1 : choice.Placement.Slots) is var slot && slot > facts.Model.ContextLength
            && !facts.Pinned(LlamaCppOptions.ContextLength))
        {
            yield return new PlanProblem($"a slot would have {slot} tokens, more than the {facts.Model.ContextLength} the model was trained for", "pin a shorter ctx-size");
        }
    }

    private static (string Term, long Bytes) BiggestTerm(MemoryPlan memory, string where)
    {
        (string, long)[] terms = memory.Devices.FirstOrDefault(device => device.Name == where) is { } device
            ? [("weights", device.WeightsBytes), ("keys and values", device.KvCacheBytes), ("recurrent states", device.RecurrentBytes), ("compute buffers", device.ComputeBytes)]
            : [("weights", memory.Host.WeightsBytes), ("keys and values", memory.Host.KvCacheBytes), ("recurrent states", memory.Host.RecurrentBytes), ("compute buffers", memory.Host.ComputeBytes)];
        return terms.MaxBy(term => term.Item2);
    }
}
