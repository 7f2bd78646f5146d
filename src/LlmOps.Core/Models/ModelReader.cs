using LlmOps.Models.Folders;
using LlmOps.Models.Gguf;
using LlmOps.Models.Templates;

namespace LlmOps.Models;

/// <summary>Reads what a model says of itself. Only the header is touched, never the weights.</summary>
public static class ModelReader
{
    /// <summary>Describes a model.</summary>
    /// <param name="path">A GGUF file, any part of a split one, a folder that holds exactly one such model, or one with config.json and safetensors files.</param>
    /// <exception cref="ModelFormatException">There is no such file, it is no model, it is damaged or incomplete.</exception>
    public static ModelDescription Read(string path) => Read(path, ModelReadOptions.Default);

    /// <summary>Describes a model.</summary>
    /// <param name="path">As for <see cref="Read(string)"/>.</param>
    /// <param name="options">Whether missing weights are an error.</param>
    /// <exception cref="ModelFormatException">As for <see cref="Read(string)"/>.</exception>
    public static ModelDescription Read(string path, ModelReadOptions options)
    {
        string given = ModelPath.Resolve(path);
        if (Directory.Exists(given))
        {
            return FolderReader.Read(given, options);
        }

        List<string>? defects = options.AllowIncomplete ? [] : null;
        IReadOnlyList<string> files;
        using (GgufFile opened = GgufFile.Open(given, options.AllowIncomplete))
        {
            files = SplitFiles.Find(opened, defects);
            if (files.Count == 1 && files[0] == given)
            {
                return Describe(opened, files, defects);
            }
        }

        // The first part alone has the model's metadata.
        using GgufFile first = GgufFile.Open(files[0], options.AllowIncomplete);
        return Describe(first, files, defects);
    }

    /// <summary>The model's chat template, or null when it has none.</summary>
    /// <param name="path">As for <see cref="Read(string)"/>.</param>
    /// <exception cref="ModelFormatException">As for <see cref="Read(string)"/>.</exception>
    public static string? ReadChatTemplate(string path) => ReadChatTemplates(path) is [ChatTemplateText usual, ..] ? usual.Text : null;

    /// <summary>All chat templates of a model, the one that is used first; empty when it has none.</summary>
    /// <param name="path">As for <see cref="Read(string)"/>.</param>
    /// <exception cref="ModelFormatException">As for <see cref="Read(string)"/>.</exception>
    public static IReadOnlyList<ChatTemplateText> ReadChatTemplates(string path)
    {
        string given = ModelPath.Resolve(path);
        if (Directory.Exists(given))
        {
            return FolderTemplates.Read(given);
        }

        using GgufFile opened = GgufFile.Open(given);
        IReadOnlyList<string> files = SplitFiles.Find(opened);
        if (files.Count == 1)
        {
            return GgufTemplates.Read(opened.Metadata);
        }

        using GgufFile first = GgufFile.Open(files[0]);
        return GgufTemplates.Read(first.Metadata);
    }

    private static ModelDescription Describe(GgufFile first, IReadOnlyList<string> files, List<string>? defects)
    {
        ModelShape shape = ModelShape.Read(first.Metadata);
        WeightCounter weights = new(shape);
        weights.Add(first);
        foreach (string path in files.Skip(1))
        {
            using GgufFile part = GgufFile.Open(path, defects is not null);
            weights.Add(part);
            Note(part);
        }

        Note(first);
        if (defects is null)
        {
            weights.RequireAll(first.Metadata);
        }

        GgufMetadata metadata = first.Metadata;
        return new ModelDescription
        {
            Path = files[0],
            Files = files,
            Format = ModelFormat.Gguf,
            IsBigEndian = metadata.IsBigEndian,
            Architecture = shape.Architecture,
            Name = metadata.Text("general.name") is { Length: > 0 } name ? name : SplitFiles.ModelName(files[0]),
            ParameterCount = weights.Parameters,
            SizeBytes = weights.TotalBytes,
            Quantization = FileTypeName.Find(metadata.Integer("general.file_type")) ?? weights.MainType(),
            ContextLength = shape.Count("context_length") ?? 0,
            LayerCount = shape.LayerCount,
            NextTokenLayerCount = shape.NextTokenLayerCount,
            EmbeddingLength = shape.EmbeddingLength,
            FeedForwardLength = shape.Count("feed_forward_length") ?? 0,
            VocabularySize = metadata.ArrayCount("tokenizer.ggml.tokens") ?? shape.Count("vocab_size") ?? weights.EmbeddingRows,
            Attention = AttentionReader.Read(shape),
            Recurrent = RecurrentReader.Read(shape),
            Experts = Experts(shape),
            ChatTemplate = ChatTemplateInfo.Of(GgufTemplates.Read(metadata)),
            Generation = GgufSampling.Read(metadata),
            Multimodal = ProjectorReader.Read(shape, weights.VisionBytes, weights.AudioBytes),
            Weights = weights.ToInventory(),
            Defects = defects ?? [],
        };

        void Note(GgufFile file)
        {
            if (file.Defect is { } defect)
            {
                defects?.Add($"{Path.GetFileName(file.Path)}: {defect}");
            }
        }
    }

    private static ExpertShape? Experts(ModelShape shape) => shape.Count("expert_count") is not (> 0 and { } count) ? null
        : new ExpertShape(
            count,
            shape.Count("expert_used_count") ?? 0,
            shape.Count("expert_feed_forward_length") ?? shape.Count("feed_forward_length") ?? 0)
        {
            WeightsScale = shape.Metadata.Float(shape.Key("expert_weights_scale")) ?? 1,
        };
}
