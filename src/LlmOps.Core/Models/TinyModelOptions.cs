namespace LlmOps.Models;

/// <summary>What <see cref="TinyModelWriter"/> writes. The defaults give about 6.5 MiB and 3.4 million parameters.</summary>
public sealed record TinyModelOptions
{
    /// <summary>The model's name.</summary>
    public string Name { get; init; } = "tiny-random";

    /// <summary>Layers.</summary>
    public int LayerCount { get; init; } = 4;

    /// <summary>Width of the residual stream; a multiple of <see cref="HeadCount"/>.</summary>
    public int EmbeddingLength { get; init; } = 256;

    /// <summary>Query heads of a layer; a multiple of <see cref="KeyValueHeadCount"/>.</summary>
    public int HeadCount { get; init; } = 8;

    /// <summary>Key/value heads of a layer.</summary>
    public int KeyValueHeadCount { get; init; } = 4;

    /// <summary>Width of the feed-forward layers.</summary>
    public int FeedForwardLength { get; init; } = 768;

    /// <summary>Entries in the vocabulary, at least 320.</summary>
    public int VocabularySize { get; init; } = 512;

    /// <summary>Tokens of context that the model says it was trained for.</summary>
    public int ContextLength { get; init; } = 8192;

    /// <summary>How matrices are stored; vectors are always F32.</summary>
    public TinyModelType Type { get; init; } = TinyModelType.F16;

    /// <summary>Whether the embedding table is also the output head.</summary>
    public bool TiedEmbeddings { get; init; }

    /// <summary>
    /// Whether the model may end an answer by itself. When not, an answer runs to its token limit, which makes measurements repeatable.
    /// </summary>
    public bool CanEnd { get; init; }

    /// <summary>The chat template (Jinja); null for none. The default takes the roles system, user, assistant and tool.</summary>
    public string? ChatTemplate { get; init; } = DefaultChatTemplate;

    /// <summary>Seed of the weights: the same options give the same bytes on every machine.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>ChatML for system, user, assistant and tool; other roles raise an error.</summary>
    public static string DefaultChatTemplate =>
        """
        {%- for message in messages -%}
        {%- if message['role'] not in ['system', 'user', 'assistant', 'tool'] -%}{{- raise_exception('Unexpected message role.') -}}{%- endif -%}
        {{- '<|im_start|>' + message['role'] + '\n' + (message['content'] or '') + '<|im_end|>' + '\n' -}}
        {%- endfor -%}
        {%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' -}}{%- endif -%}
        """;
}

/// <summary>How a tiny model's matrices are stored.</summary>
public enum TinyModelType
{
    /// <summary>Four bytes an element.</summary>
    F32,

    /// <summary>Two bytes an element.</summary>
    F16,

    /// <summary>ggml's Q8_0: 34 bytes for 32 elements.</summary>
    Q8,
}
