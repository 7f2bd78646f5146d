using LlmOps.Models;
using LlmOps.Models.Gguf;

namespace LlmOps.Planning.Memory;

/// <summary>The shape of a multimodal projector (mmproj GGUF): the encoder that turns images into tokens.</summary>
/// <remarks>Source of the keys and of the image limits: llama.cpp <c>tools/mtmd/clip.cpp</c> (load_hparams).</remarks>
internal sealed record ProjectorDescription
{
    // The most tokens of an image where the file does not say how many pixels it may have; others have one size.
    private static readonly Dictionary<string, int> s_mostTokens = new(StringComparer.Ordinal)
    {
        ["qwen2vl_merger"] = 4096, ["qwen2.5vl_merger"] = 4096, ["qwen3vl_merger"] = 4096, ["glm4v"] = 4096,
        ["pixtral"] = 1024, ["kimivl"] = 1024, ["kimik25"] = 4096, ["lfm2"] = 256, ["gemma4v"] = 280, ["llama4"] = 576,
    };

    /// <summary>Full path of the file.</summary>
    public required string Path { get; init; }

    /// <summary>Bytes of all tensors.</summary>
    public required long WeightsBytes { get; init; }

    /// <summary>Edge in pixels of the largest image that is encoded at once.</summary>
    public int ImageSize { get; init; }

    /// <summary>Edge in pixels of a patch.</summary>
    public int PatchSize { get; init; }

    /// <summary>Width of the encoder.</summary>
    public int EmbeddingLength { get; init; }

    /// <summary>Width of its feed-forward layers.</summary>
    public int FeedForwardLength { get; init; }

    /// <summary>Whether its feed-forward layers have a gate.</summary>
    public bool HasGate { get; init; }

    /// <summary>Whether the file has an encoder for images; one for sound alone has none.</summary>
    public bool SeesImages => PatchSize > 0 && ImageSize > 0 && EmbeddingLength > 0;

    /// <summary>Reads a projector's header.</summary>
    /// <exception cref="ModelFormatException">The file is no GGUF file, is damaged, or is no projector.</exception>
    public static ProjectorDescription Read(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        GgufMetadata metadata = file.Metadata;
        if (metadata.Text("general.architecture") != "clip")
        {
            throw metadata.Invalid("general.architecture", $"'{metadata.Text("general.architecture")}' is no projector; name the mmproj file that belongs to the model");
        }

        string type = metadata.Text("clip.vision.projector_type") ?? metadata.Text("clip.projector_type") ?? string.Empty;
        int patch = metadata.Count("clip.vision.patch_size") ?? 0;
        int merge = metadata.Count("clip.vision.spatial_merge_size") ?? metadata.Count("clip.vision.projector.scale_factor") ?? (type.Contains("vl_merger", StringComparison.Ordinal) ? 2 : 1);
        int size = metadata.Count("clip.vision.image_size") ?? 0;
        if (metadata.Integer("clip.vision.image_max_pixels") is > 0 and { } pixels)
        {
            size = (int)Math.Sqrt(pixels);
        }
        else if (s_mostTokens.TryGetValue(type, out int tokens))
        {
            size = (int)Math.Sqrt((double)tokens * merge * merge * patch * patch);
        }

        return new ProjectorDescription
        {
            Path = System.IO.Path.GetFullPath(path),
            WeightsBytes = file.Tensors.Sum(tensor => tensor.Bytes),
            ImageSize = size,
            PatchSize = patch,
            EmbeddingLength = metadata.Count("clip.vision.embedding_length") ?? 0,
            FeedForwardLength = metadata.Count("clip.vision.feed_forward_length") ?? 0,
            HasGate = file.Tensors.Any(tensor => file.Name(tensor).SequenceEqual("v.blk.0.ffn_gate.weight"u8)),
        };
    }
}
