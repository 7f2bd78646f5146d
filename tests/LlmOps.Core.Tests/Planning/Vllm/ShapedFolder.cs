using System.Globalization;
using System.Text.Json.Nodes;
using LlmOps.Core.Tests.Models;

namespace LlmOps.Core.Tests.Planning.Vllm;

/// <summary>Writes the folder of a model of true shape: config.json, index, and safetensors files of headers and holes.</summary>
internal sealed record ShapedFolder
{
    public required string ModelType { get; init; }

    public int Layers { get; init; }

    public int Hidden { get; init; }

    public int Heads { get; init; }

    public int KvHeads { get; init; }

    public int HeadLength { get; init; } = 128;

    public int FeedForward { get; init; }

    public int Vocabulary { get; init; }

    public int Context { get; init; } = 131072;

    /// <summary>Every n-th layer attends, the others keep a recurrent state; 0 for attention everywhere.</summary>
    public int AttentionInterval { get; init; }

    public int StateKeyHeads { get; init; }

    public int StateValueHeads { get; init; }

    public int Experts { get; init; }

    public int UsedExperts { get; init; }

    public int ExpertWidth { get; init; }

    public int SharedWidth { get; init; }

    /// <summary>Window of every other layer; 0 for none.</summary>
    public int Window { get; init; }

    public int VisionDepth { get; init; }

    public int VisionWidth { get; init; } = 1152;

    public bool HasNextToken { get; init; }

    public bool DeclaresNextToken { get; init; }

    /// <summary>The quantisation: bits of the feed-forward layers and experts, of attention, of recurrent layers; 16 for none.</summary>
    public (int FeedForward, int Attention, int Recurrent) Bits { get; init; } = (16, 16, 16);

    public int GroupSize { get; init; } = 128;

    /// <summary>Bits of MTP's layer.</summary>
    public int NextTokenBits { get; init; } = 16;

    public bool HasGatedAttention { get; init; }

    public JsonObject? Quantization { get; init; }

