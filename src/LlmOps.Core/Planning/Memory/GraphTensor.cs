namespace LlmOps.Planning.Memory;

/// <summary>A tensor of a computation: its size, what it is computed from, and where.</summary>
/// <param name="bytes">Bytes of data, or those that a view shows.</param>
/// <param name="sources">Tensors it is computed from; weights are named apart.</param>
internal sealed class GraphTensor(long bytes, params GraphTensor[] sources)
{
    public long Bytes { get; } = bytes;

    public GraphTensor[] Sources { get; set; } = sources;

    /// <summary>The tensor whose memory this one shows; null when it has its own.</summary>
    public GraphTensor? Root { get; init; }

    /// <summary>What it does.</summary>
    public GraphOperation Operation { get; init; }

    /// <summary>The cache that an operation writes into.</summary>
    public GraphTensor? Target { get; init; }

    /// <summary>The tensor whose memory is seen through this one.</summary>
    public GraphTensor Memory => Root ?? Target ?? this;

    /// <summary>Whether it is one of several operations that stay together.</summary>
    public bool IsGrouped { get; set; }

    /// <summary>Whether it is the first of them.</summary>
    public bool BeginsGroup { get; set; }

    /// <summary>Bytes from its first element to its last: of a view that skips some of its owner's, more than its data, and what a copy of it takes.</summary>
    public long Span { get; init; } = bytes;

    /// <summary>Whether its memory belongs to something else, like a cache.</summary>
    public bool IsExternal { get; init; }

    /// <summary>Whether the operation may write its result over a source of the same layout.</summary>
    public bool MayReuse { get; init; }

    /// <summary>Whether it must outlive the computation.</summary>
    public bool IsOutput { get; set; }

    /// <summary>The place where it is computed; null until the scheduler chooses.</summary>
    public int? Place { get; set; }

    /// <summary>Whether no device can compute it, so that it falls to the host once all else has its place.</summary>
    public bool NeedsHost { get; init; }

    /// <summary>The place of its layer, of flash attention: the engine wants it there, or does without.</summary>
    public int? Home { get; init; }

    /// <summary>Whether it reads a small weight that lies elsewhere, so that a new part of the graph begins with it.</summary>
    public bool BeginsPart { get; init; }

    /// <summary>Bytes of a weight that must be brought to the place of the operation; 0 for none.</summary>
    public long VisitingWeightBytes { get; init; }

    // What the allocator keeps of it.
    public int Children { get; set; }

    public int Views { get; set; }

    public bool IsAllocated { get; set; }

    public bool WasAllocated { get; set; }

    public int Buffer { get; set; }

    public int Chunk { get; set; }

    public long Offset { get; set; }
}
