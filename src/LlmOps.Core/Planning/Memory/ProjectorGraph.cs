namespace LlmOps.Planning.Memory;

/// <summary>Scratch memory of a projector: its vision transformer over the largest image, with flash attention.</summary>
/// <remarks>Source: llama.cpp <c>tools/mtmd/clip.cpp</c> (build_inp, build_vit, build_attn, build_ffn).</remarks>
internal static class ProjectorGraph
{
    private const int Device = 0;
    private const int Host = 1;

    // Layers reach a steady state at once.
    private const int Layers = 3;

    /// <summary>Bytes on its device and on the host.</summary>
    public static (long Device, long Host) Reserve(ProjectorDescription projector)
    {
        if (!projector.SeesImages)
        {
            return (0, 0);
        }

        long side = projector.ImageSize / projector.PatchSize;
        long patches = side * side;
        long row = patches * sizeof(float);
        long width = projector.EmbeddingLength;
        List<GraphTensor> nodes = [];
        GraphTensor image = new(3L * projector.ImageSize * projector.ImageSize * sizeof(float));
        GraphTensor columns = On(patches * 3 * projector.PatchSize * projector.PatchSize * sizeof(short), image);
        GraphTensor stream = Over(width * row, On(width * row, View(On(width * row, columns))));
        for (int layer = 0; layer < Layers; layer++)
        {
            GraphTensor normed = Normed(stream);
            GraphTensor query = Over(width * row, On(width * row, normed));
            GraphTensor key = Over(width * row, On(width * row, normed));
            GraphTensor value = Over(width * row, On(width * row, normed));
            GraphTensor keys = On(width * row / 2, View(key)); // half floats
            GraphTensor values = On(width * row / 2, View(value));
            GraphTensor mixed = On(width * row, View(query), keys, values);
            stream = Over(width * row, Over(width * row, On(width * row, View(mixed))), stream);
            normed = Normed(stream);
            GraphTensor raised = Over(projector.FeedForwardLength * row, On(projector.FeedForwardLength * row, normed));
            raised = projector.HasGate
                ? On(projector.FeedForwardLength * row, Over(projector.FeedForwardLength * row, On(projector.FeedForwardLength * row, normed)), raised)
                : Over(projector.FeedForwardLength * row, raised);
            stream = Over(width * row, Over(width * row, On(width * row, raised)), stream);
        }

        Normed(stream).IsOutput = true;
        long[] bytes = new GraphScheduler(Host, copies: 1, long.MaxValue / 2).Reserve([image], nodes);
        return (bytes[Device], bytes[Host]);

        GraphTensor Add(GraphTensor node)
        {
            nodes.Add(node);
            return node;
        }

        GraphTensor On(long bytes, params GraphTensor[] sources) => Add(new GraphTensor(bytes, sources) { Place = Device });
        GraphTensor Over(long bytes, params GraphTensor[] sources) => Add(new GraphTensor(bytes, sources) { Place = Device, MayReuse = true });
        GraphTensor View(GraphTensor source) => Add(new GraphTensor(source.Bytes, source) { Root = source.Root ?? source });
        GraphTensor Normed(GraphTensor source) => Over(source.Bytes, Over(source.Bytes, Over(source.Bytes, source)));
    }
}