    /// <summary>Writes the folder and returns its path.</summary>
    public string Write(string folder)
    {
        Directory.CreateDirectory(folder);
        SafetensorsFolder first = new();
        SafetensorsFolder second = new();
        first.Tensor("model.language_model.embed_tokens.weight", "BF16", Vocabulary, Hidden);
        for (int layer = 0; layer < Layers; layer++)
        {
            Layer(layer < Layers / 2 ? first : second, string.Create(CultureInfo.InvariantCulture, $"model.language_model.layers.{layer}."), layer);
        }

        second.Tensor("model.language_model.norm.weight", "BF16", Hidden).Tensor("lm_head.weight", "BF16", Vocabulary, Hidden);
        Vision(second);
        if (HasNextToken)
        {
            second.Tensor("mtp.fc.weight", "BF16", Hidden, 2 * Hidden).Tensor("mtp.norm.weight", "BF16", Hidden);
            Attention(second, "mtp.layers.0.", NextTokenBits);
            Dense(second, "mtp.layers.0.mlp.", NextTokenBits, FeedForward);
        }

        first.Write(Path.Combine(folder, "model-00001-of-00002.safetensors"));
        second.Write(Path.Combine(folder, "model-00002-of-00002.safetensors"));
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), SafetensorsFolder.Index(("model-00001-of-00002.safetensors", first), ("model-00002-of-00002.safetensors", second)));
        File.WriteAllText(Path.Combine(folder, "config.json"), Config().ToJsonString());
        return folder;
    }

    private JsonObject Config()
    {
        JsonObject text = new()
        {
            ["model_type"] = VisionDepth > 0 ? ModelType + "_text" : ModelType,
            ["dtype"] = "bfloat16",
            ["num_hidden_layers"] = Layers,
            ["hidden_size"] = Hidden,
            ["num_attention_heads"] = Heads,
            ["num_key_value_heads"] = KvHeads,
            ["head_dim"] = HeadLength,
            ["intermediate_size"] = FeedForward,
            ["vocab_size"] = Vocabulary,
            ["max_position_embeddings"] = Context,
            ["tie_word_embeddings"] = false,
        };
        if (AttentionInterval > 0)
        {
            text["full_attention_interval"] = AttentionInterval;
            text["linear_num_key_heads"] = StateKeyHeads;
            text["linear_num_value_heads"] = StateValueHeads;
            text["linear_key_head_dim"] = 128;
            text["linear_value_head_dim"] = 128;
            text["linear_conv_kernel_dim"] = 4;
            text["mamba_ssm_dtype"] = "float32";
            text["partial_rotary_factor"] = 0.25;
        }

        if (Experts > 0)
        {
            text["num_experts"] = Experts;
            text["num_experts_per_tok"] = UsedExperts;
            text["moe_intermediate_size"] = ExpertWidth;
            text["shared_expert_intermediate_size"] = SharedWidth;
        }

        if (Window > 0)
        {
            text["sliding_window"] = Window;
            text["layer_types"] = new JsonArray([.. Enumerable.Range(0, Layers).Select(layer => (JsonNode)(layer % 2 == 0 ? "sliding_attention" : "full_attention"))]);
        }

        if (HasNextToken || DeclaresNextToken)
        {
            text["mtp_num_hidden_layers"] = 1;
        }

        JsonObject config = VisionDepth == 0 ? text : new JsonObject
        {
            ["model_type"] = ModelType,
            ["text_config"] = text,
            ["vision_config"] = new JsonObject { ["model_type"] = ModelType, ["depth"] = VisionDepth, ["hidden_size"] = VisionWidth, ["num_heads"] = 16, ["patch_size"] = 16, ["spatial_merge_size"] = 2 },
        };
        if (Quantization is not null || Bits != (16, 16, 16))
        {
            config["quantization_config"] = Quantization?.DeepClone() ?? new JsonObject
            {
                ["quant_method"] = "compressed-tensors",
                ["format"] = "pack-quantized",
                ["config_groups"] = new JsonObject { ["group_0"] = new JsonObject { ["weights"] = new JsonObject { ["num_bits"] = Bits.FeedForward, ["type"] = "int", ["group_size"] = GroupSize } } },
            };
        }

        return config;
    }

    private void Layer(SafetensorsFolder file, string prefix, int layer)
    {
        if (AttentionInterval > 0 && (layer + 1) % AttentionInterval != 0)
        {
            int keys = StateKeyHeads * 128;
            int values = StateValueHeads * 128;
            Linear(file, prefix + "linear_attn.in_proj_qkv", (2 * keys) + values, Hidden, Bits.Recurrent);
            Linear(file, prefix + "linear_attn.in_proj_z", values, Hidden, Bits.Recurrent);
            file.Tensor(prefix + "linear_attn.in_proj_a.weight", "BF16", StateValueHeads, Hidden).Tensor(prefix + "linear_attn.in_proj_b.weight", "BF16", StateValueHeads, Hidden)
                .Tensor(prefix + "linear_attn.conv1d.weight", "BF16", (2 * keys) + values, 1, 4).Tensor(prefix + "linear_attn.A_log", "F32", StateValueHeads);
            Linear(file, prefix + "linear_attn.out_proj", Hidden, values, Bits.Recurrent);
            file.Tensor(prefix + "input_layernorm.weight", "BF16", Hidden).Tensor(prefix + "post_attention_layernorm.weight", "BF16", Hidden);
        }
        else
        {
            Attention(file, prefix, Bits.Attention);
        }

        if (Experts == 0)
        {
            Dense(file, prefix + "mlp.", Bits.FeedForward, FeedForward);
            return;
        }

        file.Tensor(prefix + "mlp.gate.weight", "BF16", Experts, Hidden);
        Stack(file, prefix + "mlp.experts.gate_up_proj", 2 * ExpertWidth, Hidden);
        Stack(file, prefix + "mlp.experts.down_proj", Hidden, ExpertWidth);
        if (SharedWidth > 0)
        {
            Dense(file, prefix + "mlp.shared_expert.", Bits.FeedForward, SharedWidth);
        }
    }

    private void Attention(SafetensorsFolder file, string prefix, int bits)
    {
        Linear(file, prefix + "self_attn.q_proj", Heads * HeadLength * (HasGatedAttention ? 2 : 1), Hidden, bits);
        Linear(file, prefix + "self_attn.k_proj", KvHeads * HeadLength, Hidden, bits);
        Linear(file, prefix + "self_attn.v_proj", KvHeads * HeadLength, Hidden, bits);
        Linear(file, prefix + "self_attn.o_proj", Hidden, Heads * HeadLength, bits);
        file.Tensor(prefix + "input_layernorm.weight", "BF16", Hidden).Tensor(prefix + "post_attention_layernorm.weight", "BF16", Hidden);
    }

    private void Dense(SafetensorsFolder file, string prefix, int bits, int width)
    {
        Linear(file, prefix + "gate_proj", width, Hidden, bits);
        Linear(file, prefix + "up_proj", width, Hidden, bits);
        Linear(file, prefix + "down_proj", Hidden, width, bits);
    }

    private void Linear(SafetensorsFolder file, string name, long rows, long columns, int bits)
    {
        if (bits == 16)
        {
            file.Tensor(name + ".weight", "BF16", rows, columns);
            return;
        }

        file.Tensor(name + ".weight_packed", "I32", rows, columns * bits / 32).Tensor(name + ".weight_scale", "BF16", rows, columns / GroupSize);
    }

    private void Stack(SafetensorsFolder file, string name, long rows, long columns)
    {
        if (Bits.FeedForward == 16)
        {
            file.Tensor(name, "BF16", Experts, rows, columns);
            return;
        }

        file.Tensor(name + ".weight_packed", "I32", Experts, rows, columns * Bits.FeedForward / 32).Tensor(name + ".weight_scale", "BF16", Experts, rows, columns / GroupSize);
    }

    private void Vision(SafetensorsFolder file)
    {
        for (int layer = 0; layer < VisionDepth; layer++)
        {
            string prefix = string.Create(CultureInfo.InvariantCulture, $"model.visual.blocks.{layer}.");
            file.Tensor(prefix + "attn.qkv.weight", "BF16", 3 * VisionWidth, VisionWidth).Tensor(prefix + "attn.proj.weight", "BF16", VisionWidth, VisionWidth)
                .Tensor(prefix + "mlp.linear_fc1.weight", "BF16", 4304, VisionWidth).Tensor(prefix + "mlp.linear_fc2.weight", "BF16", VisionWidth, 4304);
        }

        if (VisionDepth > 0)
        {
            file.Tensor("model.visual.merger.linear_fc1.weight", "BF16", 4 * VisionWidth, 4 * VisionWidth).Tensor("model.visual.merger.linear_fc2.weight", "BF16", Hidden, 4 * VisionWidth);
        }
    }
}
