namespace LlmOps.Models.Folders;

/// <summary>The sizes that all other figures of a model folder hang on.</summary>
internal sealed class FolderShape
{
    // More than any model has; nothing is allocated per layer before this check.
    private const int MostLayers = 4096;

    public FolderShape(ConfigJson config)
    {
        Config = config;
        ModelType = config.Text("model_type") ?? "";
        BodyLayerCount = Required("num_hidden_layers", "n_layer", "num_layers", "n_layers", "decoder_layers", "num_decoder_layers");
        if (BodyLayerCount > MostLayers)
        {
            throw config.Invalid("num_hidden_layers", $"{BodyLayerCount} layers are more than the {MostLayers} that can be");
        }

        EmbeddingLength = Count("hidden_size", "n_embd", "d_model", "dim", "model_dim") ?? throw config.Invalid("hidden_size", "is missing");
        HeadCounts = config.PerLayer(BodyLayerCount, "num_attention_heads", "n_head", "num_heads", "n_heads", "num_query_heads")
            ?? Same(ConfigDefaults.Find(ModelType, "num_attention_heads") ?? 0);
        HeadLength = Count("head_dim", "attention_head_dim", "kv_channels") is > 0 and { } length ? length
            : HeadCounts.FirstOrDefault(count => count > 0) is > 0 and { } heads ? EmbeddingLength / heads
            : 0;
        Layers = LayerKinds.Read(this);
    }

    public ConfigJson Config { get; }

    /// <summary>The class of the language model: <c>qwen3_5_text</c> where the whole is <c>qwen3_5</c>.</summary>
    public string ModelType { get; }

    /// <summary>Layers without those that predict further tokens.</summary>
    public int BodyLayerCount { get; }

    public int EmbeddingLength { get; }

    public IReadOnlyList<int> HeadCounts { get; }

    public int HeadLength { get; }

    /// <summary>What each body layer is.</summary>
    public IReadOnlyList<LayerKind> Layers { get; }

    /// <summary>Layers that predict further tokens, as the configuration has them. Files often lack their tensors.</summary>
    public int DeclaredNextTokenLayers => Math.Min(
        MostLayers,
        Config.Count("num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_layers", "mtp_num_layers", "num_mtp_modules", "n_mtp_layers") ?? 0);

    public int? Count(params ReadOnlySpan<string> names) => Config.Count(names) ?? ConfigDefaults.Find(ModelType, names[0]);

    private int Required(params ReadOnlySpan<string> names) => Count(names) ?? throw Config.Invalid(names[0], "is missing, so this does not describe a language model");

    private int[] Same(int value)
    {
        int[] values = new int[BodyLayerCount];
        values.AsSpan().Fill(value);
        return values;
    }
}
