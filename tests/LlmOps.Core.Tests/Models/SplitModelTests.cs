using LlmOps.Models;

namespace LlmOps.Core.Tests.Models;

public sealed class SplitModelTests : IDisposable
{
    private readonly ModelFolder _folder = new();
    private readonly string[] _parts;

    public SplitModelTests() => _parts =
    [
        _folder.Write("big-00001-of-00003.gguf", Part(GgufHeader.ForModel("llama", 2), 0).Tensor("token_embd.weight", 1, 512, 64, 4)),
        _folder.Write("big-00002-of-00003.gguf", Part(new GgufHeader(), 1).Tensor("blk.0.attn_q.weight", 1, 8192, 64, 64)),
        _folder.Write("big-00003-of-00003.gguf", Part(new GgufHeader(), 2).Tensor("blk.1.attn_q.weight", 1, 8192, 64, 64)),
    ];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Any_part_gives_the_whole_model(int part)
    {
        ModelDescription model = ModelReader.Read(_parts[part]);

        Assert.Equal(_parts[0], model.Path);
        Assert.Equal(_parts, model.Files);
        Assert.Equal("big", model.Name);
        Assert.Equal(512 + 8192 + 8192, model.SizeBytes);
        Assert.Equal([new(0, 8192, 0), new(1, 8192, 0)], model.Weights.Layers);
    }

    [Fact]
    public void A_folder_with_one_split_model_stands_for_it() => Assert.Equal(_parts, ModelReader.Read(_folder.Root).Files);

    [Fact]
    public void Missing_parts_are_named()
    {
        File.Delete(_parts[0]);
        File.Delete(_parts[2]);

        ModelFormatException error = Assert.Throws<ModelFormatException>(() => ModelReader.Read(_parts[1]));

        Assert.Equal("ModelPartMissing", error.ErrorId);
        Assert.Contains("2 of the model's 3 parts are missing", error.Message, StringComparison.Ordinal);
        Assert.EndsWith(": big-00001-of-00003.gguf, big-00003-of-00003.gguf", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_part_with_another_name_is_told_its_own()
    {
        string renamed = _folder.PathOf("model.gguf");
        File.Move(_parts[1], renamed);

        ModelFormatException error = Assert.Throws<ModelFormatException>(() => ModelReader.Read(renamed));

        Assert.Contains("part 2 of 3 of a model, but its name does not end in -00002-of-00003.gguf", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncated_part_is_the_one_that_is_named()
    {
        byte[] whole = File.ReadAllBytes(_parts[2]);
        File.WriteAllBytes(_parts[2], whole[..^100]);

        ModelFormatException error = Assert.Throws<ModelFormatException>(() => ModelReader.Read(_parts[0]));

        Assert.Equal("ModelTruncated", error.ErrorId);
        Assert.Equal(_parts[2], error.Path);
    }

    [Fact]
    public void Parts_of_two_different_models_do_not_add_up()
    {
        _folder.Write("big-00003-of-00003.gguf", Part(new GgufHeader(), 2));

        ModelFormatException error = Assert.Throws<ModelFormatException>(() => ModelReader.Read(_parts[0]));

        Assert.Contains("promises 3 tensors, but the model's files hold 2", error.Message, StringComparison.Ordinal);
    }

    private static GgufHeader Part(GgufHeader header, int index) =>
        header.Number("split.no", index).Number("split.count", 3).Number("split.tensors.count", 3);
}
