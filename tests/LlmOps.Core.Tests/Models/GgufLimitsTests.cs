using LlmOps.Models;

namespace LlmOps.Core.Tests.Models;

public sealed class GgufLimitsTests : IDisposable
{
    private readonly ModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_that_is_cut_short_while_it_is_read_gives_an_error_and_no_crash()
    {
        // Large enough that reading it takes several windows.
        byte[] bytes = GgufHeader.ForModel("llama", 1).Texts("tokenizer.ggml.tokens", Enumerable.Range(0, 100_000).Select(number => $"token{number}")).Own("context_length", 7).ToBytes();
        string path = _folder.Write("a.gguf", bytes);
        using CancellationTokenSource stop = new();
        Task cutting = Task.Run(
            () =>
            {
                using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                while (!stop.IsCancellationRequested)
                {
                    file.SetLength(100);
                    file.Position = 0;
                    file.Write(bytes);
                    file.Flush();
                }
            },
            TestContext.Current.CancellationToken);
        for (int round = 0; round < 40; round++)
        {
            try
            {
                ModelReader.Read(path);
            }
            catch (ModelFormatException error)
            {
                Assert.Contains("offset", error.Message);
            }
        }

        await stop.CancelAsync();
        await cutting;
        Assert.Equal(7, ModelReader.Read(path).ContextLength);
    }

    [Fact]
    public void A_tensor_that_appears_twice_is_refused()
    {
        string path = _folder.Write("a.gguf", GgufHeader.ForModel("llama", 1).Tensor("output.weight", 0, 4, 1).Tensor("output.weight", 0, 4, 1));

        Assert.Contains("output.weight, number 1, appears twice", Assert.Throws<ModelFormatException>(() => ModelReader.Read(path)).Message);
    }

    [Fact]
    public void A_huge_empty_file_asks_for_no_memory()
    {
        string path = _folder.Write("a.gguf", new GgufHeader { ClaimedTensors = 1 << 19, ClaimedPairs = 0 }.ToBytes());
        using (FileStream file = new(path, FileMode.Open, FileAccess.Write))
        {
            file.SetLength(1L << 36);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ModelFormatException>(() => ModelReader.Read(path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Bytes.MiB);
    }

    [Fact]
    public void Missing_data_and_missing_parts_are_described_on_request()
    {
        byte[] whole = GgufHeader.ForModel("llama", 1).Tensor("blk.0.attn_q.weight", 0, 4096, 64, 16).ToBytes();
        string cut = _folder.Write("cut.gguf", whole.AsSpan(0, whole.Length - 4096));
        string part = _folder.Write("m-00001-of-00002.gguf", GgufHeader.ForModel("llama", 1).Number("split.count", 2).Number("split.no", 0).Number("split.tensors.count", 2).Tensor("blk.0.attn_q.weight", 0, 4096, 64, 16));
        ModelReadOptions allow = new(AllowIncomplete: true);

        Assert.Equal("ModelTruncated", Assert.Throws<ModelFormatException>(() => ModelReader.Read(cut)).ErrorId);
        Assert.Contains("cut.gguf: the file is cut short", Assert.Single(ModelReader.Read(cut, allow).Defects));
        Assert.Equal("ModelPartMissing", Assert.Throws<ModelFormatException>(() => ModelReader.Read(part)).ErrorId);
        Assert.Contains("m-00002-of-00002.gguf", Assert.Single(ModelReader.Read(part, allow).Defects));
        Assert.Equal(4096, ModelReader.Read(part, allow).Weights.Layers[0].DenseBytes);
    }

    [Fact]
    public void A_projector_file_is_described_by_what_it_takes()
    {
        string path = _folder.Write("mmproj.gguf", new GgufHeader().Text("general.architecture", "clip").Raw("clip.has_vision_encoder", 7, 1).Text("clip.vision.projector_type", "qwen3vl_merger")
            .Number("clip.vision.block_count", 27).Number("clip.vision.embedding_length", 1152).Number("clip.vision.attention.head_count", 16).Number("clip.vision.patch_size", 16)
            .Tensor("v.blk.0.attn_q.weight", 0, 4096, 64, 16).Tensor("mm.0.weight", 0, 64, 16).Tensor("a.blk.0.x", 0, 128, 32));

        ModelDescription model = ModelReader.Read(path);

        Assert.Equal(
            [new MultimodalPart(MultimodalKind.Vision, 4160) { LayerCount = 27, EmbeddingLength = 1152, HeadCount = 16, PatchSize = 16, Projector = "qwen3vl_merger" }, new MultimodalPart(MultimodalKind.Audio, 128)],
            model.Multimodal);
        Assert.Equal((0, 4288L), (model.LayerCount, model.SizeBytes));
    }

    [Fact]
    public void The_sampling_that_a_file_recommends_is_read()
    {
        string path = _folder.Write("a.gguf", GgufHeader.ForModel("llama", 1).Raw("general.sampling.temp", 6, BitConverter.GetBytes(0.5f)).Number("general.sampling.top_k", 20));

        Assert.Equal((0.5, 20, null), (ModelReader.Read(path).Generation!.Temperature, ModelReader.Read(path).Generation!.TopK, ModelReader.Read(path).Generation!.TopP));
    }
}
