using System.Text.Json;
using LlmOps.Models;

namespace LlmOps.Accuracy;

/// <summary>A model's shape in little room: layers of one kind are written once. Tests read it instead of files of many gigabytes.</summary>
internal sealed record ModelOutline
{
    public required string Architecture { get; init; }

    public int Layers { get; init; }

    public int NextTokenLayers { get; init; }

    public int Embedding { get; init; }

    public int FeedForward { get; init; }

    public int Vocabulary { get; init; }

    public long Context { get; init; }

    public long InputBytes { get; init; }

    public long OutputBytes { get; init; }

    public ExpertShape? Experts { get; init; }

    public long[]? Recurrent { get; init; }

    public int[] RecurrentLayers { get; init; } = [];

    /// <summary>Heads, KV heads, key length, value length and window (0 for none) of each kind of layer.</summary>
    public int[][] AttentionKinds { get; init; } = [];

    public int[] AttentionOf { get; init; } = [];

    /// <summary>Name, columns, rows and bytes of each tensor of each kind of layer.</summary>
    public string[][] TensorKinds { get; init; } = [];

    public int[] TensorsOf { get; init; } = [];

    /// <summary>Tensors that all layers share, as those of a layer.</summary>
    public string[] SharedTensors { get; init; } = [];

    public long[] DenseBytes { get; init; } = [];

    public long[] ExpertBytes { get; init; } = [];

    public static ModelOutline Of(ModelDescription model)
    {
        List<string> attention = [];
        List<string> tensors = [];
        int[] attentionOf = [.. model.Attention.Select(shape => Index(attention, $"{shape.HeadCount} {shape.KeyValueHeadCount} {shape.KeyLength} {shape.ValueLength} {shape.SlidingWindow ?? 0}"))];
        int[] tensorsOf = [.. model.Weights.LayerTensors.Select(layer => Index(tensors, string.Join('|', layer.Select(Text))))];
        return new ModelOutline
        {
            Architecture = model.Architecture,
            Layers = model.LayerCount,
            NextTokenLayers = model.NextTokenLayerCount,
            Embedding = model.EmbeddingLength,
            FeedForward = model.FeedForwardLength,
            Vocabulary = model.VocabularySize,
            Context = model.ContextLength,
            InputBytes = model.Weights.InputBytes,
            OutputBytes = model.Weights.OutputBytes,
            Experts = model.Experts,
            Recurrent = model.Recurrent is null ? null : [model.Recurrent.ConvolutionElements, model.Recurrent.StateElements],
            RecurrentLayers = [.. model.Recurrent?.Layers ?? []],
            AttentionKinds = [.. attention.Select(kind => kind.Split(' ').Select(int.Parse).ToArray())],
            AttentionOf = attentionOf,
            TensorKinds = [.. tensors.Select(kind => kind.Split('|'))],
            TensorsOf = tensorsOf,
            SharedTensors = [.. model.Weights.SharedTensors.Select(Text)],
            DenseBytes = [.. model.Weights.Layers.Select(layer => layer.DenseBytes)],
            ExpertBytes = [.. model.Weights.Layers.Select(layer => layer.ExpertBytes)],
        };
    }

    public ModelDescription ToDescription(string name)
    {
        WeightTensor[][] kinds = [.. TensorKinds.Select(kind => kind.Select(Tensor).ToArray())];
        return new ModelDescription
        {
            Path = name,
            Architecture = Architecture,
            Name = name,
            Quantization = "mixed",
            ContextLength = Context,
            LayerCount = Layers,
            NextTokenLayerCount = NextTokenLayers,
            EmbeddingLength = Embedding,
            FeedForwardLength = FeedForward,
            VocabularySize = Vocabulary,
            Attention = [.. AttentionOf.Select((kind, layer) => Shape(layer, AttentionKinds[kind]))],
            Recurrent = Recurrent is null ? null : new RecurrentShape(RecurrentLayers.Length, Recurrent[0], Recurrent[1]) { Layers = RecurrentLayers },
            Experts = Experts,
            Weights = new WeightInventory
            {
                InputBytes = InputBytes,
                OutputBytes = OutputBytes,
                Layers = [.. DenseBytes.Select((dense, layer) => new LayerWeights(layer, dense, ExpertBytes[layer]))],
                LayerTensors = [.. TensorsOf.Select(kind => kinds[kind])],
                SharedTensors = [.. SharedTensors.Select(Tensor)],
            },
        };
    }

    /// <summary>The outlines that a file has under <c>models</c>.</summary>
    public static IReadOnlyDictionary<string, ModelDescription> Read(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.GetProperty("models").EnumerateObject()
            .ToDictionary(item => item.Name, item => item.Value.Deserialize<ModelOutline>()!.ToDescription(item.Name));
    }

    private static AttentionShape Shape(int layer, int[] kind) => new(layer, kind[0], kind[1], kind[2], kind[3], kind[4] == 0 ? null : kind[4]);

    private static string Text(WeightTensor item) => $"{item.Name} {item.Columns} {item.Rows} {item.Bytes}";

    private static WeightTensor Tensor(string text)
    {
        string[] words = text.Split(' ');
        return new WeightTensor(words[0], long.Parse(words[1]), long.Parse(words[2]), long.Parse(words[3]));
    }

    private static int Index(List<string> kinds, string kind)
    {
        int at = kinds.IndexOf(kind);
        if (at < 0)
        {
            at = kinds.Count;
            kinds.Add(kind);
        }

        return at;
    }
}
