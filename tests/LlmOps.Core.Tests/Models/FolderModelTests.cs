using System.Text;
using LlmOps.Models;

namespace LlmOps.Core.Tests.Models;

public sealed class FolderModelTests : IDisposable
{
    private const string Llama = """
        { "architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16", "num_hidden_layers": 2, "hidden_size": 64,
          "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 128, "vocab_size": 100, "max_position_embeddings": 4096, "eos_token_id": null }
        """;

    // The true shape of the family, made small: three of four layers linear, pictures, one layer that predicts further tokens.
    private const string Qwen35 = """
        { "architectures": ["Qwen3_5MoeForConditionalGeneration"], "model_type": "qwen3_5_moe", "tie_word_embeddings": false,
          "text_config": { "model_type": "qwen3_5_moe_text", "dtype": "bfloat16", "num_hidden_layers": 4, "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32,
            "layer_types": ["linear_attention", "linear_attention", "linear_attention", "full_attention"], "linear_conv_kernel_dim": 4, "linear_key_head_dim": 16,
            "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_value_head_dim": 16, "mamba_ssm_dtype": "float32", "num_experts": 8, "num_experts_per_tok": 2,
            "moe_intermediate_size": 16, "shared_expert_intermediate_size": 16, "mtp_num_hidden_layers": 1, "vocab_size": 120, "max_position_embeddings": 262144 },
          "vision_config": { "model_type": "qwen3_5_moe", "depth": 3, "hidden_size": 48, "num_heads": 4, "patch_size": 16, "spatial_merge_size": 2 } }
        """;

    private readonly ModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_plain_model_is_described()
    {
        Config(Llama);
        LlamaWeights().Write(_folder.PathOf("model.safetensors"));

        ModelDescription model = ModelReader.Read(_folder.Root);

        Assert.Equal((ModelFormat.Safetensors, "llama", "LlamaForCausalLM", "BF16", "bfloat16"), (model.Format, model.Architecture, model.ModelClass, model.Quantization, model.DataType));
        Assert.Equal((2, 64, 128, 100, 4096L), (model.LayerCount, model.EmbeddingLength, model.FeedForwardLength, model.VocabularySize, model.ContextLength));
        Assert.Equal(new AttentionShape(1, 4, 2, 16, 16, null), model.Attention[1]);
        Assert.Equal((100 * 64 * 2L, (100 * 64 * 2L) + (64 * 2), false), (model.Weights.InputBytes, model.Weights.OutputBytes, model.Weights.TiedEmbeddings));
        Assert.Equal([new LayerWeights(0, 64 * 64 * 2, 0), new LayerWeights(1, 64 * 64 * 2, 0)], model.Weights.Layers);
        Assert.Equal(new WeightTensor("self_attn.q_proj.weight", 64, 64, 64 * 64 * 2), Assert.Single(model.Weights.LayerTensors[0]));
        Assert.Equal((model.SizeBytes / 2, model.Weights.InputBytes + model.Weights.OutputBytes + (2 * 64 * 64 * 2)), (model.ParameterCount, model.SizeBytes));
        Assert.Empty(model.Defects);
    }

    [Fact]
    public void A_hybrid_model_with_pictures_and_further_tokens_is_described_from_several_files()
    {
        Config(Qwen35);
        SafetensorsFolder first = new();
        SafetensorsFolder second = new();
        first.Tensor("model.language_model.embed_tokens.weight", "BF16", 120, 64).Tensor("lm_head.weight", "BF16", 120, 64)
            .Tensor("model.visual.blocks.0.attn.qkv.weight", "BF16", 144, 48).Tensor("model.visual.merger.linear_fc1.weight", "BF16", 10, 10);
        for (int layer = 0; layer < 4; layer++)
        {
            second.Tensor($"model.language_model.layers.{layer}.mlp.gate.weight", "BF16", 8, 64);
            for (int expert = 0; expert < 8; expert++)
            {
                second.Tensor($"model.language_model.layers.{layer}.mlp.experts.{expert}.up_proj.weight", "BF16", 16, 64);
            }

            second.Tensor($"model.language_model.layers.{layer}.mlp.shared_expert.up_proj.weight", "BF16", 16, 64);
        }

        second.Tensor("mtp.fc.weight", "BF16", 64, 128).Tensor("mtp.layers.0.mlp.experts.0.up_proj.weight", "BF16", 16, 64).Tensor("mtp.norm.weight", "BF16", 64);
        Two(first, second);

        ModelDescription model = ModelReader.Read(_folder.Root);

        Assert.Equal((5, 1, 1), (model.LayerCount, model.NextTokenLayerCount, model.DeclaredNextTokenLayerCount));
        Assert.Equal(["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"], model.Files.Select(file => Path.GetFileName(file)));
        Assert.Equal([0, 0, 0, 2, 0], model.Attention.Select(layer => layer.KeyValueHeadCount));
        Assert.Equal(2, model.Attention[4].DraftKeyValueHeadCount);
        Assert.Equal((3, (3 * ((2 * 2 * 16) + (4 * 16))), 4 * 16 * 16, "float32"), (model.Recurrent!.LayerCount, model.Recurrent.ConvolutionElements, model.Recurrent.StateElements, model.Recurrent.StateType));
        Assert.Equal(new ExpertShape(8, 2, 16) { SharedFeedForwardLength = 16 }, model.Experts);
        Assert.Equal(new LayerWeights(0, 2 * ((8 * 64) + (16 * 64)), 2 * 8 * 16 * 64), model.Weights.Layers[0]);
        Assert.Equal(new LayerWeights(4, 2 * ((64 * 128) + 64), 2 * 16 * 64), model.Weights.Layers[4]);
        Assert.Contains(new WeightTensor("mlp.experts.*.up_proj.weight", 64, 8 * 16, 2 * 8 * 16 * 64), model.Weights.LayerTensors[0]);
        MultimodalPart vision = Assert.Single(model.Multimodal);
        Assert.Equal((MultimodalKind.Vision, 2 * ((144 * 48) + 100L), 3, 48, 16), (vision.Kind, vision.Bytes, vision.LayerCount, vision.EmbeddingLength, vision.PatchSize));
        Assert.Equal(first.DataBytes + second.DataBytes, model.SizeBytes);
    }

