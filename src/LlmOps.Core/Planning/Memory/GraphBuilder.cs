using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>Appends operations to a graph and says where their weights and caches hold them.</summary>
/// <param name="setting">What is computed and where the layers are.</param>
internal sealed class GraphBuilder(GraphSetting setting)
{
    // Devices take operations with weights of the host from this many rows on.
    private const long OffloadRows = 32;

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

    /// <summary>The result of an operation that may overwrite a source.</summary>
    public GraphTensor Update(params GraphTensor[] sources) => Add(new GraphTensor(sources[0].Bytes, sources) { MayReuse = true });

    /// <summary>The result of an operation that may overwrite a source and whose size is not the first one's.</summary>
    public GraphTensor Update(long bytes, params GraphTensor[] sources) => Add(new GraphTensor(bytes, sources) { MayReuse = true });

    /// <summary>As <see cref="Update(GraphTensor[])"/> with a weight.</summary>
    public GraphTensor Apply(WeightTensor weight, GraphTensor source, long? rows = null) => Add(Weighted(weight, rows ?? Rows, isExpert: false, source.Bytes, mayReuse: true, source));

    /// <summary>Multiplies by a matrix.</summary>
    public GraphTensor Multiply(WeightTensor weight, GraphTensor source) => Multiply(weight, weight.Rows, source);

    public GraphTensor Multiply(WeightTensor weight, long width, GraphTensor source) =>
        Add(Weighted(weight, Rows, isExpert: false, width * Rows * sizeof(float), mayReuse: false, source));

    /// <summary>Multiplies by the matrices of the chosen experts.</summary>
    public GraphTensor MultiplyExperts(WeightTensor weight, long width, long used, GraphTensor source, GraphTensor chosen) =>
        Add(Weighted(weight, Rows, isExpert: true, width * used * Rows * sizeof(float), mayReuse: false, source, chosen));

    public GraphTensor View(GraphTensor source, long? bytes = null) =>
        Add(new GraphTensor(bytes ?? source.Bytes, source) { Root = source.Root ?? source, IsStrided = bytes is not null || source.IsStrided });

    /// <summary>A view of a contiguous part.</summary>
    public GraphTensor Part(GraphTensor source, long bytes) => Add(new GraphTensor(bytes, source) { Root = source.Root ?? source, IsStrided = source.IsStrided });

    /// <summary>The copy of a state that a layer begins with; some are made before the layer before it is complete.</summary>
    public void Touch(int layer) => Add(new GraphTensor(0) { Place = setting.CacheOnHost ? setting.Host : setting.LayerPlaces[layer] });

    /// <summary>Writes into the layer's cache; nothing waits for it.</summary>
    public void Store(GraphTensor value, GraphTensor where) => Add(new GraphTensor(0, value, where) { Place = CachePlace });

    /// <summary>A cache of the current layer, or of another one, as it is read.</summary>
    public GraphTensor Cache(long bytes, int? layer = null) =>
        new(bytes) { IsExternal = true, Place = setting.CacheOnHost ? setting.Host : setting.LayerPlaces[layer ?? _layer] };

    /// <summary>An operation that must run where it is told.</summary>
    public GraphTensor ComputeAt(int? place, long bytes, params GraphTensor[] sources) => Add(new GraphTensor(bytes, sources) { Place = place });

    /// <summary>An operation that must run where it is told and may overwrite its first source.</summary>
    public GraphTensor UpdateAt(int? place, params GraphTensor[] sources) => Add(new GraphTensor(sources[0].Bytes, sources) { MayReuse = true, Place = place });

    /// <summary>Multiplies on the host by a matrix that may have to be brought there.</summary>
    public GraphTensor MultiplyOnHost(WeightTensor weight, long width, GraphTensor source) => Add(new GraphTensor(width * Rows * sizeof(float), source)
    {
        Place = setting.Host,
        VisitingWeightBytes = LayerPlace == setting.Host ? 0 : weight.Bytes,
    });

    /// <summary>A norm without its weight. It may be pinned to its layer's device.</summary>
    public GraphTensor Norm(GraphTensor source, bool mayReuse = true) =>
        Add(new GraphTensor(source.Bytes, source) { MayReuse = mayReuse, Place = setting.PinsNorms && _layer >= 0 ? setting.LayerPlaces[_layer] : null });

    /// <summary>A norm whose result is smaller than the strided source.</summary>
    public GraphTensor Norm2(long bytes, GraphTensor source) => Add(new GraphTensor(bytes, source));

    public int CachePlace => setting.CacheOnHost ? setting.Host : setting.LayerPlaces[_layer];

    public int LayerPlace => setting.LayerPlaces[_layer];

    private GraphTensor Weighted(WeightTensor weight, long rows, bool isExpert, long bytes, bool mayReuse, params GraphTensor[] sources)
    {
        int at = _layer < 0 ? setting.LayerPlaces[^1] : setting.LayerPlaces[_layer];
        if (!setting.Places.IsEmpty && _layer >= 0)
        {
            at = setting.Places.Find(_layer, weight.Name) ?? at;
        }

        bool visits = at == setting.Host && setting.OffloadsOperations && rows >= OffloadRows;
        return new GraphTensor(bytes, sources) { MayReuse = mayReuse, Place = visits ? 0 : at, VisitingWeightBytes = visits ? weight.Bytes : 0 };
    }

    private GraphTensor Add(GraphTensor node)
    {
        Nodes.Add(node);
        return node;
    }
}
