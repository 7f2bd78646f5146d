using System.Globalization;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Servers;

/// <summary>What became of a configuration: what the engine allocated, and where that is not what was meant.</summary>
internal sealed record LoadJudgement
{
    /// <summary>The fault of a server that answers and computes on the processor although a GPU was meant.</summary>
    public const string CpuFallback = "llamacpp.cpu-fallback";

    // Plans are to be within a tenth; a pool that is smaller than that holds fewer requests than was said.
    private const double SmallPool = 0.9;

    /// <summary>Why the server counts as failed, in one line; null when it does not.</summary>
    public string? Failure { get; private init; }

    /// <summary>What is not as it was meant; it works, though.</summary>
    public IReadOnlyList<string> Warnings { get; private init; } = [];

    /// <summary>What was allocated, by device, beside what was planned; empty when the log does not tell.</summary>
    public IReadOnlyList<DeviceAllocation> Memory { get; private init; } = [];

    /// <summary>Compares.</summary>
    public static LoadJudgement Of(LaunchExpectation expected, IEngineLog log, ServerFacts facts)
    {
        IReadOnlyList<DeviceBuffers> buffers = log.Devices;
        List<DeviceAllocation> memory = Allocations(expected, buffers);
        bool onGpu = memory.Exists(device => !device.IsHost && device.WeightsBytes > 0);
        bool logTells = buffers.Count > 0 || log.NoGpuLine is not null;
        string? failure = expected.WantsGpu && logTells && !onGpu ? Fallback(expected, log) : null;
        List<string> warnings = [];
        if (failure is null && onGpu && expected.GpuLayers is { } layers && log is { OffloadedLayers: { } some, LayerCount: { } all } && some < Math.Min(layers, all))
        {
            warnings.Add(Text($"only {some} of {all} layers are on GPUs; {Math.Min(layers, all)} were planned"));
        }

        if (failure is null && onGpu && log.TellsEveryDevice)
        {
            warnings.AddRange(expected.Devices
                .Where(device => memory.Find(held => held.Device == device) is null or { WeightsBytes: 0 })
                .Where(device => expected.Planned.FirstOrDefault(planned => planned.Device == device)?.Bytes > 0)
                .Select(device => $"{device} holds nothing of the model, though the plan uses it"));
        }

        if (facts.ContextLength is { } context && expected.ContextPerSlot is { } wanted && context < wanted)
        {
            warnings.Add(Text($"each slot has {context} tokens of context; {wanted} were asked for"));
        }

        if (log.Figures?.KvCacheTokens is { } pool && expected.PoolTokens is { } planned && pool < planned * SmallPool)
        {
            warnings.Add(Text($"the KV pool holds {pool} tokens; {planned} were planned"));
        }

        if (facts.Slots is { } slots && expected.Slots is { } asked && slots != asked)
        {
            warnings.Add(Text($"there are {slots} slots; {asked} were asked for"));
        }

        return new LoadJudgement { Failure = failure, Warnings = warnings, Memory = memory };
    }

    private static string Fallback(LaunchExpectation expected, IEngineLog log)
    {
        string meant = expected.Devices.Count > 0 ? string.Join(", ", expected.Devices) : "a GPU";
        string evidence = log.NoGpuLine
            ?? (log is { OffloadedLayers: { } some, LayerCount: { } all } ? Text($"offloaded {some}/{all} layers") : "its log names no buffer on a GPU");
        return $"the engine fell back to the processor: the model should be on {meant} ({evidence})";
    }

    private static List<DeviceAllocation> Allocations(LaunchExpectation expected, IReadOnlyList<DeviceBuffers> buffers)
    {
        if (buffers.Count == 0)
        {
            return [];
        }

        Dictionary<string, DeviceAllocation> byDevice = [];
        foreach (DeviceBuffers held in buffers)
        {
            string device = LoadLog.IsHost(held.Device) ? DeviceAllocation.Host : held.Device;
            DeviceAllocation now = byDevice.GetValueOrDefault(device) ?? new DeviceAllocation { Device = device };
            byDevice[device] = now with
            {
                WeightsBytes = now.WeightsBytes + held.WeightsBytes,
                KvCacheBytes = now.KvCacheBytes + held.KvCacheBytes,
                RecurrentBytes = now.RecurrentBytes + held.RecurrentBytes,
                ComputeBytes = now.ComputeBytes + held.ComputeBytes + held.OutputBytes + held.OtherBytes,
            };
        }

        foreach (PlannedBuffers planned in expected.Planned)
        {
            if (planned.Bytes > 0 || byDevice.ContainsKey(planned.Device))
            {
                byDevice[planned.Device] = (byDevice.GetValueOrDefault(planned.Device) ?? new DeviceAllocation { Device = planned.Device }) with { PlannedBytes = planned.Bytes };
            }
        }

        List<DeviceAllocation> allocations = [];
        foreach (DeviceAllocation device in byDevice.Values)
        {
            allocations.Add(expected.Uuids.TryGetValue(device.Device, out string? uuid) ? device with { Uuid = uuid } : device);
        }

        allocations.Sort((one, other) => one.IsHost == other.IsHost ? string.CompareOrdinal(one.Device, other.Device) : one.IsHost ? 1 : -1);
        return allocations;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