    [Fact]
    public void Announced_layers_for_further_tokens_without_tensors_are_told_apart()
    {
        Config(Qwen35);
        new SafetensorsFolder().Tensor("model.language_model.layers.3.mlp.gate.weight", "BF16", 8, 64).Write(_folder.PathOf("model.safetensors"));

        ModelDescription model = ModelReader.Read(_folder.Root);

        Assert.Equal((4, 0, 1), (model.LayerCount, model.NextTokenLayerCount, model.DeclaredNextTokenLayerCount));
    }

    [Fact]
    public void Latent_attention_and_a_last_layer_of_further_tokens_are_those_of_deepseek()
    {
        Config("""
            { "architectures": ["DeepseekV3ForCausalLM"], "model_type": "deepseek_v3", "num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 4,
              "kv_lora_rank": 512, "qk_rope_head_dim": 64, "qk_nope_head_dim": 128, "v_head_dim": 128, "n_routed_experts": 4, "num_experts_per_tok": 2, "n_shared_experts": 1,
              "moe_intermediate_size": 32, "num_nextn_predict_layers": 1, "vocab_size": 10, "max_position_embeddings": 163840,
              "rope_scaling": { "type": "yarn", "factor": 40, "original_max_position_embeddings": 4096 },
              "quantization_config": { "quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic", "weight_block_size": [128, 128] } }
            """);
        new SafetensorsFolder().Tensor("model.layers.0.self_attn.kv_a_proj_with_mqa.weight", "F8_E4M3", 576, 64).Tensor("model.layers.0.self_attn.kv_a_proj_with_mqa.weight_scale_inv", "F32", 5, 1)
            .Tensor("model.layers.2.eh_proj.weight", "BF16", 64, 128).Write(_folder.PathOf("model.safetensors"));

        ModelDescription model = ModelReader.Read(_folder.Root);

        Assert.Equal(new AttentionShape(0, 4, 1, 576, 0, null), model.Attention[0]);
        Assert.Equal((3, 1, 163840L), (model.LayerCount, model.NextTokenLayerCount, model.ContextLength));
        Assert.Equal((576 * 64) + (64 * 128), model.ParameterCount);
        Assert.Equal("FP8", model.Quantization);
        Assert.Equal([128, 128], model.QuantizationDetail!.BlockShape);
        Assert.Equal(new ExpertShape(4, 2, 32) { SharedFeedForwardLength = 32 }, model.Experts);
    }

    [Theory]
    [InlineData("gemma3", """ "text_config": { "model_type": "gemma3_text", "num_hidden_layers": 12, "hidden_size": 2560, "sliding_window": 1024 }, "vision_config": {} """, "1024 1024 1024 1024 1024 - 1024 1024 1024 1024 1024 -")]
    [InlineData("gpt_oss", """ "num_hidden_layers": 3, "hidden_size": 64, "num_attention_heads": 4, "sliding_window": 128, "layer_types": ["sliding_attention", "full_attention", "sliding_attention"] """, "128 - 128")]
    [InlineData("cohere2", """ "num_hidden_layers": 4, "hidden_size": 64, "num_attention_heads": 4, "sliding_window_pattern": 4 """, "4096 4096 4096 -")]
    [InlineData("qwen2", """ "num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4, "sliding_window": 4096, "use_sliding_window": false """, "- -")]
    [InlineData("mistral", """ "num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4, "sliding_window": 4096 """, "4096 4096")]
    [InlineData("exaone4", """ "num_hidden_layers": 4, "hidden_size": 64, "num_attention_heads": 4, "sliding_window": 4096, "sliding_window_pattern": "LLLG" """, "4096 4096 4096 -")]
    public void Sliding_windows_are_those_of_the_architecture(string type, string rest, string windows)
    {
        Config($$"""{ "model_type": "{{type}}", {{rest}} }""");
        new SafetensorsFolder().Tensor("model.layers.0.x.weight", "BF16", 1).Write(_folder.PathOf("model.safetensors"));

        Assert.Equal(windows, string.Join(' ', ModelReader.Read(_folder.Root).Attention.Select(layer => layer.SlidingWindow?.ToString() ?? "-")));
    }

