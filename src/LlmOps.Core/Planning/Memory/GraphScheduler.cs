namespace LlmOps.Planning.Memory;

/// <summary>Chooses where each tensor is computed and what must be copied there.</summary>
/// <remarks>Source of the rule: ggml <c>src/ggml-backend.cpp</c> (ggml_backend_sched_split_graph).</remarks>
/// <param name="host">The host's number among the places; devices come before it.</param>
/// <param name="copies">How many times inputs exist, so that devices can work on different batches at a time.</param>
/// <param name="chunkBytes">The most bytes of one buffer.</param>
/// <param name="reorders">Whether devices change the order of operations.</param>
internal sealed class GraphScheduler(int host, int copies, long chunkBytes, bool reorders = false)
{
    private readonly List<GraphTensor> _first = [];
    private List<GraphTensor> _nodes = [];
    private readonly Dictionary<(GraphTensor Source, int Place), GraphTensor> _copied = [];

    /// <summary>Bytes of each place's compute buffer.</summary>
    public long[] Reserve(IReadOnlyList<GraphTensor> inputs, IReadOnlyList<GraphTensor> nodes)
    {
        GraphTensor[] graph = [.. nodes];
        ChoosePlaces(graph);
        _first.AddRange(inputs);
        foreach (GraphTensor input in inputs)
        {
            input.Place = host;
            input.IsOutput = copies > 1;
            for (int copy = 1; copy < copies; copy++)
            {
                _first.Add(new GraphTensor(input.Bytes) { Place = host, IsOutput = true });
            }
        }

        _nodes = new List<GraphTensor>(graph.Length + (graph.Length / 8));
        Split(graph);

        return new GraphAllocator(host + 1, chunkBytes).Reserve(_first, _nodes);
    }

    /// <summary>Whether flash attention of some layer runs elsewhere than the layer.</summary>
    public bool MovesAttention(IReadOnlyList<GraphTensor> inputs, IReadOnlyList<GraphTensor> nodes)
    {
        GraphTensor[] graph = [.. nodes];
        foreach (GraphTensor input in inputs)
        {
            input.Place = host;
        }

        ChoosePlaces(graph);
        return Array.Exists(graph, node => node.Home is { } home && node.Place != home);
    }

    private void ChoosePlaces(GraphTensor[] graph)
    {
        // Neighbours of what runs on a device run there too; the host gets only what nothing else claims.
        Spread(graph, backwards: false, deviceOnly: true);
        Spread(graph, backwards: true, deviceOnly: true);
        Spread(graph, backwards: false, deviceOnly: false);
        Spread(graph, backwards: true, deviceOnly: false);
        foreach (GraphTensor node in graph)
        {
            node.Place ??= host;
        }

        foreach (GraphTensor node in graph)
        {
            if (node.Root is { } root)
            {
                node.Place = root.Place;
            }
        }
    }

    private void Spread(GraphTensor[] nodes, bool backwards, bool deviceOnly)
    {
        int? place = null;
        for (int at = 0; at < nodes.Length; at++)
        {
            GraphTensor node = nodes[backwards ? nodes.Length - 1 - at : at];
            if (node.Root is not null || node.IsExternal)
            {
                continue;
            }

            if (node.Place is { } known)
            {
                place = deviceOnly && known == host ? null : known;
            }
            else if (!node.NeedsHost || place is null || place == host)
            {
                node.Place = place;
            }
        }
    }

    private void Split(GraphTensor[] graph)
    {
        int place = -1;
        List<GraphTensor> arrivals = [];
        List<GraphTensor> members = [];
        foreach (GraphTensor node in graph)
        {
            if (node.Root is not null || node.IsExternal)
            {
                members.Add(node);
                continue;
            }

            bool bringsWeight = node.VisitingWeightBytes > 0;
            if (node.Place != place || ((bringsWeight || node.BeginsPart) && arrivals.Count > 0))
            {
                Flush(arrivals, members, place);
                place = node.Place!.Value;
            }

            bool matrixFirst = node.Operation is GraphOperation.Matrix or GraphOperation.Experts;
            if (bringsWeight && matrixFirst)
            {
                Bring(node, place, arrivals);
            }

            for (int at = 0; at < node.Sources.Length; at++)
            {
                if (PlaceOf(node.Sources[at]) != place)
                {
                    node.Sources[at] = Copy(node.Sources[at], place, arrivals);
                }
            }

            members.Add(node);
            if (bringsWeight && !matrixFirst)
            {
                Bring(node, place, arrivals);
            }
        }

        Flush(arrivals, members, place);
    }

    // A weight that visits a device is freed after the operation that asks for it.
    private void Bring(GraphTensor node, int place, List<GraphTensor> arrivals)
    {
        GraphTensor weight = new(node.VisitingWeightBytes) { Place = place, IsOutput = copies > 1 };
        arrivals.Add(weight);
        Multiply(weight);
        node.Sources = [.. node.Sources, weight];
    }

    private static int PlaceOf(GraphTensor tensor) => (tensor.Root ?? tensor).Place!.Value;

    private GraphTensor Copy(GraphTensor source, int place, List<GraphTensor> arrivals)
    {
        if (_copied.TryGetValue((source, place), out GraphTensor? copy))
        {
            return copy;
        }

        copy = new GraphTensor(source.Span, source) { Place = place, IsOutput = copies > 1 };
        _copied[(source, place)] = copy;
        arrivals.Add(copy);
        Multiply(copy);
        return copy;
    }

    // While devices work on different batches, whatever crosses over exists several times and stays.
    private void Multiply(GraphTensor arrival)
    {
        if (copies == 1)
        {
            return;
        }

        _first.Add(arrival);
        for (int more = 1; more < copies; more++)
        {
            _first.Add(new GraphTensor(arrival.Bytes) { Place = arrival.Place, IsOutput = true });
        }
    }

    private void Flush(List<GraphTensor> arrivals, List<GraphTensor> members, int place)
    {
        _nodes.AddRange(arrivals);
        _nodes.AddRange(reorders && place != host && place >= 0 ? VulkanOrder.Of(members) : members);
        arrivals.Clear();
        members.Clear();
    }
}
