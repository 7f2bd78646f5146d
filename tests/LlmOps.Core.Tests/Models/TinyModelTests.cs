using LlmOps.Models;

namespace LlmOps.Core.Tests.Models;

public sealed class TinyModelTests : IDisposable
{
    private readonly ModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Everything_the_writer_was_told_comes_back_from_the_reader()
    {
        string path = _folder.PathOf("model.gguf");
        TinyModelWriter.Write(path, new TinyModelOptions
        {
            Name = "small one",
            LayerCount = 3,
            EmbeddingLength = 64,
            HeadCount = 4,
            KeyValueHeadCount = 2,
            FeedForwardLength = 96,
            VocabularySize = 400,
            ContextLength = 1024,
            ChatTemplate = "{% if message.role == 'user' %}",
        });

        ModelDescription model = ModelReader.Read(path);

        Assert.Equal(path, model.Path);
        Assert.Equal([path], model.Files);
        Assert.Equal(ModelFormat.Gguf, model.Format);
        Assert.False(model.IsBigEndian);
        Assert.Equal("llama", model.Architecture);
        Assert.Equal("small one", model.Name);
        Assert.Equal("F16", model.Quantization);
        Assert.Equal(1024, model.ContextLength);
        Assert.Equal(3, model.LayerCount);
        Assert.Equal(0, model.NextTokenLayerCount);
        Assert.Equal(64, model.EmbeddingLength);
        Assert.Equal(96, model.FeedForwardLength);
        Assert.Equal(400, model.VocabularySize);
        Assert.Equal([0, 1, 2], model.Attention.Select(layer => layer.Layer));
        Assert.All(model.Attention, layer => Assert.Equal(new AttentionShape(layer.Layer, 4, 2, 16, 16, null), layer));
        Assert.Null(model.Recurrent);
        Assert.Null(model.Experts);
        Assert.True(model.ChatTemplate.Present);
        Assert.Equal(["user"], model.ChatTemplate.Roles);
        Assert.Equal("{% if message.role == 'user' %}", ModelReader.ReadChatTemplate(path));

        // A layer: q and output 64×64, k and v 64×32, three matrices 64×96 in F16, two norms of 64 in F32.
        const long Layer = (((2 * 64 * 64) + (2 * 64 * 32) + (3 * 64 * 96)) * 2) + (2 * 64 * 4);
        const long Table = 400 * 64 * 2;
        const long Norm = 64 * 4;
        Assert.Equal(Table, model.Weights.InputBytes);
        Assert.Equal(Table + Norm, model.Weights.OutputBytes);
        Assert.False(model.Weights.TiedEmbeddings);
        Assert.Equal([new(0, Layer, 0), new(1, Layer, 0), new(2, Layer, 0)], model.Weights.Layers);
        Assert.Equal((3 * Layer) + (2 * Table) + Norm, model.SizeBytes);
        Assert.Equal((3 * (((Layer - (2 * Norm)) / 2) + (2 * 64))) + (2 * 400 * 64) + 64, model.ParameterCount);
    }

    [Fact]
    public void Tied_embeddings_count_as_input_and_as_output()
    {
        string path = _folder.PathOf("tied.gguf");
        TinyModelWriter.Write(path, new TinyModelOptions { TiedEmbeddings = true, ChatTemplate = null });

        ModelDescription model = ModelReader.Read(path);

        Assert.True(model.Weights.TiedEmbeddings);
        Assert.Equal(512 * 256 * 2, model.Weights.InputBytes);
        Assert.Equal((512 * 256 * 2) + (256 * 4), model.Weights.OutputBytes);
        Assert.Equal(model.Weights.InputBytes + (256 * 4) + model.Weights.Layers.Sum(layer => layer.DenseBytes), model.SizeBytes);
        Assert.False(model.ChatTemplate.Present);
        Assert.Null(ModelReader.ReadChatTemplate(path));
    }

    [Theory]
    [InlineData(TinyModelType.F32, "F32", 512 * 256 * 4)]
    [InlineData(TinyModelType.F16, "F16", 512 * 256 * 2)]
    [InlineData(TinyModelType.Q8, "Q8_0", 512 * 256 / 32 * 34)]
    public void Each_type_takes_its_bytes(TinyModelType type, string name, long tableBytes)
    {
        string path = _folder.PathOf("typed.gguf");
        TinyModelWriter.Write(path, new TinyModelOptions { Type = type, LayerCount = 1 });

        ModelDescription model = ModelReader.Read(path);

        Assert.Equal(name, model.Quantization);
        Assert.Equal(tableBytes, model.Weights.InputBytes);
    }

