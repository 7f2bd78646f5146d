using System.Text.Json;
using LlmOps.Models.Templates;

namespace LlmOps.Models.Folders;

/// <summary>Describes a model folder: <c>config.json</c> with safetensors files, as transformers and vLLM take it.</summary>
internal static class FolderReader
{
    private const string ConfigName = "config.json";
    private const int MostNamesShown = 5;

    /// <summary>Whether the folder is meant as a model of this kind.</summary>
    public static bool Handles(string folder) => File.Exists(Path.Combine(folder, ConfigName)) && FolderFiles.HasWeights(folder);

    /// <exception cref="ModelFormatException">The folder does not describe a language model, is damaged or incomplete.</exception>
    public static ModelDescription Read(string folder, ModelReadOptions options)
    {
        ConfigJson config = ConfigJson.Read(Path.Combine(folder, ConfigName));
        FolderShape shape = new(config);
        QuantizationInfo? quantization = QuantizationReader.Read(folder, config);
        SafetensorsIndex? index = FolderFiles.Index(folder);
        IReadOnlyList<string> files = FolderFiles.Find(folder, index);
        FolderWeights weights = new(shape, quantization, folder);
        List<string> defects = ReadWeights(folder, files, index, weights, options);
        IReadOnlyList<ChatTemplateText> templates = FolderTemplates.Read(folder);
        int nextToken = weights.NextTokenLayers;
        int? tokens = TokenizerVocabulary.Count(folder);
        return new ModelDescription
        {
            Path = folder,
            Files = files,
            Format = ModelFormat.Safetensors,
            Architecture = ConfigJson.Property(config.Root, "model_type") is { ValueKind: JsonValueKind.String } type ? type.GetString()! : shape.ModelType,
            ModelClass = ConfigJson.Property(config.Root, "architectures") is { ValueKind: JsonValueKind.Array } classes && classes.GetArrayLength() > 0 ? classes[0].ToString() : null,
            Name = FolderName(folder),
            ParameterCount = weights.Parameters,
            SizeBytes = defects.Count > 0 ? Math.Max(weights.TotalBytes, index?.TotalBytes ?? 0) : weights.TotalBytes,
            Quantization = QuantizationName.Of(quantization, weights.MainType()),
            QuantizationDetail = quantization,
            DataType = config.Text("dtype", "torch_dtype"),
            ContextLength = ContextLengthReader.Read(shape),
            LayerCount = shape.BodyLayerCount + nextToken,
            NextTokenLayerCount = nextToken,
            DeclaredNextTokenLayerCount = shape.DeclaredNextTokenLayers,
            RotaryLength = Rotary(shape),
            EmbeddingLength = shape.EmbeddingLength,
            FeedForwardLength = shape.Count("intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size", "feed_forward_hidden_size") ?? 0,
            VocabularySize = shape.Count("vocab_size", "padded_vocab_size") ?? (weights.EmbeddingRows > 0 ? weights.EmbeddingRows : tokens ?? 0),
            TokenizerSize = tokens,
            Attention = FolderAttention.Read(shape, nextToken),
            Recurrent = FolderRecurrent.Read(shape),
            Experts = Experts(shape),
            ChatTemplate = ChatTemplateInfo.Of(templates),
            Generation = GenerationReader.Read(folder),
            Multimodal = MultimodalReader.Read(config, weights.VisionBytes, weights.AudioBytes),
            Weights = weights.ToInventory(),
            Defects = defects,
        };
    }

    private static List<string> ReadWeights(string folder, IReadOnlyList<string> files, SafetensorsIndex? index, FolderWeights weights, ModelReadOptions options)
    {
        string[] missing = [.. files.Where(file => !File.Exists(file)).Select(file => Path.GetFileName(file))];
        List<string> defects = [];
        if (missing.Length > 0)
        {
            string problem = $"{missing.Length} of the model's {files.Count} weight files are missing from the folder: "
                + $"{string.Join(", ", missing.Take(MostNamesShown))}{(missing.Length > MostNamesShown ? ", …" : "")}";
            defects.Add(options.AllowIncomplete ? problem : throw new ModelFormatException(folder, $"{problem}; download them", "ModelPartMissing"));
        }

        foreach (string path in files)
        {
            string name = Path.GetFileName(path);
            if (missing.Contains(name))
            {
                foreach (string tensor in index!.TensorsOf(name))
                {
                    weights.AddName(tensor);
                }

                continue;
            }

            SafetensorsFile file = SafetensorsFile.Open(path);
            index?.Check(file);
            weights.Add(file);
            if (file.MissingBytes > 0)
            {
                string problem = $"the file is cut short: {file.MissingBytes} bytes of its tensors are missing";
                defects.Add(options.AllowIncomplete ? $"{name}: {problem}" : throw new ModelFormatException(
                    path, $"{problem}; download it again", "ModelTruncated", new FileInfo(path).Length));
            }
        }

        return defects;
    }

    private static int? Rotary(FolderShape shape) =>
        shape.Count("qk_rope_head_dim", "rotary_dim") is > 0 and { } said ? said
        : (shape.Config.Find("partial_rotary_factor")
            ?? (shape.Config.Find("rope_parameters", "rope_scaling") is { ValueKind: JsonValueKind.Object } rope ? ConfigJson.Property(rope, "partial_rotary_factor") : null)) is { ValueKind: JsonValueKind.Number } factor
            && factor.TryGetDouble(out double share) && share is > 0 and <= 1 ? (int)(shape.HeadLength * share)
        : null;

    private static ExpertShape? Experts(FolderShape shape) =>
        shape.Count("num_experts", "n_routed_experts", "num_local_experts", "moe_num_experts", "num_routed_experts") is not (> 0 and { } count) ? null
            : new ExpertShape(
                count,
                shape.Count("num_experts_per_tok", "num_experts_per_token", "experts_per_token", "top_k_experts", "moe_topk", "moe_k", "moe_top_k") ?? 0,
                shape.Count("moe_intermediate_size", "expert_intermediate_size", "moe_ffn_hidden_size", "expert_ffn_hidden_size", "ffn_dim_expert", "intermediate_size") ?? 0)
            {
                SharedFeedForwardLength = shape.Count("shared_expert_intermediate_size", "moe_shared_expert_intermediate_size", "shared_intermediate_size")
                    ?? (shape.Count("n_shared_experts", "num_shared_experts") ?? 0) * (shape.Count("moe_intermediate_size") ?? 0),
            };

    /// <summary>The folder's name; of a snapshot in the Hugging Face cache that of its repository.</summary>
    private static string FolderName(string folder)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        string? snapshots = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(folder));
        return Path.GetFileName(snapshots) == "snapshots" && Path.GetFileName(Path.GetDirectoryName(snapshots)) is { } repository && repository.StartsWith("models--", StringComparison.Ordinal)
            ? repository.Split("--")[^1]
            : name;
    }
}
