using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>Appends operations to a graph and says where their weights and caches hold them.</summary>
/// <param name="setting">What is computed and where the layers are.</param>
internal sealed class GraphBuilder(GraphSetting setting)
{
    // Devices take operations with weights of the host from this many rows on.
    private const long OffloadRows = 32;

    private GraphTensor? _frequencies;
    private int _layer;

    /// <summary>Operations in the order of computation.</summary>
    public List<GraphTensor> Nodes { get; } = [];

    /// <summary>Tensors that are filled from outside.</summary>
    public List<GraphTensor> Inputs { get; } = [];

    public GraphSetting Setting => setting;

    /// <summary>Rows that are computed now: all tokens, or only those whose result is asked for.</summary>
    public long Rows { get; set; } = setting.Tokens;

    /// <summary>The layer that operations belong to from now on.</summary>
    public int Layer
    {
        get => _layer;
        set => _layer = value;
    }

    public GraphTensor Input(long bytes)
    {
        GraphTensor input = new(bytes);
        Inputs.Add(input);
        return input;
    }

    /// <summary>The result of an operation, <paramref name="width"/> floats a row.</summary>
    public GraphTensor Compute(long width, params GraphTensor[] sources) => Add(new GraphTensor(width * Rows * sizeof(float), sources));

    /// <summary>A result of a given size.</summary>
    public GraphTensor Allocate(long bytes, params GraphTensor[] sources) => Add(new GraphTensor(bytes, sources));

    /// <summary>The sum of two tensors, over the first that nothing else reads.</summary>
    public GraphTensor Sum(GraphTensor first, GraphTensor second, long? bytes = null) =>
        Add(new GraphTensor(bytes ?? first.Bytes, first, second) { MayReuse = true, Operation = GraphOperation.Sum });

    /// <summary>The product of two tensors element by element, over the first that nothing else reads.</summary>
    public GraphTensor Product(GraphTensor first, GraphTensor second, long? bytes = null) =>
        Add(new GraphTensor(bytes ?? first.Bytes, first, second) { MayReuse = true, Operation = GraphOperation.Product });

    /// <summary>The product with a number for each column, over the source when nothing else reads it.</summary>
    public GraphTensor Scaled(GraphTensor source) => Add(new GraphTensor(source.Bytes, source) { MayReuse = true, Operation = GraphOperation.Product });

    /// <summary>A function of each element, over the source when nothing else reads it.</summary>
    public GraphTensor Function(GraphTensor source) => Add(new GraphTensor(source.Bytes, source) { MayReuse = true, Operation = GraphOperation.Function });

    /// <summary>The result of an operation that may overwrite a source.</summary>
    public GraphTensor Update(params GraphTensor[] sources) => Add(new GraphTensor(sources[0].Bytes, sources) { MayReuse = true });

    /// <summary>The result of an operation that may overwrite a source and whose size is not the first one's.</summary>
    public GraphTensor Update(long bytes, params GraphTensor[] sources) => Add(new GraphTensor(bytes, sources) { MayReuse = true });

    /// <summary>As <see cref="Update(GraphTensor[])"/> with a weight.</summary>
    public GraphTensor Apply(WeightTensor weight, GraphTensor source, long? rows = null) =>
        Add(Weighted(weight, weight.Name.EndsWith(".bias", StringComparison.Ordinal) ? GraphOperation.Sum : GraphOperation.Product, rows ?? Rows, source.Bytes, mayReuse: true, source));

    /// <summary>Adds the biases of the chosen experts.</summary>
    public GraphTensor ApplyExperts(WeightTensor weight, GraphTensor source, GraphTensor chosen) =>
        Add(Weighted(weight, GraphOperation.ExpertSum, Rows, source.Bytes, mayReuse: true, source, chosen));

    /// <summary>Multiplies by a matrix.</summary>
    public GraphTensor Multiply(WeightTensor weight, GraphTensor source) => Multiply(weight, weight.Rows, source);

    public GraphTensor Multiply(WeightTensor weight, long width, GraphTensor source) =>
        Add(Weighted(weight, GraphOperation.Matrix, Rows, width * Rows * sizeof(float), mayReuse: false, source));

    /// <summary>Runs a short convolution over padded rows.</summary>
    public GraphTensor Convolve(WeightTensor kernel, long width, GraphTensor padded) =>
        Add(Weighted(kernel, GraphOperation.Convolution, Rows, width * Rows * sizeof(float), mayReuse: false, padded));