    [Fact]
    public void Numbers_that_only_python_writes_do_not_disturb()
    {
        Config("""
            { "model_type": "nemotron_h", "num_hidden_layers": 4, "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "hybrid_override_pattern": "M-M*",
              "mamba_num_heads": 8, "mamba_head_dim": 16, "n_groups": 2, "ssm_state_size": 32, "conv_kernel": 4, "time_step_limit": [0.0, Infinity], "x": -Infinity, "y": NaN, "z": "NaN \" Infinity" }
            """);
        new SafetensorsFolder().Tensor("backbone.layers.0.mixer.in_proj.weight", "BF16", 8, 64).Tensor("backbone.embeddings.weight", "BF16", 10, 64).Write(_folder.PathOf("model.safetensors"));

        ModelDescription model = ModelReader.Read(_folder.Root);

        Assert.Equal([0, 2], model.Recurrent!.Layers);
        Assert.Equal((3 * (128 + (2 * 2 * 32)), 128 * 32), (model.Recurrent.ConvolutionElements, model.Recurrent.StateElements));
        Assert.Equal([0, 0, 0, 2], model.Attention.Select(layer => layer.KeyValueHeadCount));
        Assert.Equal((10, 10 * 64 * 2L), (model.VocabularySize, model.Weights.InputBytes));
    }

    [Fact]
    public void The_folder_is_found_by_a_file_in_it_and_in_the_cache_of_hugging_face()
    {
        string snapshot = _folder.PathOf("models--Org--Tiny-1B/snapshots/abc");
        Directory.CreateDirectory(snapshot);
        Directory.CreateDirectory(_folder.PathOf("models--Org--Tiny-1B/refs"));
        File.WriteAllText(_folder.PathOf("models--Org--Tiny-1B/refs/main"), "abc");
        File.WriteAllText(Path.Combine(snapshot, "config.json"), Llama);
        LlamaWeights().Write(Path.Combine(snapshot, "model.safetensors"));

        Assert.All(
            [_folder.PathOf("models--Org--Tiny-1B"), Path.Combine(snapshot, "model.safetensors"), Path.Combine(snapshot, "config.json")],
            path => Assert.Equal((snapshot, "Tiny-1B"), (ModelReader.Read(path).Path, ModelReader.Read(path).Name)));
    }

    [Fact]
    public void The_tokenizer_and_the_recommended_sampling_are_read()
    {
        Config(Llama);
        LlamaWeights().Write(_folder.PathOf("model.safetensors"));
        File.WriteAllText(_folder.PathOf("tokenizer.json"), """{ "version": "1.0", "added_tokens": [ { "id": 97, "content": "<s>" } ], "model": { "type": "BPE", "vocab": { "a": 0, "vocab": 95 }, "merges": ["a b"] } }""");
        File.WriteAllText(_folder.PathOf("generation_config.json"), """{ "temperature": 0.6, "top_k": 20, "top_p": 0.95, "eos_token_id": [2, 3] }""");

        ModelDescription model = ModelReader.Read(_folder.Root);

        Assert.Equal((100, 98), (model.VocabularySize, model.TokenizerSize));
        Assert.Equal((0.6, 20, 0.95, null), (model.Generation!.Temperature, model.Generation.TopK, model.Generation.TopP, model.Generation.MinP));
        Assert.Equal([2, 3], model.Generation.EndTokenIds);
    }

    private static SafetensorsFolder LlamaWeights() => new SafetensorsFolder()
        .Tensor("model.embed_tokens.weight", "BF16", 100, 64).Tensor("model.layers.0.self_attn.q_proj.weight", "BF16", 64, 64)
        .Tensor("model.layers.1.self_attn.q_proj.weight", "BF16", 64, 64).Tensor("model.norm.weight", "BF16", 64).Tensor("lm_head.weight", "BF16", 100, 64);

    private void Config(string json) => _folder.Write("config.json", Encoding.UTF8.GetBytes(json));

    private void Two(SafetensorsFolder first, SafetensorsFolder second)
    {
        first.Write(_folder.PathOf("model-00001-of-00002.safetensors"));
        second.Write(_folder.PathOf("model-00002-of-00002.safetensors"));
        File.WriteAllText(_folder.PathOf("model.safetensors.index.json"), SafetensorsFolder.Index(("model-00001-of-00002.safetensors", first), ("model-00002-of-00002.safetensors", second)));
    }
}
