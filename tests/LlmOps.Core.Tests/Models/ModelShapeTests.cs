using LlmOps.Models;

namespace LlmOps.Core.Tests.Models;

public sealed class ModelShapeTests : IDisposable
{
    private readonly ModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Heads_are_as_long_as_the_embedding_divided_among_them_unless_said()
    {
        ModelDescription model = Read(GgufHeader.ForModel("llama", 2, embedding: 64, heads: 4).Own("attention.head_count_kv", 2));
        Assert.Equal([new(0, 4, 2, 16, 16, null), new(1, 4, 2, 16, 16, null)], model.Attention);

        model = Read(GgufHeader.ForModel("qwen3", 1, embedding: 64, heads: 4).Own("attention.key_length", 128).Own("attention.value_length", 96));
        Assert.Equal([new(0, 4, 4, 128, 96, null)], model.Attention);
    }

    [Fact]
    public void Heads_and_widths_may_differ_from_layer_to_layer()
    {
        ModelDescription model = Read(new GgufHeader { Architecture = "deci" }
            .Text("general.architecture", "deci")
            .Own("block_count", 3)
            .Own("embedding_length", 64)
            .Own("feed_forward_length", [32, 128, 64])
            .Own("attention.head_count", [8, 4, 0])
            .Own("attention.head_count_kv", [4, 2, 0]));

        Assert.Equal(128, model.FeedForwardLength);
        Assert.Equal([new(0, 8, 4, 8, 8, null), new(1, 4, 2, 8, 8, null), new(2, 0, 0, 8, 8, null)], model.Attention);
    }

    [Theory]
    [InlineData("gpt-oss", 128, "wwww", "w-w-")]
    [InlineData("gemma2", null, "    ", "w-w-")]
    [InlineData("gemma3", 1024, "wwwwwww", "wwwww-w")]
    [InlineData("cohere2", 4096, "wwwwwwww", "www-www-")]
    [InlineData("smallthinker", null, "     ", "-www-")]
    [InlineData("llama4", null, "    ", "www-")]
    [InlineData("llama4", 0, "    ", "----")]
    [InlineData("phi3", 2047, "    ", "----")]
    [InlineData("llama", 4096, "    ", "----")]
    public void Sliding_windows_follow_the_pattern_of_the_architecture(string architecture, int? window, string layers, string expected)
    {
        GgufHeader header = GgufHeader.ForModel(architecture, layers.Length);
        ModelDescription model = Read(window is { } tokens ? header.Own("attention.sliding_window", tokens) : header);

        Assert.Equal(expected, string.Concat(model.Attention.Select(layer => layer.SlidingWindow is null ? '-' : 'w')));
    }

    [Fact]
    public void A_window_in_the_file_goes_before_that_of_the_architecture_but_not_for_llama4()
    {
        Assert.Equal(512, Read(GgufHeader.ForModel("gemma2", 1).Own("attention.sliding_window", 512)).Attention[0].SlidingWindow);
        Assert.Equal(4096, Read(GgufHeader.ForModel("gemma2", 1)).Attention[0].SlidingWindow);
        Assert.Equal(8192, Read(GgufHeader.ForModel("llama4", 1).Own("attention.sliding_window", 512)).Attention[0].SlidingWindow);
    }

    [Fact]
    public void A_pattern_in_the_file_is_a_period_or_says_it_layer_by_layer_and_such_layers_have_their_own_widths()
    {
        ModelDescription gemma4 = Read(GgufHeader.ForModel("gemma4", 4)
            .Own("attention.sliding_window", 512)
            .Flags("gemma4.attention.sliding_window_pattern", true, false, false, true)
            .Own("attention.key_length", 256)
            .Own("attention.value_length", 256)
            .Own("attention.key_length_swa", 128)
            .Own("attention.value_length_swa", 128)
            .Own("attention.shared_kv_layers", 1));
        Assert.Equal([new(0, 4, 4, 128, 128, 512), new(1, 4, 4, 256, 256, null), new(2, 4, 4, 256, 256, null), new(3, 4, 0, 128, 128, 512)], gemma4.Attention);

        ModelDescription gemma3 = Read(GgufHeader.ForModel("gemma3", 4).Own("attention.sliding_window", 512).Own("attention.sliding_window_pattern", 2));
        Assert.Equal([512, null, 512, null], gemma3.Attention.Select(layer => layer.SlidingWindow));
    }