    /// <summary>Multiplies elements by a weight; the result is laid out anew.</summary>
    public GraphTensor Scale(WeightTensor weight, long width, GraphTensor source) =>
        Add(Weighted(weight, GraphOperation.Product, Math.Max(weight.Rows, weight.Columns) * Rows, width * Rows * sizeof(float), mayReuse: true, source));

    /// <summary>Multiplies all tokens by a matrix, whatever is computed now.</summary>
    public GraphTensor MultiplyAll(WeightTensor weight, GraphTensor source) =>
        Add(Weighted(weight, GraphOperation.Matrix, setting.Tokens, weight.Rows * setting.Tokens * sizeof(float), mayReuse: false, source));

    /// <summary>Multiplies by the matrices of the chosen experts.</summary>
    public GraphTensor MultiplyExperts(WeightTensor weight, long width, long used, GraphTensor source, GraphTensor chosen) =>
        Add(Weighted(weight, GraphOperation.Experts, Rows, width * used * Rows * sizeof(float), mayReuse: false, source, chosen));

    /// <summary>The same elements in another shape.</summary>
    public GraphTensor View(GraphTensor source) => Add(new GraphTensor(source.Bytes, source) { Span = source.Span, Root = source.Root ?? source, Operation = GraphOperation.View });

    /// <summary>A view of a contiguous part.</summary>
    public GraphTensor Part(GraphTensor source, long bytes) => Add(new GraphTensor(bytes, source) { Root = source.Root ?? source, Operation = GraphOperation.View });

    /// <summary>A view of a few of the floats that repeat; those between stay.</summary>
    /// <param name="source">What is seen.</param>
    /// <param name="width">Floats that are seen of each row.</param>
    /// <param name="rowWidth">Floats of a row.</param>
    public GraphTensor Columns(GraphTensor source, long width, long rowWidth) => Add(new GraphTensor(source.Bytes / rowWidth * width, source)
    {
        Span = source.Bytes - ((rowWidth - width) * sizeof(float)),
        Root = source.Root ?? source,
        Operation = GraphOperation.View,
    });

    /// <summary>Writes into the layer's cache; nothing waits for it.</summary>
    public void Store(GraphTensor value, GraphTensor where, GraphTensor? cache = null) =>
        Add(new GraphTensor(0, value, where) { Place = CachePlace, Operation = GraphOperation.Store, Target = cache });

    /// <summary>Runs operations that stay together.</summary>
    public void Together(Action compute)
    {
        int first = Nodes.Count;
        compute();
        for (int at = first; at < Nodes.Count; at++)
        {
            (Nodes[at].IsGrouped, Nodes[at].BeginsGroup) = (true, at == first);
        }
    }

    /// <summary>A weight that is seen in another shape, so that nothing has to be computed where it is.</summary>
    public GraphTensor Shown(WeightTensor weight) => new(weight.Bytes) { IsExternal = true, Place = setting.Places.Find(_layer, weight.Name) ?? LayerPlace };

    /// <summary>A cache of the current layer, or of another one, as it is read.</summary>
    public GraphTensor Cache(long bytes, int? layer = null) =>
        new(bytes) { IsExternal = true, Place = setting.CacheOnHost ? setting.Host : setting.LayerPlaces[layer ?? _layer] };

    /// <summary>An operation that must run where it is told.</summary>
    public GraphTensor ComputeAt(int? place, long bytes, params GraphTensor[] sources) => Add(new GraphTensor(bytes, sources) { Place = place });

    /// <summary>An operation that must run where it is told, or on the host where no device can compute it.</summary>
    public GraphTensor ComputeAt(int? place, bool needsHost, long bytes, params GraphTensor[] sources) =>
        Add(new GraphTensor(bytes, sources) { Place = needsHost ? null : place, NeedsHost = needsHost });

    /// <summary>Flash attention, which is to run with its layer.</summary>
    public GraphTensor Attend(int? place, bool needsHost, long bytes, params GraphTensor[] sources) =>
        Add(new GraphTensor(bytes, sources) { Place = needsHost ? null : place, NeedsHost = needsHost, Home = LayerPlace });

