using System.Globalization;
using System.IO.Enumeration;

namespace LlmOps.Hardware;

/// <summary>Chooses GPUs of a topology. Every condition that is set must hold; the GPUs that stay keep their <see cref="GpuDevice.Index"/>.</summary>
public sealed record GpuFilter
{
    /// <summary>
    /// Memory that a card may lack and still count as its nominal size, as a share: a "24 GB" card reports 24564 MiB and an "80 GB" one
    /// 81559 MiB, because the firmware keeps some for itself.
    /// </summary>
    private const double NominalSizeTolerance = 0.01;

    /// <summary>Indexes to keep; empty keeps all.</summary>
    public IReadOnlyList<int> Indexes { get; init; } = [];

    /// <summary>Names to keep, with <c>*</c> and <c>?</c>, upper and lower case alike; empty keeps all.</summary>
    public IReadOnlyList<string> NamePatterns { get; init; } = [];

    /// <summary>Memory in bytes that a GPU must have in total; one per cent less counts as met, because cards report slightly less than they are sold with.</summary>
    public long? MinimumMemoryBytes { get; init; }

    /// <summary>CUDA compute capability that a GPU must have at least, compared as numbers: 8.10 is more than 8.9.</summary>
    public string? MinimumComputeCapability { get; init; }

    /// <summary>The topology with the chosen GPUs and the links among them.</summary>
    /// <exception cref="LlmOpsException"><c>GpuIndexNotFound</c>: an index that no GPU has; <c>ComputeCapabilityInvalid</c>: not a number like 8.9.</exception>
    public GpuTopology Apply(GpuTopology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        foreach (int index in Indexes)
        {
            if (topology.Gpus.All(gpu => gpu.Index != index))
            {
                throw IndexNotFound(index, topology);
            }
        }

        (int, int)? capability = MinimumComputeCapability is { } text ? ReadLimit(text) : null;
        GpuDevice[] kept = [.. topology.Gpus.Where(gpu => Matches(gpu, capability))];
        HashSet<int> keptIndexes = [.. kept.Select(gpu => gpu.Index)];
        return topology with
        {
            Gpus = kept,
            Links = [.. topology.Links.Where(link => keptIndexes.Contains(link.A) && keptIndexes.Contains(link.B))],
        };
    }

    private bool Matches(GpuDevice gpu, (int Major, int Minor)? capability) =>
        (Indexes.Count == 0 || Indexes.Contains(gpu.Index))
        && (NamePatterns.Count == 0 || NamePatterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, gpu.Name, ignoreCase: true)))
        && (MinimumMemoryBytes is not { } memory || gpu.MemoryTotalBytes >= memory * (1 - NominalSizeTolerance))
        && (capability is not { } least || (ParseCapability(gpu.ComputeCapability) is { } own && own.CompareTo(least) >= 0));

    private static (int Major, int Minor) ReadLimit(string text) => ParseCapability(text) ?? throw new LlmOpsException(
        $"'{text}' is not a compute capability; write it as major.minor, for example 8.9.", "ComputeCapabilityInvalid");

    private static (int Major, int Minor)? ParseCapability(string? text)
    {
        string[] parts = text?.Trim().Split('.') ?? [];
        int minor = 0;
        bool isNumber = parts.Length is 1 or 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out _)
            && (parts.Length == 1 || int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out minor));
        return isNumber ? (int.Parse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture), minor) : null;
    }

    private static LlmOpsException IndexNotFound(int index, GpuTopology topology)
    {
        string existing = topology.Gpus.Count == 0
            ? "this machine has no GPUs"
            : "the GPUs are " + string.Join(", ", topology.Gpus.Select(gpu => gpu.Index.ToString(CultureInfo.InvariantCulture)));
        return new LlmOpsException(
            string.Create(CultureInfo.InvariantCulture, $"There is no GPU with index {index}; {existing}."), "GpuIndexNotFound") { Kind = ErrorKind.NotFound };
    }
}