    [Fact]
    public void Latent_attention_keeps_one_key_and_no_value()
    {
        GgufHeader header = GgufHeader.ForModel("deepseek2", 1, embedding: 2048, heads: 16)
            .Own("attention.head_count_kv", 1)
            .Own("attention.kv_lora_rank", 512)
            .Own("attention.key_length", 576)
            .Own("attention.value_length", 512)
            .Own("attention.key_length_mla", 192)
            .Own("attention.value_length_mla", 128);

        Assert.Equal([new(0, 16, 1, 576, 0, null)], Read(header).Attention);
    }

    [Fact]
    public void Every_fourth_layer_of_a_hybrid_attends_and_its_next_token_layers_keep_no_cache_of_their_own()
    {
        // Qwen3.6-27B with its MTP layer, eight layers instead of 64.
        ModelDescription model = Read(GgufHeader.ForModel("qwen35", 9, embedding: 5120, heads: 24)
            .Own("nextn_predict_layers", 1)
            .Own("attention.head_count_kv", 4)
            .Own("attention.key_length", 256)
            .Own("attention.value_length", 256)
            .Own("ssm.conv_kernel", 4)
            .Own("ssm.inner_size", 6144)
            .Own("ssm.state_size", 128)
            .Own("ssm.group_count", 16));

        Assert.Equal(9, model.LayerCount);
        Assert.Equal(1, model.NextTokenLayerCount);
        Assert.Equal([0, 0, 0, 4, 0, 0, 0, 4, 0], model.Attention.Select(layer => layer.KeyValueHeadCount));
        Assert.Equal(4, model.Attention[8].DraftKeyValueHeadCount);
        Assert.Equal(0, model.Attention[7].DraftKeyValueHeadCount);
        RecurrentShape recurrent = Assert.IsType<RecurrentShape>(model.Recurrent);
        Assert.Equal([0, 1, 2, 4, 5, 6], recurrent.Layers);
        Assert.Equal(6, recurrent.LayerCount);
        Assert.Equal(3 * (6144 + (2 * 16 * 128)), recurrent.ConvolutionElements);
        Assert.Equal(128 * 6144, recurrent.StateElements);
    }

    [Fact]
    public void Layers_without_key_value_heads_are_recurrent_where_there_is_a_state()
    {
        ModelDescription lfm2 = Read(GgufHeader.ForModel("lfm2", 3, embedding: 2048, heads: 32).Own("attention.head_count_kv", [0, 0, 8]).Own("shortconv.l_cache", 3));
        Assert.Equal([0, 1], lfm2.Recurrent!.Layers);
        Assert.Equal(4096, lfm2.Recurrent.ConvolutionElements);
        Assert.Equal(0, lfm2.Recurrent.StateElements);

        ModelDescription mamba2 = Read(GgufHeader.ForModel("mamba2", 2, embedding: 2560, heads: 0)
            .Own("ssm.conv_kernel", 4).Own("ssm.inner_size", 5120).Own("ssm.state_size", 128).Own("ssm.group_count", 1));
        Assert.Equal([0, 1], mamba2.Recurrent!.Layers);
        Assert.Equal(16128, mamba2.Recurrent.ConvolutionElements);
        Assert.Equal(655360, mamba2.Recurrent.StateElements);
        Assert.All(mamba2.Attention, layer => Assert.Equal(0, layer.KeyValueHeadCount));
    }

