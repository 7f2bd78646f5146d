using System.Globalization;

namespace LlmOps.Hardware;

/// <summary>Makes a topology that somebody wrote as safe to use as one that was captured.</summary>
internal static class TopologyRepair
{
    /// <summary>Puts empty lists and records where the text has null, numbers GPUs that have no index, and refuses contradictions.</summary>
    /// <exception cref="LlmOpsException"><c>TopologyInvalid</c>: an index twice, a link to a GPU that is not there, or a negative size.</exception>
    public static GpuTopology Complete(GpuTopology topology, string origin)
    {
        GpuDevice[] gpus = [.. (topology.Gpus ?? []).Select(gpu => gpu ?? new GpuDevice()).Select(Complete)];
        if (gpus.Length > 1 && gpus.All(gpu => gpu.Index == 0))
        {
            gpus = [.. gpus.Select((gpu, position) => gpu with { Index = position })];
        }

        GpuTopology complete = topology with
        {
            Source = topology.Source ?? "none",
            Host = Complete(topology.Host),
            Gpus = gpus,
            Links = [.. (topology.Links ?? []).Where(link => link is not null)],
            Notes = Known(topology.Notes) ?? [],
        };
        return Contradiction(complete) is { } problem ? throw new LlmOpsException($"{origin}: {problem}", "TopologyInvalid") : complete;
    }

    private static GpuDevice Complete(GpuDevice gpu) => gpu with
    {
        Name = gpu.Name ?? string.Empty,
        Processes = Known(gpu.Processes) ?? [],
        ThrottleReasons = Known(gpu.ThrottleReasons),
        Pcie = gpu.Pcie is { } link ? link with { Ports = Known(link.Ports)?.Select(port => port with { Address = port.Address ?? string.Empty }).ToArray() } : null,
    };

    private static HostInfo Complete(HostInfo? host) => (host ?? new HostInfo()) with
    {
        Cpu = (host?.Cpu ?? new CpuInfo()) with { InstructionSets = Known(host?.Cpu?.InstructionSets) ?? [] },
        Memory = (host?.Memory ?? new MemoryInfo()) with { Modules = Known(host?.Memory?.Modules) },
        NumaNodes = Known(host?.NumaNodes) ?? [],
        Limits = host?.Limits ?? new HostLimits(),
    };

    /// <summary>The list without the items that are null; null where there is no list.</summary>
    private static T[]? Known<T>(IReadOnlyList<T>? list)
        where T : class => list is null ? null : [.. list.Where(item => item is not null)];

    private static string? Contradiction(GpuTopology topology)
    {
        HashSet<int> indexes = [];
        foreach (GpuDevice gpu in topology.Gpus)
        {
            if (!indexes.Add(gpu.Index))
            {
                return string.Create(CultureInfo.InvariantCulture, $"two GPUs have index {gpu.Index}; give each its own.");
            }

            if (gpu.MemoryTotalBytes < 0 || gpu.MemoryFreeBytes < 0)
            {
                return string.Create(CultureInfo.InvariantCulture, $"GPU {gpu.Index} has a negative memory size; sizes are in bytes.");
            }
        }

        return topology.Links.FirstOrDefault(link => !indexes.Contains(link.A) || !indexes.Contains(link.B)) is { } stray
            ? string.Create(CultureInfo.InvariantCulture, $"a link joins GPU {stray.A} and GPU {stray.B}, but there is no such GPU; correct its 'a' and 'b'.")
            : null;
    }
}
