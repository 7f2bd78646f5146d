using System.Text.Json;

namespace LlmOps.StandIns.Vllm;

/// <summary>What the stand-in makes of a model folder and of the flags: the figures that its log and its answers tell.</summary>
internal sealed record ServedModel
{
    private const double Gib = 1L << 30;

    // Activations, graphs and all that is not weights or pool. An assumption of the stand-in.
    private const double OtherGib = 1.0;

    public required string Path { get; init; }

    public required string Name { get; init; }

    public required string Architecture { get; init; }

    public int Heads { get; init; } = 8;

    public int Shards { get; init; } = 1;

    public int TensorParallel { get; init; } = 1;

    /// <summary>Ranks: tensor times pipeline.</summary>
    public int Ranks { get; init; } = 1;

    public int MaxLength { get; init; }

    public int MaxRequests { get; init; }

    public int BatchTokens { get; init; }

    /// <summary>Weights of each card, in GiB.</summary>
    public double WeightsGib { get; init; }

    /// <summary>The pool of each card, in GiB; can be below nothing.</summary>
    public double PoolGib { get; init; }

    public long PoolTokens { get; init; }

    /// <summary>Tokens guessed at a time; 0 for none.</summary>
    public int Drafted { get; init; }

    public bool PrefixCaching { get; init; }

    public double Utilization { get; init; }

    /// <summary>Reads the folder, or takes the figures of a small model where only a name is given.</summary>
    public static ServedModel Of(CommandLine told)
    {
        JsonElement config = ReadConfig(told.Model);
        int heads = Number(config, "num_attention_heads", 8), kvHeads = Number(config, "num_key_value_heads", heads);
        int layers = Number(config, "num_hidden_layers", 4), width = Number(config, "head_dim", Number(config, "hidden_size", 512) / heads);
        int tensor = told.Number("tensor-parallel-size", 1), ranks = tensor * told.Number("pipeline-parallel-size", 1);
        string[] files = Directory.Exists(told.Model) ? Directory.GetFiles(told.Model, "*.safetensors") : [];
        double weights = files.Sum(file => new FileInfo(file).Length) / Gib / ranks;
        double share = told["gpu-memory-utilization"] is { } text ? double.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : 0.92;
        double pool = (Knobs.GpuGib * share) - weights - OtherGib;
        double perToken = 2d * layers * Math.Max(1, kvHeads / tensor) * width * (told["kv-cache-dtype"]?.StartsWith("fp8", StringComparison.Ordinal) == true ? 1 : 2);
        int length = Number(config, "max_position_embeddings", 8192);
        return new ServedModel
        {
            Path = told.Model,
            Name = told["served-model-name"] ?? told.Model,
            Architecture = config.ValueKind == JsonValueKind.Object && config.TryGetProperty("architectures", out JsonElement known) && known.GetArrayLength() > 0 ? known[0].GetString()! : "LlamaForCausalLM",
            Heads = heads,
            Shards = Math.Max(1, files.Length),
            TensorParallel = tensor,
            Ranks = ranks,
            MaxLength = told["max-model-len"] is { } said && said != "auto" ? told.Number("max-model-len", length) : length,
            MaxRequests = told.Number("max-num-seqs", 256),
            BatchTokens = told.Number("max-num-batched-tokens", 2048),
            WeightsGib = weights,
            PoolGib = pool,
            PoolTokens = (long)(pool * Gib / perToken) / 16 * 16,
            Drafted = Guessed(told["speculative-config"]),
            PrefixCaching = told.IsOn("enable-prefix-caching", true),
            Utilization = share,
        };
    }

    private static int Guessed(string? config)
    {
        if (config is null)
        {
            return 0;
        }

        using JsonDocument document = JsonDocument.Parse(config);
        return Number(document.RootElement, "num_speculative_tokens", 1);
    }

    private static JsonElement ReadConfig(string model)
    {
        string file = System.IO.Path.Combine(model, "config.json");
        if (!File.Exists(file))
        {
            return default;
        }

        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
        return document.RootElement.TryGetProperty("text_config", out JsonElement text) ? text.Clone() : document.RootElement.Clone();
    }

    private static int Number(JsonElement config, string name, int otherwise) =>
        config.ValueKind == JsonValueKind.Object && config.TryGetProperty(name, out JsonElement value) && value.TryGetInt32(out int number) ? number : otherwise;
}
