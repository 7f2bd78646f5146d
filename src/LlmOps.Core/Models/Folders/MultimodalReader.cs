using System.Text.Json;

namespace LlmOps.Models.Folders;

/// <summary>Describes the parts of a model folder that take pictures and sound.</summary>
internal static class MultimodalReader
{
    public static IReadOnlyList<MultimodalPart> Read(ConfigJson config, long visionBytes, long audioBytes)
    {
        // Omni models keep all that listens and looks in their thinker.
        JsonElement root = ConfigJson.Property(config.Root, "thinker_config") ?? config.Root;
        List<MultimodalPart> parts = [];
        Add(MultimodalKind.Vision, visionBytes, "vision_config", "visual", "vision_tower_config");
        Add(MultimodalKind.Audio, audioBytes, "audio_config", "speech_config", "sound_config");
        return parts;

        void Add(MultimodalKind kind, long bytes, params ReadOnlySpan<string> names)
        {
            JsonElement? found = null;
            foreach (string name in names)
            {
                found ??= ConfigJson.Property(root, name) is { ValueKind: JsonValueKind.Object } value ? value : null;
            }

            if (bytes == 0 && found is null)
            {
                return;
            }

            ConfigJson part = new(config.Path, found ?? default);
            parts.Add(new MultimodalPart(kind, bytes)
            {
                LayerCount = part.Count("depth", "num_hidden_layers", "encoder_layers", "num_layers", "layers") ?? 0,
                EmbeddingLength = part.Count("hidden_size", "embed_dim", "d_model", "width") ?? 0,
                HeadCount = part.Count("num_heads", "num_attention_heads", "encoder_attention_heads", "heads") ?? 0,
                ImageSize = kind == MultimodalKind.Vision ? part.Count("image_size") : null,
                PatchSize = kind == MultimodalKind.Vision ? part.Count("patch_size") : null,
                Projector = part.Text("model_type"),
            });
        }
    }
}
