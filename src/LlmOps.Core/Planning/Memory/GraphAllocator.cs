namespace LlmOps.Planning.Memory;

/// <summary>Gives each tensor of a scheduled graph its memory, freeing it after its last use, and tells the size of each buffer.</summary>
/// <remarks>Source of the rule: ggml <c>src/ggml-alloc.c</c> (ggml_gallocr): results take the place of a source that nobody else needs.</remarks>
/// <param name="places">Number of places: devices and, last, the host.</param>
/// <param name="chunkBytes">The most bytes of one buffer.</param>
internal sealed class GraphAllocator(int places, long chunkBytes)
{
    private readonly FreeList[] _buffers = [.. Enumerable.Range(0, places).Select(_ => new FreeList(chunkBytes))];

    /// <summary>Bytes of each place's buffer.</summary>
    /// <param name="first">Tensors that are given memory before all others.</param>
    /// <param name="nodes">All tensors in the order of computation, with their places.</param>
    public long[] Reserve(List<GraphTensor> first, List<GraphTensor> nodes)
    {
        foreach (GraphTensor leaf in first)
        {
            Allocate(leaf);
        }

        foreach (GraphTensor node in nodes)
        {
            if (node.Root is { } root)
            {
                root.Views++;
            }

            foreach (GraphTensor source in node.Sources)
            {
                source.Children++;
            }
        }

        foreach (GraphTensor node in nodes)
        {
            Allocate(node);
            foreach (GraphTensor source in node.Sources)
            {
                Release(source);
            }
        }

        return [.. _buffers.Select(buffer => buffer.Peak)];
    }


    private void Allocate(GraphTensor node)
    {
        if (node.WasAllocated || node.IsExternal || node.Root is not null || node.Operation == GraphOperation.Store)
        {
            return;
        }

        node.WasAllocated = node.IsAllocated = true;
        if (node.MayReuse && Parent(node) is { } parent)
        {
            (node.Buffer, node.Chunk, node.Offset) = (parent.Buffer, parent.Chunk, parent.Offset);
            parent.IsAllocated = false;
            return;
        }

        node.Buffer = node.Place!.Value;
        (node.Chunk, node.Offset) = _buffers[node.Buffer].Take(node.Bytes);
    }

    // A plan asks this of some ten thousand tensors: no delegate, no enumerator.
    private static GraphTensor? Parent(GraphTensor node)
    {
        foreach (GraphTensor source in node.Sources)
        {
            if (CanTake(node, source))
            {
                return source;
            }
        }

        return null;
    }

    // Only whole tensors are taken over: the engine's own estimate never does it through a view.
    private static bool CanTake(GraphTensor node, GraphTensor source) =>
        source.Root is null && source.IsAllocated && !source.IsOutput && source.Bytes == node.Bytes && source.Children == 1 && source.Views == 0;

    private void Release(GraphTensor source)
    {
        source.Children--;
        if (source.Children > 0 || source.Views > 0)
        {
            return;
        }

        GraphTensor owner = source;
        if (source.Root is { } root)
        {
            owner = root;
            owner.Views--;
        }

        if (owner.Views == 0 && owner.Children == 0 && owner.IsAllocated && !owner.IsOutput)
        {
            owner.IsAllocated = false;
            _buffers[owner.Buffer].Return(owner.Chunk, owner.Offset, owner.Bytes);
        }
    }
}
