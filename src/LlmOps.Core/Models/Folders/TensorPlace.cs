using System.Globalization;

namespace LlmOps.Models.Folders;

/// <summary>Where in a model a tensor belongs, by its name.</summary>
internal enum TensorClass
{
    /// <summary>Embeddings of tokens.</summary>
    Input,

    /// <summary>Head and norms behind the layers.</summary>
    Output,

    /// <summary>A layer of the body.</summary>
    Layer,

    /// <summary>Prediction of further tokens.</summary>
    NextToken,

    /// <summary>Pictures.</summary>
    Vision,

    /// <summary>Sound.</summary>
    Audio,
}

/// <summary>Where in a model a tensor belongs.</summary>
/// <param name="Class">The part.</param>
/// <param name="Layer">The layer's number; 0 outside of layers.</param>
/// <param name="Name">The name within the part, one <c>*</c> for the number of an expert.</param>
/// <param name="IsExpert">Whether it belongs to the routed experts.</param>
internal sealed record TensorPlace(TensorClass Class, int Layer, string Name, bool IsExpert)
{
    private static readonly string[] s_layerWords = ["layers", "layer", "h", "blocks", "block", "decoder_layers", "mtp_layers", "mtp_block"];

    private static readonly string[] s_visionWords = ["visual", "vision", "image", "mm_projector", "multi_modal_projector", "mlp1", "patch_merger", "pre_mm_projector_norm"];

    private static readonly string[] s_audioWords = ["audio", "speech", "sound"];

    public static TensorPlace Of(string name)
    {
        string[] words = name.Split('.');
        int at = LayerWord(words);
        int prefix = at < 0 ? words.Length : at;
        int mtp = Array.FindIndex(words, word => word.StartsWith("mtp", StringComparison.Ordinal) || word.StartsWith("nextn", StringComparison.Ordinal));

        // The part's name comes before its layers' numbers: vision_tower.encoder.layers.3, and model.audio_tower.layers.3.
        TensorClass? foreign = mtp >= 0 ? null
            : Any(words, prefix, s_visionWords) ? TensorClass.Vision
            : Any(words, prefix, s_audioWords) ? TensorClass.Audio
            : null;
        if (foreign is { } part)
        {
            return new TensorPlace(part, 0, name, false);
        }

        int layer = at < 0 ? 0 : int.Parse(words[at + 1], CultureInfo.InvariantCulture);
        if (mtp >= 0 || at >= 0)
        {
            string[] inner = at < 0 ? words[(mtp + 1)..] : words[(at + 2)..];
            int experts = Array.IndexOf(inner, "experts");
            if (experts >= 0 && experts + 1 < inner.Length && inner[experts + 1].All(char.IsAsciiDigit))
            {
                inner[experts + 1] = "*";
            }

            bool known = mtp >= 0 && (at < 0 || mtp <= at);
            return new TensorPlace(known ? TensorClass.NextToken : TensorClass.Layer, layer, inner.Length == 0 ? name : string.Join('.', inner), experts >= 0);
        }

        // Mamba calls the table "embeddings", and all its layers "backbone".
        bool input = words.Any(word => word is "embed_tokens" or "wte" or "wpe" or "word_embeddings" or "embeddings" or "tok_embeddings" or "embed_in" or "embed_tokens_per_layer" or "embedding");
        return new TensorPlace(input ? TensorClass.Input : TensorClass.Output, 0, name, false);
    }

    private static int LayerWord(string[] words)
    {
        for (int i = 0; i + 1 < words.Length; i++)
        {
            if (words[i + 1] is { Length: > 0 and <= 7 } number && number.All(char.IsAsciiDigit) && s_layerWords.Contains(words[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private static bool Any(string[] words, int count, string[] starts) =>
        words.Take(count).Any(word => starts.Any(start => word.StartsWith(start, StringComparison.Ordinal) || word.EndsWith("_" + start, StringComparison.Ordinal)));
}
