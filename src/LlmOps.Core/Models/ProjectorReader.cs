using LlmOps.Models.Gguf;

namespace LlmOps.Models;

/// <summary>Describes a projector file (mmproj): the parts of a model that take pictures and sound, in a GGUF file of their own.</summary>
/// <remarks>Source: llama.cpp <c>tools/mtmd/clip.cpp</c> and <c>clip-impl.h</c>: architecture <c>clip</c>, keys <c>clip.vision.*</c> and <c>clip.audio.*</c>.</remarks>
internal static class ProjectorReader
{
    /// <summary>The architecture of projector files.</summary>
    public const string Architecture = "clip";

    public static IReadOnlyList<MultimodalPart> Read(ModelShape shape, long visionBytes, long audioBytes)
    {
        if (shape.Architecture != Architecture)
        {
            return [];
        }

        GgufMetadata metadata = shape.Metadata;
        List<MultimodalPart> parts = [];
        Add(MultimodalKind.Vision, "vision", visionBytes, metadata.Count("clip.has_vision_encoder"));
        Add(MultimodalKind.Audio, "audio", audioBytes, metadata.Count("clip.has_audio_encoder"));
        return parts;

        void Add(MultimodalKind kind, string name, long bytes, int? has)
        {
            if (bytes > 0 || has > 0)
            {
                parts.Add(new MultimodalPart(kind, bytes)
                {
                    LayerCount = metadata.Count($"clip.{name}.block_count") ?? 0,
                    EmbeddingLength = metadata.Count($"clip.{name}.embedding_length") ?? 0,
                    HeadCount = metadata.Count($"clip.{name}.attention.head_count") ?? 0,
                    ImageSize = metadata.Count($"clip.{name}.image_size"),
                    PatchSize = metadata.Count($"clip.{name}.patch_size"),
                    Projector = metadata.Text($"clip.{name}.projector_type") ?? metadata.Text("clip.projector_type"),
                });
            }
        }
    }
}
