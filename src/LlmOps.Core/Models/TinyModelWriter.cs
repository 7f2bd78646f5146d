using LlmOps.Models.Gguf;

namespace LlmOps.Models;

/// <summary>Writes a small model with random weights that a real engine loads and generates text with: for tests and demonstrations.</summary>
/// <remarks>Architecture <c>llama</c>, SentencePiece tokenizer, GGUF version 3.</remarks>
public static class TinyModelWriter
{
    // Everything is made in memory, a tensor at a time.
    private const long LargestMatrix = 1L << 28;

    // By TinyModelType; the file type is general.file_type's number.
    private static readonly (uint Type, uint FileType, int BlockElements)[] s_types =
        [(TensorEncoder.F32, 0, 1), (TensorEncoder.F16, 1, 1), (TensorEncoder.Q8, 7, 32)];

    /// <summary>Writes the model; a file that is there already is replaced, and only once the new one is complete.</summary>
    /// <param name="path">Where to; a missing folder is made.</param>
    /// <param name="options">What to write.</param>
    /// <exception cref="LlmOpsException"><c>TinyModelOptionInvalid</c>: sizes that do not fit together.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, TinyModelOptions options)
    {
        Check(options);
        string full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        string temporary = $"{full}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                Compose(options).WriteTo(stream);
            }

