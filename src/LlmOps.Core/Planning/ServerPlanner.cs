using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Planning;

/// <summary>Computes a launch configuration for a model on a machine and says why each value is what it is.</summary>
/// <param name="findFreePort">Looks for a free port: the first to try and how many; null asks this machine.</param>
public sealed class ServerPlanner(Func<int, int, int?>? findFreePort = null)
{
    /// <summary>Tokens of context that a processor alone is given unless pinned.</summary>
    internal const long LongestCpuContext = 32768;

    private const int FirstPort = 8080;
    private const int PortsTried = 100;

    private readonly Func<int, int, int?> _findFreePort = findFreePort ?? FreePort.From;

    /// <summary>The configuration for <paramref name="request"/>; <see cref="ServerConfig.Problems"/> says what stands in the way.</summary>
    /// <exception cref="LlmOpsException">A pin is impossible, or names something that is not there; the name cannot be a server's.</exception>
    public ServerConfig Plan(PlanRequest request)
    {
        if (request.Name is not null && ServerNaming.Problem(request.Name) is { } misnamed)
        {
            throw new LlmOpsException(misnamed, "ServerNameInvalid");
        }

        Pins pins = Pins.From(request);
        DecisionLog log = new(pins.Options);
        PlanFacts facts = new(request, pins);
        PlacementChoice choice = Place(facts, log);
        OptionSet options = new OptionRules(facts, log).Decide(choice);
        (IReadOnlyList<ConfigDevice> devices, Dictionary<string, string> environment, PlacementChoice named) = DeviceSelection.Name(choice, log);

        ServerConfig config = new()
        {
            Name = request.Name ?? ServerNames.For(request.Model),
            EnginePath = request.Engine?.Path,
            Model = request.Model.Path,
            Alias = pins.Alias ?? ServerNames.Stem(request.Model),
            Devices = devices,
            Options = options,
            ExtraArguments = pins.ExtraArguments,
            Environment = environment,
            Endpoint = Endpoint(request, pins, log),
            Plan = named.Memory,
            Prediction = ThroughputPredictor.Predict(request.Model, named.Placement, request.Topology.Host),
            Problems = [.. Problems(facts, named)],
            Decisions = log.Decisions,
        };
        _ = LaunchCommandBuilder.Build(config, request.Engine); // A pin that this engine cannot be told is refused now, not at the start.
        return config;
    }

    private static PlacementChoice Place(PlanFacts facts, DecisionLog log)
    {
        IReadOnlyList<PlanDevice> devices = DeviceCandidates.Of(facts.Request.Topology, facts.Engine, facts.Pins.Devices, facts.Request.Mode);
        if (facts.Pins.Options[LlamaCppOptions.GpuLayers.Name] is 0L)
        {
            devices = [];
        }

        PlacementChoice choice = new PlacementSearch(facts.Model, facts.Request.Topology.Host, facts.Pins.Options, facts.CanUnify).Find(devices, facts.Start());
        string names = choice.Placement.Devices.Count == 0 ? "none" : string.Join(", ", choice.Placement.Devices.Select(device => device.Gpu.Name));
        log.Add("devices", names, WhyDevices(facts, choice), choice.Rejected, facts.Pins.Devices is not null);
        return choice;
    }

    private static string WhyDevices(PlanFacts facts, PlacementChoice choice)
    {
        int there = facts.Request.Topology.Gpus.Count;
        int used = choice.Placement.Devices.Count;
        if (used == 0 && there > 0 && facts.Engine is { Devices.Count: 0 } engine)
        {
            return $"{engine.Path} was built without support for this machine's GPUs; it runs on the processor";
        }

        string unused = there - used is > 0 and var left && used > 0 ? $"; {left} of {there} GPUs stay unused" : string.Empty;
        return (used == 0 && there == 0 ? "this machine has no GPU" : choice.Why) + unused;
    }

    private ServerEndpoint Endpoint(PlanRequest request, Pins pins, DecisionLog log)
    {
        int port = pins.Port ?? (request.IsThisMachine ? _findFreePort(FirstPort, PortsTried) : null) ?? FirstPort;
        log.Add("host", pins.Host ?? "127.0.0.1", pins.Host is null ? "only this machine may connect; an address that others can reach needs an API key" : "as asked", [], pins.Host is not null);
        log.Add(
            "port",
            port.ToString(CultureInfo.InvariantCulture),
            pins.Port is not null ? "as asked" : port == FirstPort ? "the usual port; always passed, since engines' own defaults differ" : $"the first free port from {FirstPort} on",
            [],
            pins.Port is not null);
        return new ServerEndpoint { Host = pins.Host ?? "127.0.0.1", Port = port, ApiKeyFile = pins.ApiKeyFile };
    }

    private static IEnumerable<PlanProblem> Problems(PlanFacts facts, PlacementChoice choice)
    {
        if (!choice.Fits && PlacementSearch.Shortage(choice.Memory) is var (where, missing))
        {
            (string term, long bytes) = BiggestTerm(choice.Memory, where);
            yield return new PlanProblem(
                $"the model does not fit: {where} lacks {Bytes.Format(missing)}; {term} take {Bytes.Format(bytes)} of it",
                Remedy(facts, choice, term));
        }

        if (facts.Model.ContextLength > 0 && choice.Placement.ContextLength / (choice.Placement.Unified ? 1 : choice.Placement.Slots) is var slot && slot > facts.Model.ContextLength
            && !facts.Pins.Options.Contains(LlamaCppOptions.ContextLength.Name))
        {
            yield return new PlanProblem($"a slot would have {slot} tokens, more than the {facts.Model.ContextLength} the model was trained for", "pin a shorter ctx-size");
        }

        if (choice.Placement is { FlashAttention: false } placement && KvCacheTypes.IsQuantised(placement.TypeV))
        {
            yield return new PlanProblem($"a V cache of type {placement.TypeV} needs flash attention, which is off", "pin flash-attn=on or cache-type-v=f16");
        }
    }

    private static (string Term, long Bytes) BiggestTerm(MemoryPlan memory, string where)
    {
        (string, long)[] terms = memory.Devices.FirstOrDefault(device => device.Name == where) is { } device
            ? [("weights", device.WeightsBytes), ("keys and values", device.KvCacheBytes), ("recurrent states", device.RecurrentBytes), ("compute buffers", device.ComputeBytes)]
            : [("weights", memory.Host.WeightsBytes), ("keys and values", memory.Host.KvCacheBytes), ("recurrent states", memory.Host.RecurrentBytes), ("compute buffers", memory.Host.ComputeBytes)];
        return terms.MaxBy(term => term.Item2);
    }

    private static string Remedy(PlanFacts facts, PlacementChoice choice, string term)
    {
        OptionSet pinned = facts.Pins.Options;
        return term == "keys and values" && pinned.Contains(LlamaCppOptions.ContextLength.Name) ? $"ask for a shorter context than {choice.Placement.ContextLength}, or pin cache-type-k=q8_0 and cache-type-v=q8_0"
            : pinned.Contains(LlamaCppOptions.GpuLayers.Name) ? "leave n-gpu-layers to the planner, or pin fewer"
            : term == "weights" ? "use a smaller quantisation of the model, or a machine with more memory"
            : $"ask for a shorter context than {choice.Placement.ContextLength} or fewer slots than {choice.Placement.Slots}";
    }
}