    /// <summary>A state of a layer, gathered for the slots of the batch; those of other slots are moved along (build_rs).</summary>
    public GraphTensor Gather(int layer, long bytes, GraphTensor slots)
    {
        GraphTensor cache = Cache(bytes, layer);
        GraphTensor gathered = Allocate(bytes, Clear(cache), slots);
        GraphTensor own = View(gathered);
        GraphTensor others = Part(gathered, 0);
        View(cache);
        Move(others, cache);
        return View(own);
    }

    /// <summary>Makes the state of new slots zero.</summary>
    /// <returns>The state as it is read afterwards.</returns>
    public GraphTensor Clear(GraphTensor cache)
    {
        GraphTensor states = View(cache);
        Move(View(states), cache);
        return states;
    }

    /// <summary>Writes states into a cache; nothing waits for it.</summary>
    public void Move(GraphTensor value, GraphTensor cache) => Add(new GraphTensor(0, value) { Place = cache.Place, Operation = GraphOperation.Store, Target = cache });

    /// <summary>Turns heads by their positions. Frequencies that lie on the host are brought along.</summary>
    public GraphTensor Turn(long bytes, GraphTensor heads, GraphTensor positions, bool hasFrequencies)
    {
        bool visits = hasFrequencies && setting.OffloadsOperations && LayerPlace == setting.Host;
        return Add(new GraphTensor(bytes, visits ? [heads, positions, Frequencies()] : [heads, positions]) { MayReuse = true, Operation = GraphOperation.Turn, BeginsPart = visits });
    }

    /// <summary>An operation that must run where it is told, or on the host, and may overwrite its first source.</summary>
    public GraphTensor UpdateAt(int? place, bool needsHost, params GraphTensor[] sources) =>
        Add(new GraphTensor(sources[0].Bytes, sources) { MayReuse = true, Place = needsHost ? null : place, NeedsHost = needsHost });

    /// <summary>Multiplies on the host by a matrix that may have to be brought there.</summary>
    public GraphTensor MultiplyOnHost(WeightTensor weight, long width, GraphTensor source) => Add(new GraphTensor(width * Rows * sizeof(float), source)
    {
        NeedsHost = true,
        Operation = GraphOperation.Matrix,
        VisitingWeightBytes = LayerPlace == setting.Host ? 0 : weight.Bytes,
    });

    /// <summary>A norm without its weight. It may be pinned to its layer's device.</summary>
    public GraphTensor Norm(GraphTensor source, bool mayReuse = true) =>
        Add(new GraphTensor(source.Bytes, source) { MayReuse = mayReuse, Operation = NormOperation, Place = setting.PinsNorms && _layer >= 0 ? setting.LayerPlaces[_layer] : null });

    /// <summary>A norm whose result is smaller than the strided source.</summary>
    public GraphTensor Norm2(long bytes, GraphTensor source) => Add(new GraphTensor(bytes, source) { Operation = NormOperation });

    private GraphOperation NormOperation => setting.NormsByMean ? GraphOperation.Other : GraphOperation.Norm;

    private GraphTensor Frequencies() => _frequencies ??= new GraphTensor(setting.FrequencyBytes) { IsExternal = true, Place = setting.Host };

    public int CachePlace => setting.CacheOnHost ? setting.Host : setting.LayerPlaces[_layer];

    public int LayerPlace => setting.LayerPlaces[_layer];

    /// <summary>Whether devices compute the rows of now with weights of the host.</summary>
    public bool OffloadsRows => setting.OffloadsOperations && Rows >= OffloadRows;

    private GraphTensor Weighted(WeightTensor weight, GraphOperation operation, long rows, long bytes, bool mayReuse, params GraphTensor[] sources)
    {
        int at = _layer < 0 ? setting.LayerPlaces[^1] : setting.LayerPlaces[_layer];
        if (!setting.Places.IsEmpty && _layer >= 0)
        {
            at = setting.Places.Find(_layer, weight.Name) ?? at;
        }

        bool visits = at == setting.Host && setting.OffloadsOperations && rows >= OffloadRows;
        return new GraphTensor(bytes, sources) { MayReuse = mayReuse, Operation = operation, Place = visits ? 0 : at, VisitingWeightBytes = visits ? weight.Bytes : 0 };
    }

    private GraphTensor Add(GraphTensor node)
    {
        Nodes.Add(node);
        return node;
    }
}