            File.Move(temporary, full, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static GgufWriter Compose(TinyModelOptions options)
    {
        GgufWriter writer = new();
        writer.Add("general.architecture", "llama");
        writer.Add("general.name", options.Name);
        writer.Add("general.file_type", s_types[(int)options.Type].FileType);
        writer.Add("llama.context_length", (uint)options.ContextLength);
        writer.Add("llama.embedding_length", (uint)options.EmbeddingLength);
        writer.Add("llama.block_count", (uint)options.LayerCount);
        writer.Add("llama.feed_forward_length", (uint)options.FeedForwardLength);
        writer.Add("llama.attention.head_count", (uint)options.HeadCount);
        writer.Add("llama.attention.head_count_kv", (uint)options.KeyValueHeadCount);
        writer.Add("llama.rope.dimension_count", (uint)(options.EmbeddingLength / options.HeadCount));
        writer.Add("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        writer.Add("llama.vocab_size", (uint)options.VocabularySize);
        TinyVocabulary vocabulary = new(options.VocabularySize);
        AddTokenizer(writer, vocabulary, options);
        AddTensors(writer, vocabulary, options);
        return writer;
    }

    private static void AddTokenizer(GgufWriter writer, TinyVocabulary vocabulary, TinyModelOptions options)
    {
        writer.Add("tokenizer.ggml.model", "llama");
        writer.Add("tokenizer.ggml.tokens", vocabulary.Tokens);
        writer.Add("tokenizer.ggml.scores", vocabulary.Scores);
        writer.Add("tokenizer.ggml.token_type", vocabulary.Types);
        writer.Add("tokenizer.ggml.bos_token_id", TinyVocabulary.BeginId);
        writer.Add("tokenizer.ggml.eos_token_id", TinyVocabulary.EndId);
        writer.Add("tokenizer.ggml.unknown_token_id", TinyVocabulary.UnknownId);
        if (options.ChatTemplate is not null)
        {
            writer.Add("tokenizer.chat_template", options.ChatTemplate);
        }
    }

    private static void AddTensors(GgufWriter writer, TinyVocabulary vocabulary, TinyModelOptions options)
    {
        TinyWeights weights = new(options.Seed);
        uint type = s_types[(int)options.Type].Type;
        int embedding = options.EmbeddingLength;
        int vocabularySize = options.VocabularySize;
        int keyValue = embedding / options.HeadCount * options.KeyValueHeadCount;
        int feedForward = options.FeedForwardLength;

        // A tied model that has just read a token that it may not say forgets for one token what it may say; prompts end in line breaks.
        bool MaySay(int token) => token >= vocabulary.FirstPiece
            || (options.CanEnd && token == TinyVocabulary.EndId)
            || (options.TiedEmbeddings && token == TinyVocabulary.LineBreakId);

        AddMatrix("token_embd", embedding, vocabularySize, () => weights.Embeddings(embedding, vocabularySize, options.TiedEmbeddings, MaySay));
        AddNorm("output_norm", [.. Enumerable.Repeat(1f, embedding)]);
        if (!options.TiedEmbeddings)
        {
            AddMatrix("output", embedding, vocabularySize, () => weights.Head(embedding, vocabularySize, MaySay));
        }

        for (int i = 0; i < options.LayerCount; i++)
        {
            AddNorm($"blk.{i}.attn_norm", TinyWeights.LayerNorm(embedding));
            AddMatrix($"blk.{i}.attn_q", embedding, embedding, () => weights.Matrix(embedding, embedding));
            AddMatrix($"blk.{i}.attn_k", embedding, keyValue, () => weights.Matrix(embedding, keyValue));
            AddMatrix($"blk.{i}.attn_v", embedding, keyValue, () => weights.Matrix(embedding, keyValue));
            AddMatrix($"blk.{i}.attn_output", embedding, embedding, () => weights.ResidualMatrix(embedding, embedding));
            AddNorm($"blk.{i}.ffn_norm", TinyWeights.LayerNorm(embedding));
            AddMatrix($"blk.{i}.ffn_gate", embedding, feedForward, () => weights.Matrix(embedding, feedForward));
            AddMatrix($"blk.{i}.ffn_up", embedding, feedForward, () => weights.Matrix(embedding, feedForward));
            AddMatrix($"blk.{i}.ffn_down", feedForward, embedding, () => weights.ResidualMatrix(feedForward, embedding));
        }

        void AddNorm(string name, float[] values) => writer.AddTensor($"{name}.weight", [embedding], TensorEncoder.F32, () => values);
        void AddMatrix(string name, int columns, int rows, Func<float[]> values) => writer.AddTensor($"{name}.weight", [columns, rows], type, values);
    }

    private static void Check(TinyModelOptions options)
    {
        int block = s_types[(int)options.Type].BlockElements;
        string? problem =
            options.LayerCount < 1 ? $"{options.LayerCount} layers; at least 1 is needed"
            : options.HeadCount < 1 || options.EmbeddingLength < 1 || options.EmbeddingLength % options.HeadCount != 0
                ? $"an embedding of {options.EmbeddingLength} does not divide into {options.HeadCount} heads"
            : options.EmbeddingLength / options.HeadCount % 2 != 0 ? $"heads of {options.EmbeddingLength / options.HeadCount} elements are odd; rotary positions need pairs"
            : options.KeyValueHeadCount < 1 || options.HeadCount % options.KeyValueHeadCount != 0
                ? $"{options.HeadCount} heads do not divide among {options.KeyValueHeadCount} key/value heads"
            : options.FeedForwardLength < 1 ? $"a feed-forward width of {options.FeedForwardLength}; at least 1 is needed"
            : options.VocabularySize < TinyVocabulary.SmallestSize
                ? $"a vocabulary of {options.VocabularySize}; at least {TinyVocabulary.SmallestSize} are needed"
            : (long)options.EmbeddingLength * Math.Max(options.VocabularySize, options.FeedForwardLength) > LargestMatrix
                ? $"matrices of more than {LargestMatrix} elements are not tiny"
            : options.ContextLength < 1 ? $"a context of {options.ContextLength}; at least 1 is needed"
            : options.EmbeddingLength % block != 0 || options.FeedForwardLength % block != 0
                ? $"{options.Type} needs widths that are multiples of {block}; got {options.EmbeddingLength} and {options.FeedForwardLength}"
            : null;
        if (problem is not null)
        {
            throw new LlmOpsException($"tiny model: {problem}", "TinyModelOptionInvalid");
        }
    }
}