    [Fact]
    public void The_default_is_six_to_seven_MiB()
    {
        string path = _folder.PathOf("default.gguf");
        TinyModelWriter.Write(path, new TinyModelOptions());

        Assert.InRange(new FileInfo(path).Length, 6 * Bytes.MiB, 7 * Bytes.MiB);
        Assert.Equal(["system", "user", "assistant", "tool"], ModelReader.Read(path).ChatTemplate.Roles);
    }

    [Fact]
    public void The_seed_decides_the_bytes_and_nothing_else_does()
    {
        TinyModelOptions options = new() { LayerCount = 1, EmbeddingLength = 32, HeadCount = 2, KeyValueHeadCount = 1, FeedForwardLength = 32, VocabularySize = 320 };
        TinyModelWriter.Write(_folder.PathOf("a.gguf"), options);
        TinyModelWriter.Write(_folder.PathOf("b.gguf"), options);
        TinyModelWriter.Write(_folder.PathOf("c.gguf"), options with { Seed = 2 });

        byte[] first = File.ReadAllBytes(_folder.PathOf("a.gguf"));

        Assert.Equal(first, File.ReadAllBytes(_folder.PathOf("b.gguf")));
        Assert.NotEqual(first, File.ReadAllBytes(_folder.PathOf("c.gguf")));
    }

    [Fact]
    public void A_file_that_is_there_is_replaced_and_no_temporary_one_stays()
    {
        string path = _folder.Write("model.gguf", "old"u8);

        TinyModelWriter.Write(path, new TinyModelOptions { LayerCount = 1 });

        Assert.Equal(1, ModelReader.Read(path).LayerCount);
        Assert.Equal([path], Directory.GetFiles(_folder.Root));
    }

    [Theory]
    [InlineData(250, 8, 4, 512, TinyModelType.F16, "embedding of 250 does not divide into 8 heads")]
    [InlineData(256, 8, 3, 512, TinyModelType.F16, "8 heads do not divide among 3 key/value heads")]
    [InlineData(24, 8, 4, 512, TinyModelType.F16, "heads of 3 elements are odd")]
    [InlineData(256, 8, 4, 300, TinyModelType.F16, "vocabulary of 300; at least 320")]
    [InlineData(48, 8, 4, 512, TinyModelType.Q8, "multiples of 32; got 48")]
    [InlineData(1 << 20, 8, 4, 512, TinyModelType.F16, "are not tiny")]
    public void Sizes_that_do_not_fit_together_are_refused_and_nothing_is_written(
        int embedding, int heads, int keyValueHeads, int vocabulary, TinyModelType type, string problem)
    {
        TinyModelOptions options = new()
        {
            EmbeddingLength = embedding,
            HeadCount = heads,
            KeyValueHeadCount = keyValueHeads,
            VocabularySize = vocabulary,
            Type = type,
        };

        LlmOpsException error = Assert.Throws<LlmOpsException>(() => TinyModelWriter.Write(_folder.PathOf("bad.gguf"), options));

        Assert.Equal("TinyModelOptionInvalid", error.ErrorId);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Root));
    }

    [Theory]
    [InlineData(320)]
    [InlineData(512)]
    [InlineData(32000)]
    public void A_vocabulary_has_the_size_asked_for_without_doubles_and_every_joined_piece_can_be_joined(int size)
    {
        TinyVocabulary vocabulary = new(size);

        Assert.Equal(size, vocabulary.Tokens.Count);
        Assert.Equal(size, vocabulary.Scores.Count);
        Assert.Equal(size, vocabulary.Types.Count);
        HashSet<string> known = [.. vocabulary.Tokens];
        Assert.Equal(size, known.Count);
        Assert.Equal("<0x00>", vocabulary.Tokens[3]);
        Assert.Equal("<0xFF>", vocabulary.Tokens[258]);
        foreach (string piece in vocabulary.Tokens.Skip(vocabulary.FirstPiece).Where(piece => piece.Length > 1))
        {
            Assert.Contains(Enumerable.Range(1, piece.Length - 1), cut => known.Contains(piece[..cut]) && known.Contains(piece[cut..]));
        }
    }
}
