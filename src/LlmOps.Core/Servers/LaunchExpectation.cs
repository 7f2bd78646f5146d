using LlmOps.Configuration;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Engines.Vllm;
using LlmOps.Planning;

namespace LlmOps.Servers;

/// <summary>What a configuration means a server to be, against which it is held once it answers.</summary>
internal sealed record LaunchExpectation
{
    /// <summary>Names of the GPUs that should hold the model, in the engine's order; empty when the configuration names none.</summary>
    public IReadOnlyList<string> Devices { get; init; } = [];

    /// <summary>Stable identities of those that have one, by name.</summary>
    public IReadOnlyDictionary<string, string> Uuids { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether the model should be on GPUs at all.</summary>
    public bool WantsGpu { get; init; }

    /// <summary>Layers that should be on GPUs; null when that is left to the engine.</summary>
    public int? GpuLayers { get; init; }

    /// <summary>Tokens of context that each slot should have; null when that is left to the engine.</summary>
    public long? ContextPerSlot { get; init; }

    /// <summary>Slots that there should be; null when that is left to the engine.</summary>
    public int? Slots { get; init; }

    /// <summary>Tokens that the KV pool should hold; null when nothing says so.</summary>
    public long? PoolTokens { get; init; }

    /// <summary>Bytes of buffers that the plan puts on each device, in its order; <c>Host</c> for main memory; empty without a plan.</summary>
    public IReadOnlyList<PlannedBuffers> Planned { get; init; } = [];

    /// <summary>What <paramref name="config"/> means.</summary>
    public static LaunchExpectation Of(ServerConfig config)
    {
        if (config.Engine != EngineNames.LlamaCpp)
        {
            return OfVllm(config);
        }

        int? layers = (int?)(config.Options[LlamaCppOptions.GpuLayers.Name] as long?);
        long context = config.Options[LlamaCppOptions.ContextLength.Name] as long? ?? 0;
        int? slots = (int?)(config.Options[LlamaCppOptions.Parallel.Name] as long?);
        bool unified = config.Options[LlamaCppOptions.KvUnified.Name] as bool? ?? false;
        return new LaunchExpectation
        {
            Devices = NamesOf(config),
            Uuids = UuidsOf(config),
            WantsGpu = config.Devices.Count > 0 ? layers != 0 : layers > 0,
            GpuLayers = layers,
            ContextPerSlot = context == 0 ? null : unified ? context : slots is { } count ? context / count : null,
            Slots = slots,
            Planned = PlannedOf(config.Plan),
        };
    }

    // vLLM says what weights and pool take, and never what a step does; it fails rather than fall back to the processor.
    private static LaunchExpectation OfVllm(ServerConfig config)
    {
        long context = config.Options.Get(VllmOptions.ContextLength);
        return new LaunchExpectation
        {
            Devices = NamesOf(config),
            Uuids = UuidsOf(config),
            ContextPerSlot = context > 0 ? context : null,
            PoolTokens = config.Plan?.Pool?.Tokens,
            Planned = config.Plan is { } plan ? [.. plan.Devices.Select(device => new PlannedBuffers(device.Name, device.WeightsBytes + device.KvCacheBytes + device.RecurrentBytes))] : [],
        };
    }

    private static List<string> NamesOf(ServerConfig config)
    {
        List<string> names = [];
        foreach (ConfigDevice device in config.Devices)
        {
            names.Add(device.Name);
        }

        return names;
    }

    // A device of another machine is none of this one's GPUs.
    private static Dictionary<string, string> UuidsOf(ServerConfig config)
    {
        Dictionary<string, string> uuids = [];
        foreach (ConfigDevice device in config.Devices)
        {
            if (device is { Uuid: { } uuid, Host: null })
            {
                uuids.TryAdd(device.Name, uuid);
            }
        }

        return uuids;
    }

    // What a driver takes for itself is in the plan and never in the engine's log.
    private static PlannedBuffers[] PlannedOf(MemoryPlan? plan) => plan is null
        ? []
        : [.. plan.Devices.Select(device => new PlannedBuffers(device.Name, device.UsedBytes - device.OverheadBytes)), new PlannedBuffers(DeviceAllocation.Host, plan.Host.UsedBytes)];
}

/// <summary>What a plan puts on a device.</summary>
/// <remarks>A class: lists of pairs with a number in them would be compiled anew by each process, in the middle of a start.</remarks>
/// <param name="Device">Its name; <c>Host</c> for main memory.</param>
/// <param name="Bytes">Bytes of buffers.</param>
internal sealed record PlannedBuffers(string Device, long Bytes);
