using LlmOps.Models.Templates;

namespace LlmOps.Models;

/// <summary>What a model file or folder says of itself. Read from its headers; weights are never touched.</summary>
public sealed record ModelDescription
{
    /// <summary>Full path of the file (the first part of a split model), or of the folder.</summary>
    public required string Path { get; init; }

    /// <summary>All files that hold weights, in order.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>The container format.</summary>
    public ModelFormat Format { get; init; }

    /// <summary>Whether numbers in the file are big-endian; engines on little-endian machines refuse it.</summary>
    public bool IsBigEndian { get; init; }

    /// <summary>The architecture by the format's own name: <c>llama</c>, <c>qwen3moe</c> of GGUF; the <c>model_type</c> of a folder: <c>qwen3_moe</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The class that implements a folder's model: <c>Qwen3MoeForCausalLM</c>. Null for GGUF.</summary>
    public string? ModelClass { get; init; }

    /// <summary>The model's name, from its metadata, else from the file.</summary>
    public required string Name { get; init; }

    /// <summary>Parameters, counted over all tensors.</summary>
    public long ParameterCount { get; init; }

    /// <summary>Bytes of all tensors.</summary>
    public long SizeBytes { get; init; }

    /// <summary>Quantisation by its usual name: <c>F16</c>, <c>Q4_K_M</c>, <c>IQ4_XS</c>; <c>mixed</c> with the main type when the file does not say.</summary>
    public required string Quantization { get; init; }

    /// <summary>How a folder is quantised, in detail; null for GGUF and for folders that are not.</summary>
    public QuantizationInfo? QuantizationDetail { get; init; }

    /// <summary>The type that a folder's model computes with: <c>bfloat16</c>; null when it is not said, and for GGUF.</summary>
    public string? DataType { get; init; }

    /// <summary>Tokens of context the model was trained for.</summary>
    public long ContextLength { get; init; }

    /// <summary>Layers, including next-token-prediction ones.</summary>
    public int LayerCount { get; init; }

    /// <summary>Extra layers that predict further tokens (MTP / NextN), the last ones; 0 when their tensors are not there.</summary>
    public int NextTokenLayerCount { get; init; }

    /// <summary>Such layers that the metadata announces. Fine-tunes often lack their tensors: then this is more than <see cref="NextTokenLayerCount"/>.</summary>
    public int DeclaredNextTokenLayerCount { get; init; }

    /// <summary>Elements of a head that positions turn; null when it is not said, which mostly means all of them, and for GGUF.</summary>
    public int? RotaryLength { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public int EmbeddingLength { get; init; }

    /// <summary>Width of the dense feed-forward layer (the largest over the layers).</summary>
    public int FeedForwardLength { get; init; }

    /// <summary>Entries in the vocabulary, that is rows of the embeddings.</summary>
    public int VocabularySize { get; init; }

    /// <summary>Tokens that a folder's tokenizer knows; fewer than <see cref="VocabularySize"/> where that is padded. Null when there is no tokenizer.</summary>
    public int? TokenizerSize { get; init; }

    /// <summary>Attention, layer by layer.</summary>
    public IReadOnlyList<AttentionShape> Attention { get; init; } = [];

    /// <summary>Recurrent state of state-space and hybrid models; null for pure attention.</summary>
    public RecurrentShape? Recurrent { get; init; }

    /// <summary>Mixture-of-experts shape; null for dense models.</summary>
    public ExpertShape? Experts { get; init; }

    /// <summary>The chat template; absent ones are described as such.</summary>
    public ChatTemplateInfo ChatTemplate { get; init; } = new(false, []);

    /// <summary>What the authors recommend for sampling; null when they say nothing.</summary>
    public GenerationDefaults? Generation { get; init; }

    /// <summary>Parts that take pictures or sound. Of a projector file (mmproj) these are all there is.</summary>
    public IReadOnlyList<MultimodalPart> Multimodal { get; init; } = [];

    /// <summary>Bytes of weights by class and layer.</summary>
    public WeightInventory Weights { get; init; } = new();

    /// <summary>What is missing of the files, one line each; empty for a complete model.</summary>
    public IReadOnlyList<string> Defects { get; init; } = [];
}

/// <summary>Container format of a model.</summary>
public enum ModelFormat
{
    /// <summary>llama.cpp's single-file format.</summary>
    Gguf,

