using LlmOps.Hardware;

namespace LlmOps.Servers;

/// <summary>The memory in use on one GPU before and after a server on it was stopped.</summary>
public sealed record GpuMemoryRelease
{
    // A little may be taken by others in the meantime; a worker that lives on keeps all of its share.
    private const double Enough = 0.9;

    /// <summary>The GPU's index, as nvidia-smi counts.</summary>
    public required int Index { get; init; }

    /// <summary>The GPU's UUID; null when it has none.</summary>
    public string? Uuid { get; init; }

    /// <summary>Memory in use on it before the stop, by whomever, in bytes.</summary>
    public required long BeforeBytes { get; init; }

    /// <summary>Memory in use on it when this was last looked at, in bytes.</summary>
    public required long AfterBytes { get; init; }

    /// <summary>What the server held of it: as the driver says of its processes, else as the engine's log says; null when neither tells.</summary>
    public long? ServerBytes { get; init; }

    /// <summary>Who holds memory on it now, for a GPU that did not get its memory back; empty otherwise, and when the driver does not tell.</summary>
    public IReadOnlyList<GpuProcess> Holders { get; init; } = [];

    /// <summary>What was given back, in bytes; negative when others have taken more meanwhile.</summary>
    public long FreedBytes => BeforeBytes - AfterBytes;

    /// <summary>Whether the server's memory was seen to be given back: at least nine tenths of it, or anything at all where its share is not known.</summary>
    public bool IsReleased => ServerBytes is { } held ? FreedBytes >= held * Enough : FreedBytes > 0 || BeforeBytes == 0;

    /// <summary>What is wrong, in one line; null when the memory was given back.</summary>
    public string? Warning
    {
        get
        {
            if (IsReleased)
            {
                return null;
            }

            string freed = FreedBytes > 0 ? $"only {Bytes.Format(FreedBytes)}" : "nothing";
            string expected = ServerBytes is { } held ? $" of the server's {Bytes.Format(held)}" : string.Empty;
            string who = Holders.Count == 0
                ? "the driver names no process that holds it"
                : "held by " + string.Join(", ", Holders.Select(Describe));
            return $"GPU {Index} gave back {freed}{expected} after the stop, {Bytes.Format(AfterBytes)} are in use; {who}";
        }
    }

    private static string Describe(GpuProcess process) =>
        $"process {process.ProcessId}{(process.Name is { } name ? $" ({name})" : string.Empty)}{(process.MemoryBytes is { } bytes ? $" {Bytes.Format(bytes)}" : string.Empty)}";
}
