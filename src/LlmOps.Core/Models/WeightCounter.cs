using System.Buffers.Text;
using System.Text;
using LlmOps.Models.Gguf;

namespace LlmOps.Models;

/// <summary>Adds up tensors by the place that llama.cpp gives them.</summary>
/// <remarks>Source: llama.cpp <c>src/llama-arch.cpp</c> (a tensor's place) and <c>common/fit.cpp</c> (what counts as an expert).</remarks>
internal sealed class WeightCounter(ModelShape shape)
{
    private readonly long[] _dense = new long[shape.LayerCount];
    private readonly long[] _experts = new long[shape.LayerCount];
    private readonly List<WeightTensor>?[] _layerTensors = new List<WeightTensor>?[shape.LayerCount];
    private readonly List<WeightTensor> _shared = [];
    private readonly long[] _matrixBytes = new long[GgmlType.Count];
    private long _tensors;
    private long _input;
    private long _output;
    private long _embeddings;
    private bool _hasHead;

    public long Parameters { get; private set; }

    public long TotalBytes { get; private set; }

    /// <summary>Bytes of a projector's tensors for pictures.</summary>
    public long VisionBytes { get; private set; }

    /// <summary>Bytes of a projector's tensors for sound.</summary>
    public long AudioBytes { get; private set; }

    /// <summary>Rows of the embedding table: the vocabulary's size where nothing else tells it.</summary>
    public int EmbeddingRows { get; private set; }

    /// <exception cref="ModelFormatException">A tensor belongs to a layer that the model does not have, or the sums overflow.</exception>
    public void Add(GgufFile file)
    {
        foreach (GgufTensor tensor in file.Tensors)
        {
            ReadOnlySpan<byte> name = file.Name(tensor);
            if (tensor.Elements > long.MaxValue - Parameters || tensor.Bytes > long.MaxValue - TotalBytes)
            {
                throw new ModelFormatException(file.Path, $"damaged GGUF header: the tensors up to {Encoding.UTF8.GetString(name)} are larger than any file", "ModelInvalid");
            }

            _tensors++;
            Parameters += tensor.Elements;
            TotalBytes += tensor.Bytes;
            if (tensor.Rows > 1)
            {
                _matrixBytes[tensor.Type] += tensor.Bytes;
            }

            Place(file, name, tensor);
        }
    }

    /// <summary>Checks that all parts together hold the tensors that the first one promises.</summary>
    public void RequireAll(GgufMetadata metadata)
    {
        if (metadata.Integer("split.tensors.count") is { } promised && promised != _tensors)
        {
            throw metadata.Invalid("split.tensors.count", $"promises {promised} tensors, but the model's files hold {_tensors}");
        }
    }

    public WeightInventory ToInventory()
    {
        bool tied = !_hasHead && _embeddings > 0 && !shape.Architecture.Contains("bert", StringComparison.Ordinal);
        return new WeightInventory
        {
            InputBytes = _input,
            OutputBytes = tied ? _output + _embeddings : _output,
            TiedEmbeddings = tied,
            Layers = [.. Enumerable.Range(0, shape.LayerCount).Select(layer => new LayerWeights(layer, _dense[layer], _experts[layer]))],
            LayerTensors = [.. _layerTensors.Select(tensors => tensors ?? [])],
            SharedTensors = _shared,
        };
    }

    /// <summary>The type of the matrices, or the main one of several.</summary>
    public string MainType()
    {
        int main = Array.IndexOf(_matrixBytes, _matrixBytes.Max());
        string name = GgmlType.Find((uint)main)!.Name;
        return _matrixBytes.Count(bytes => bytes > 0) > 1 ? $"mixed ({name})" : name;
    }

