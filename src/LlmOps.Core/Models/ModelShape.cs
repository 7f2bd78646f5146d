using LlmOps.Models.Gguf;

namespace LlmOps.Models;

/// <summary>The sizes that all other figures of a GGUF model hang on, and its metadata by the names below the architecture's.</summary>
internal sealed class ModelShape
{
    // llama.cpp allows 512 (LLAMA_MAX_LAYERS); the room is for engines to come. Nothing is allocated per layer before this check.
    private const int MostLayers = 4096;

    private readonly bool[] _recurrent;

    private ModelShape(GgufMetadata metadata, string architecture)
    {
        Metadata = metadata;
        Architecture = architecture;
        LayerCount = Count("block_count") ?? 0;
        if (LayerCount > MostLayers)
        {
            throw metadata.Invalid(Key("block_count"), $"{LayerCount} layers are more than the {MostLayers} that can be");
        }

        EmbeddingLength = Count("embedding_length") ?? 0;
        NextTokenLayerCount = Count("nextn_predict_layers") ?? 0;
        if (NextTokenLayerCount > LayerCount)
        {
            throw metadata.Invalid(Key("nextn_predict_layers"), $"{NextTokenLayerCount} of only {LayerCount} layers");
        }

        HeadCounts = metadata.PerLayer(Key("attention.head_count"), LayerCount) ?? new int[LayerCount];
        KeyValueHeadCounts = metadata.PerLayer(Key("attention.head_count_kv"), LayerCount) ?? HeadCounts;
        _recurrent = RecurrentReader.FindLayers(this);
    }

    public GgufMetadata Metadata { get; }

    public string Architecture { get; }

    public int LayerCount { get; }

    public int NextTokenLayerCount { get; }

    public int EmbeddingLength { get; }

    public IReadOnlyList<int> HeadCounts { get; }

    public IReadOnlyList<int> KeyValueHeadCounts { get; }

    /// <exception cref="ModelFormatException">The metadata does not describe a model.</exception>
    public static ModelShape Read(GgufMetadata metadata)
    {
        string architecture = metadata.Text("general.architecture")
            ?? throw metadata.Invalid("general.architecture", "the key is missing, so this is no model");
        return metadata.Text("general.type") != "adapter"
            ? new ModelShape(metadata, architecture)
            : throw metadata.Invalid("general.type", "this is a LoRA adapter, not a model");
    }

    /// <summary>The full key of a name below the architecture's.</summary>
    public string Key(string name) => $"{Architecture}.{name}";

    public int? Count(string name) => Metadata.Count(Key(name));

    public int[]? PerLayer(string name) => Metadata.PerLayer(Key(name), LayerCount);

    public bool IsRecurrent(int layer) => _recurrent[layer];

    public bool IsNextToken(int layer) => layer >= LayerCount - NextTokenLayerCount;
}