    [Fact]
    public void Experts_are_told_from_dense_weights_and_tables_from_layers()
    {
        ModelDescription model = Read(GgufHeader.ForModel("qwen3moe", 2)
            .Own("feed_forward_length", 128)
            .Own("expert_count", 8)
            .Own("expert_used_count", 2)
            .Own("expert_feed_forward_length", 32)
            .Tensor("token_embd.weight", 0, 64 * 10 * 4, 64, 10)
            .Tensor("output_norm.weight", 0, 256, 64)
            .Tensor("output.weight", 8, 64 * 10 / 32 * 34, 64, 10)
            .Tensor("rope_freqs.weight", 0, 32, 8)
            .Tensor("blk.0.ffn_gate_inp.weight", 0, 64 * 8 * 4, 64, 8)
            .Tensor("blk.0.ffn_up_shexp.weight", 1, 64 * 4 * 2, 64, 4)
            .Tensor("blk.1.ffn_up_exps.weight", 39, 64 * 32 * 8 / 32 * 17, 64, 32, 8)
            .Tensor("blk.1.ffn_gate_up_exps.bias", 0, 32 * 8 * 4, 32, 8)
            .Tensor("blk.1.ffn_down_chexps.weight", 40, 64 * 8 * 36 / 64, 64, 8)
            .Tensor("blk.1.attn_norm.weight", 0, 256, 64));

        Assert.Equal(new ExpertShape(8, 2, 32), model.Experts);
        Assert.Equal(2560, model.Weights.InputBytes);
        Assert.Equal(256 + 680, model.Weights.OutputBytes);
        Assert.Equal([new(0, 32 + 2048 + 512, 0), new(1, 256, 8704 + 1024 + 288)], model.Weights.Layers);
        Assert.Equal(10, model.VocabularySize);
        Assert.Equal("mixed (MXFP4)", model.Quantization);
        Assert.Equal((64 * 10 * 2) + 64 + 8 + (64 * 8) + (64 * 4) + (64 * 32 * 8) + (32 * 8) + (64 * 8) + 64, model.ParameterCount);
    }

    [Theory]
    [InlineData(0, "F32")]
    [InlineData(10, "Q2_K")]
    [InlineData(15, "Q4_K_M")]
    [InlineData(30, "IQ4_XS")]
    [InlineData(38, "MXFP4_MOE")]
    [InlineData(1024 + 7, "Q8_0")]
    [InlineData(5, "BF16")]
    [InlineData(900, "BF16")]
    public void The_quantisation_has_its_usual_name_or_that_of_the_tensors(int fileType, string expected) => Assert.Equal(
        expected,
        Read(GgufHeader.ForModel("llama", 1).Number("general.file_type", fileType).Tensor("token_embd.weight", 30, 64 * 4 * 2, 64, 4)).Quantization);

    [Fact]
    public void A_name_that_is_missing_comes_from_the_file() =>
        Assert.Equal("some-model", ModelReader.Read(_folder.Write("some-model.gguf", GgufHeader.ForModel("llama", 1))).Name);

    [Theory]
    [InlineData(2u, false)]
    [InlineData(3u, false)]
    [InlineData(3u, true)]
    public void Both_versions_and_byte_orders_read_the_same(uint version, bool bigEndian)
    {
        GgufHeader header = new GgufHeader { Version = version, IsBigEndian = bigEndian }
            .Text("general.architecture", "llama")
            .Own("block_count", 2)
            .Own("embedding_length", 64)
            .Own("attention.head_count", [4, 8])
            .Texts("tokenizer.ggml.tokens", ["a", "bc", ""])
            .Tensor("token_embd.weight", 1, 384, 64, 3);

        ModelDescription model = Read(header);

        Assert.Equal(bigEndian, model.IsBigEndian);
        Assert.Equal(2, model.LayerCount);
        Assert.Equal([4, 8], model.Attention.Select(layer => layer.HeadCount));
        Assert.Equal(3, model.VocabularySize);
        Assert.Equal(384, model.SizeBytes);
    }

    [Fact]
    public void A_vocabulary_of_250000_tokens_stays_in_the_file()
    {
        string path = _folder.Write("big.gguf", GgufHeader.ForModel("llama", 1)
            .Texts("tokenizer.ggml.tokens", Enumerable.Range(0, 250_000).Select(number => $"token {number}"))
            .Texts("tokenizer.ggml.merges", Enumerable.Range(0, 250_000).Select(number => $"a {number}")));
        ModelReader.Read(path);

        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelDescription model = ModelReader.Read(path);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(250_000, model.VocabularySize);
        Assert.InRange(allocated, 0, 256 * Bytes.KiB);
    }

    private ModelDescription Read(GgufHeader header) => ModelReader.Read(_folder.Write("model.gguf", header));
}