    private void Place(GgufFile file, ReadOnlySpan<byte> name, GgufTensor tensor)
    {
        if (shape.Architecture == ProjectorReader.Architecture)
        {
            // v., mm., resampler. for pictures; a. and mm.a. for sound.
            bool sound = name.StartsWith("a."u8) || name.StartsWith("mm.a."u8);
            VisionBytes += sound ? 0 : tensor.Bytes;
            AudioBytes += sound ? tensor.Bytes : 0;
        }
        else if (TryReadLayer(name, out int layer, out ReadOnlySpan<byte> part))
        {
            if (layer >= shape.LayerCount)
            {
                throw file.Metadata.Invalid(shape.Key("block_count"), $"says {shape.LayerCount} layers, but there is a tensor {Encoding.UTF8.GetString(name)}");
            }

            (IsExpert(part) ? _experts : _dense)[layer] += tensor.Bytes;
            (_layerTensors[layer] ??= []).Add(Describe(part, tensor));
        }
        else if (IsInput(name))
        {
            _input += tensor.Bytes;
            if (name.SequenceEqual("token_embd.weight"u8))
            {
                _embeddings = tensor.Bytes;
                EmbeddingRows = (int)Math.Min(tensor.Rows, int.MaxValue);
            }
        }
        else if ((name.StartsWith("rope_"u8) || name.StartsWith("per_layer_model_proj."u8) || name.StartsWith("per_layer_proj_norm."u8)) && shape.LayerCount > 0)
        {
            // Frequency tables and the projection of per-layer inputs belong to the layers; the first one brings them.
            _dense[0] += tensor.Bytes;
            _shared.Add(Describe(name, tensor));
        }
        else
        {
            _hasHead |= name.SequenceEqual("output.weight"u8);
            _output += tensor.Bytes;
        }
    }

    private static WeightTensor Describe(ReadOnlySpan<byte> name, GgufTensor tensor) =>
        new(Encoding.UTF8.GetString(name), tensor.Rows > 0 ? tensor.Elements / tensor.Rows : 0, tensor.Rows, tensor.Bytes);

    // lfm2 calls its output norm token_embd_norm.
    private bool IsInput(ReadOnlySpan<byte> name) =>
        name.StartsWith("token_embd."u8) || name.StartsWith("position_embd."u8) || name.StartsWith("token_types."u8)
        || name.StartsWith("per_layer_token_embd."u8)
        || (name.StartsWith("token_embd_norm."u8) && !shape.Architecture.StartsWith("lfm2", StringComparison.Ordinal));

    /// <summary>Takes a name like <c>blk.12.ffn_up.weight</c> apart; encoders and decoders have a prefix before it.</summary>
    private static bool TryReadLayer(ReadOnlySpan<byte> name, out int layer, out ReadOnlySpan<byte> part)
    {
        part = default;
        layer = 0;
        ReadOnlySpan<byte> rest = name.StartsWith("enc."u8) || name.StartsWith("dec."u8) ? name[4..] : name;
        if (!rest.StartsWith("blk."u8) || !Utf8Parser.TryParse(rest[4..], out layer, out int digits) || layer < 0)
        {
            return false;
        }

        rest = rest[(4 + digits)..];
        part = rest.StartsWith("."u8) ? rest[1..] : default;
        return !part.IsEmpty;
    }

    /// <summary>llama.cpp's own test: <c>ffn_(up|down|gate|gate_up)_(ch|)exps</c>.</summary>
    private static bool IsExpert(ReadOnlySpan<byte> part)
    {
        if (!part.StartsWith("ffn_"u8))
        {
            return false;
        }

        ReadOnlySpan<byte> rest = part[4..];
        ReadOnlySpan<byte> kind = rest.StartsWith("gate_up_"u8) ? "gate_up_"u8
            : rest.StartsWith("gate_"u8) ? "gate_"u8
            : rest.StartsWith("up_"u8) ? "up_"u8
            : rest.StartsWith("down_"u8) ? "down_"u8
            : default;
        return !kind.IsEmpty && (rest[kind.Length..].StartsWith("exps"u8) || rest[kind.Length..].StartsWith("chexps"u8));
    }
}