    /// <summary>A folder with config.json and safetensors files.</summary>
    Safetensors,
}

/// <summary>The attention of one layer.</summary>
/// <param name="Layer">Layer number from 0.</param>
/// <param name="HeadCount">Query heads.</param>
/// <param name="KeyValueHeadCount">Key/value heads; 0 means that the layer keeps no KV cache.</param>
/// <param name="KeyLength">Elements of one key head.</param>
/// <param name="ValueLength">Elements of one value head; 0 where the key is the value too (multi-head latent attention).</param>
/// <param name="SlidingWindow">Tokens that the layer looks back; null for all of them.</param>
public sealed record AttentionShape(int Layer, int HeadCount, int KeyValueHeadCount, int KeyLength, int ValueLength, int? SlidingWindow)
{
    /// <summary>
    /// KV heads that a draft context keeps for this next-token-prediction layer, which has no cache in the main context; 0 for all other layers.
    /// </summary>
    public int DraftKeyValueHeadCount { get; init; }
}

/// <summary>Recurrent state, in elements per sequence and recurrent layer.</summary>
/// <param name="LayerCount">Layers that keep such a state.</param>
/// <param name="ConvolutionElements">Elements of the convolution state (llama.cpp's <c>n_embd_r</c>).</param>
/// <param name="StateElements">Elements of the state proper (llama.cpp's <c>n_embd_s</c>).</param>
public sealed record RecurrentShape(int LayerCount, long ConvolutionElements, long StateElements)
{
    /// <summary>Numbers of the layers that keep such a state.</summary>
    public IReadOnlyList<int> Layers { get; init; } = [];

    /// <summary>Inputs that the convolution keeps: its kernel's length less one. 0 when it is not known.</summary>
    public int ConvolutionTaps { get; init; }

    /// <summary>The type that the model wants its state kept in: <c>float32</c>; null when it does not say.</summary>
    public string? StateType { get; init; }
}

/// <summary>Mixture of experts.</summary>
/// <param name="Count">Experts in a layer.</param>
/// <param name="UsedCount">Experts used for a token.</param>
/// <param name="FeedForwardLength">Width of one expert.</param>
public sealed record ExpertShape(int Count, int UsedCount, int FeedForwardLength)
{
    /// <summary>Width of the experts that every token passes, together; 0 when there are none or it is not said.</summary>
    public int SharedFeedForwardLength { get; init; }

    /// <summary>The factor of the chosen experts' weights; 1 when it is not said.</summary>
    public double WeightsScale { get; init; } = 1;
}

/// <summary>A model's chat template.</summary>
/// <param name="Present">Whether the model carries one.</param>
/// <param name="Roles">Message roles that the template names.</param>
public sealed record ChatTemplateInfo(bool Present, IReadOnlyList<string> Roles)
{
    /// <summary>Names of all its templates, the one that is used first.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Describes the templates of a model, the one that is used first.</summary>
    public static ChatTemplateInfo Of(IReadOnlyList<ChatTemplateText> templates) => templates.Count == 0
        ? new ChatTemplateInfo(false, [])
        : new ChatTemplateInfo(true, ChatTemplateRoles.Find(templates[0].Text)) { Names = [.. templates.Select(template => template.Name)] };
}

/// <summary>Bytes of weights, by class and layer: of GGUF as llama.cpp places them, of a folder as its files hold them.</summary>
public sealed record WeightInventory
{
    /// <summary>Token embeddings and other input tables; always on the host.</summary>
    public long InputBytes { get; init; }

    /// <summary>
    /// Output head and norms. Tied models have no head of their own: of GGUF the embeddings are then counted here a second time, as llama.cpp holds
    /// them twice; of a folder they are not, as vLLM shares them.
    /// </summary>
    public long OutputBytes { get; init; }

    /// <summary>Whether the output head is the embedding table.</summary>
    public bool TiedEmbeddings { get; init; }

    /// <summary>Each layer's weights. The last <see cref="ModelDescription.NextTokenLayerCount"/> are those of MTP, all its tensors included.</summary>
    public IReadOnlyList<LayerWeights> Layers { get; init; } = [];

    /// <summary>Each layer's tensors, in the order of <see cref="Layers"/>; empty when only sums are known.</summary>
    public IReadOnlyList<IReadOnlyList<WeightTensor>> LayerTensors { get; init; } = [];

    /// <summary>Tensors that all layers share, such as frequency tables; their bytes are the first layer's.</summary>
    public IReadOnlyList<WeightTensor> SharedTensors { get; init; } = [];
}

/// <summary>Bytes of one layer's weights.</summary>
/// <param name="Layer">Layer number from 0.</param>
/// <param name="DenseBytes">Everything but the experts.</param>
/// <param name="ExpertBytes">Tensors of the routed experts.</param>
public sealed record LayerWeights(int Layer, long DenseBytes, long ExpertBytes);

/// <summary>One tensor of a layer.</summary>
/// <param name="Name">Its name within the layer: <c>attn_q.weight</c>; of a folder <c>self_attn.q_proj.weight</c>, <c>mlp.experts.*.up_proj.weight</c>.</param>
/// <param name="Columns">Elements of a row: the width of what goes in.</param>
/// <param name="Rows">Rows, over all experts: the width of what comes out.</param>
/// <param name="Bytes">Bytes of data.</param>
public sealed record WeightTensor(string Name, long Columns, long Rows, long Bytes);
