namespace LlmOps.Models.Folders;

/// <summary>Adds up the tensors of a model folder by the part that they belong to.</summary>
internal sealed class FolderWeights(FolderShape shape, QuantizationInfo? quantization, string folder)
{
    // Layers behind the body that a configuration does not announce; no model has more than a few.
    private const int MostUndeclared = 64;

    private readonly SortedDictionary<int, LayerSum> _layers = [];
    private readonly Dictionary<string, long> _bytesByType = new(StringComparer.Ordinal);
    private long _input;
    private long _output;
    private bool _hasHead;

    public long Parameters { get; private set; }

    public long TotalBytes { get; private set; }

    public long VisionBytes { get; private set; }

    public long AudioBytes { get; private set; }

    /// <summary>Rows of the embedding table.</summary>
    public int EmbeddingRows { get; private set; }

    /// <summary>Layers behind the body that there are tensors of.</summary>
    public int NextTokenLayers => _layers.Count == 0 ? 0 : Math.Max(0, _layers.Keys.Max() + 1 - shape.BodyLayerCount);

    /// <exception cref="ModelFormatException">A tensor belongs to a layer that the model does not have, or the sums overflow.</exception>
    public void Add(SafetensorsFile file)
    {
        foreach (SafetensorsTensor tensor in file.Tensors)
        {
            long weights = PackedWeights.Count(tensor, quantization);
            if (weights > long.MaxValue - Parameters || tensor.Bytes > long.MaxValue - TotalBytes)
            {
                throw new ModelFormatException(file.Path, $"damaged safetensors header: the tensors up to {tensor.Name} are larger than any file", "ModelInvalid");
            }

            Parameters += weights;
            TotalBytes += tensor.Bytes;
            _bytesByType[tensor.Type] = _bytesByType.GetValueOrDefault(tensor.Type) + tensor.Bytes;
            Place(tensor);
        }
    }

    /// <summary>Notes a tensor of which only the name is known, because its file is missing.</summary>
    public void AddName(string name) => LayerOf(TensorPlace.Of(name), name);

    public WeightInventory ToInventory()
    {
        int count = shape.BodyLayerCount + NextTokenLayers;
        LayerSum[] layers = [.. Enumerable.Range(0, count).Select(layer => _layers.GetValueOrDefault(layer) ?? new LayerSum())];
        return new WeightInventory
        {
            InputBytes = _input,
            OutputBytes = _output,
            TiedEmbeddings = !_hasHead && _input > 0,
            Layers = [.. layers.Select((sum, layer) => new LayerWeights(layer, sum.Dense, sum.Experts))],
            LayerTensors = [.. layers.Select(sum => sum.ToTensors())],
        };
    }

    /// <summary>The element type that most bytes have.</summary>
    public string MainType() => _bytesByType.Count == 0 ? "none" : _bytesByType.MaxBy(entry => entry.Value).Key;

    private void Place(SafetensorsTensor tensor)
    {
        TensorPlace place = TensorPlace.Of(tensor.Name);
        switch (place.Class)
        {
            case TensorClass.Vision:
                VisionBytes += tensor.Bytes;
                break;
            case TensorClass.Audio:
                AudioBytes += tensor.Bytes;
                break;
            case TensorClass.Input:
                _input += tensor.Bytes;
                EmbeddingRows = tensor.Shape is [long rows, _] ? (int)Math.Min(Math.Max(rows, EmbeddingRows), int.MaxValue) : EmbeddingRows;
                break;
            case TensorClass.Output:
                _output += tensor.Bytes;
                _hasHead |= place.Name.Contains("lm_head", StringComparison.Ordinal) || place.Name.EndsWith("output.weight", StringComparison.Ordinal)
                    || place.Name.EndsWith("embed_out.weight", StringComparison.Ordinal);
                break;
            default:
                LayerOf(place, tensor.Name)!.Add(place, tensor);
                break;
        }
    }

    private LayerSum? LayerOf(TensorPlace place, string name)
    {
        if (place.Class is not (TensorClass.Layer or TensorClass.NextToken))
        {
            return null;
        }

        int layer = place.Class == TensorClass.NextToken ? shape.BodyLayerCount + NextToken(place.Layer) : place.Layer;
        int most = shape.BodyLayerCount + Math.Max(shape.DeclaredNextTokenLayers, MostUndeclared);
        if (layer >= most)
        {
            throw new ModelFormatException(
                folder, $"config.json says {shape.BodyLayerCount} layers, but there is a tensor {name}; both must be of one download", "ModelInvalid");
        }

        if (!_layers.TryGetValue(layer, out LayerSum? sum))
        {
            _layers[layer] = sum = new LayerSum();
        }

        return sum;
    }

    // Some count them from 0, some go on from the body.
    private int NextToken(int layer) => layer >= shape.BodyLayerCount ? layer - shape.BodyLayerCount : layer;

    /// <summary>One layer's tensors, those of all experts taken together.</summary>
    private sealed class LayerSum
    {
        private readonly Dictionary<string, WeightTensor> _tensors = new(StringComparer.Ordinal);

        public long Dense { get; private set; }

        public long Experts { get; private set; }

        public void Add(TensorPlace place, SafetensorsTensor tensor)
        {
            if (place.IsExpert)
            {
                Experts += tensor.Bytes;
            }
            else
            {
                Dense += tensor.Bytes;
            }

            long columns = tensor.Shape.Count > 0 ? tensor.Shape[^1] : 1;
            long rows = columns > 0 ? tensor.Elements / columns : 0;
            _tensors[place.Name] = _tensors.TryGetValue(place.Name, out WeightTensor? before)
                ? before with { Rows = before.Rows + rows, Bytes = before.Bytes + tensor.Bytes }
                : new WeightTensor(place.Name, columns, rows, tensor.Bytes);
        }

        public IReadOnlyList<WeightTensor> ToTensors() => [.. _tensors.Values];
    }
}
