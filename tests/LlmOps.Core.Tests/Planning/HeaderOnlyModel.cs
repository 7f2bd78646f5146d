using LlmOps.Core.Tests.Models;

namespace LlmOps.Core.Tests.Planning;

/// <summary>Writes GGUF files of true shapes: every tensor by name, shape and type, and a hole where the weights would be.</summary>
internal static class HeaderOnlyModel
{
    private const uint F32 = 0;
    private const uint Q8 = 8;
    private const uint Q2K = 10;
    private const uint Q4K = 12;
    private const uint Q5K = 13;
    private const uint Q6K = 14;
    private const uint Iq4Xs = 23;

    private const string ChatTemplate = "{% for message in messages %}{% if message.role == 'system' %}{{ message.content }}{% elif message.role == 'user' %}{{ message.content }}{% elif message.role == 'assistant' %}{{ message.content }}{% endif %}{% endfor %}";

    // Elements and bytes of a block: ggml/src/ggml-common.h.
    private static readonly Dictionary<uint, (ulong Elements, ulong Bytes)> s_blocks = new()
    {
        [F32] = (1, 4), [Q8] = (32, 34), [Q2K] = (256, 84), [Q4K] = (256, 144), [Q5K] = (256, 176), [Q6K] = (256, 210), [Iq4Xs] = (256, 136),
    };

    /// <summary>Writes the headers alone, as tests in other languages take them: cut to what stands before the weights, the whole length in the name.</summary>
    public static void WriteHeaders(string folder)
    {
        foreach ((string name, GgufHeader header) in new[] { ("Qwen3.5-122B-A10B-UD-Q2_K_XL", Qwen122B()), ("Qwen_QwQ-32B-IQ4_XS", Qwq32B()) })
        {
            string path = Path.Join(folder, name + ".gguf");
            (long length, long whole) = header.WriteSparse(path);
            using (FileStream file = File.OpenWrite(path))
            {
                file.SetLength(length);
            }

            File.Move(path, Path.Join(folder, $"{name}.{whole}.header"), overwrite: true);
        }
    }

    /// <summary>Qwen3.5-122B-A10B in UD-Q2_K_XL: 48 layers, every fourth with attention, the others gated delta nets; 256 experts, 8 at work; experts in Q2_K, the rest in Q6_K and Q8_0; 43 GB.</summary>
    public static GgufHeader Qwen122B()
    {
        const ulong width = 3072;
        const ulong vocabulary = 248320;
        GgufHeader header = GgufHeader.ForModel("qwen35moe", 48, (int)width, 32)
            .Text("general.name", "Qwen3.5-122B-A10B").Number("general.file_type", 10).Text("tokenizer.chat_template", ChatTemplate)
            .Own("context_length", 262144).Own("vocab_size", (int)vocabulary).Own("attention.head_count_kv", 2).Own("attention.key_length", 256).Own("attention.value_length", 256)
            .Own("rope.dimension_count", 64).Own("full_attention_interval", 4)
            .Own("ssm.conv_kernel", 4).Own("ssm.state_size", 128).Own("ssm.group_count", 16).Own("ssm.time_step_rank", 64).Own("ssm.inner_size", 8192)
            .Own("expert_count", 256).Own("expert_used_count", 8).Own("expert_feed_forward_length", 1024).Own("expert_shared_feed_forward_length", 1024);
        Add(header, "token_embd.weight", Q4K, width, vocabulary);
        Add(header, "output_norm.weight", F32, width);
        Add(header, "output.weight", Q6K, width, vocabulary);
        for (int layer = 0; layer < 48; layer++)
        {
            Layer("attn_norm.weight", F32, width);
            if ((layer + 1) % 4 == 0)
            {
                Layer("attn_q.weight", Q6K, width, 2 * 32 * 256);
                Layer("attn_k.weight", Q8, width, 2 * 256);
                Layer("attn_v.weight", Q8, width, 2 * 256);
                Layer("attn_output.weight", Q6K, 32 * 256, width);
                Layer("attn_q_norm.weight", F32, 256);
                Layer("attn_k_norm.weight", F32, 256);
            }
            else
            {
                Layer("attn_qkv.weight", Q6K, width, (2 * 16 * 128) + 8192);
                Layer("attn_gate.weight", Q6K, width, 8192);
                Layer("ssm_conv1d.weight", F32, 4, (2 * 16 * 128) + 8192);
                Layer("ssm_dt.bias", F32, 64);
                Layer("ssm_a", F32, 64);
                Layer("ssm_beta.weight", Q8, width, 64);
                Layer("ssm_alpha.weight", Q8, width, 64);
                Layer("ssm_norm.weight", F32, 128);
                Layer("ssm_out.weight", Q8, 8192, width);
            }

            Layer("post_attention_norm.weight", F32, width);
            Layer("ffn_gate_inp.weight", F32, width, 256);
            Layer("ffn_gate_exps.weight", Q2K, width, 1024, 256);
            Layer("ffn_up_exps.weight", Q2K, width, 1024, 256);
            Layer("ffn_down_exps.weight", Q2K, 1024, width, 256);
            Layer("ffn_gate_inp_shexp.weight", F32, width);
            Layer("ffn_gate_shexp.weight", Q6K, width, 1024);
            Layer("ffn_up_shexp.weight", Q6K, width, 1024);
            Layer("ffn_down_shexp.weight", Q6K, 1024, width);

            void Layer(string name, uint type, params ulong[] shape) => Add(header, $"blk.{layer}.{name}", type, shape);
        }

        return header;
    }

    /// <summary>QwQ-32B in IQ4_XS: 64 layers, 40 heads, 8 KV heads of 128; 17.7 GB.</summary>
    public static GgufHeader Qwq32B()
    {
        const ulong width = 5120;
        const ulong vocabulary = 152064;
        GgufHeader header = GgufHeader.ForModel("qwen2", 64, (int)width, 40)
            .Text("general.name", "QwQ 32B").Number("general.file_type", 30).Text("tokenizer.chat_template", ChatTemplate)
            .Own("context_length", 131072).Own("vocab_size", (int)vocabulary).Own("feed_forward_length", 27648).Own("attention.head_count_kv", 8);
        Add(header, "token_embd.weight", Iq4Xs, width, vocabulary);
        Add(header, "output_norm.weight", F32, width);
        Add(header, "output.weight", Q6K, width, vocabulary);
        for (int layer = 0; layer < 64; layer++)
        {
            Layer("attn_norm.weight", F32, width);
            Layer("attn_q.weight", Iq4Xs, width, width);
            Layer("attn_k.weight", Iq4Xs, width, 1024);
            Layer("attn_v.weight", Q5K, width, 1024);
            Layer("attn_q.bias", F32, width);
            Layer("attn_k.bias", F32, 1024);
            Layer("attn_v.bias", F32, 1024);
            Layer("attn_output.weight", Iq4Xs, width, width);
            Layer("ffn_norm.weight", F32, width);
            Layer("ffn_gate.weight", Iq4Xs, width, 27648);
            Layer("ffn_up.weight", Iq4Xs, width, 27648);
            Layer("ffn_down.weight", layer < 8 ? Q5K : Iq4Xs, 27648, width);

            void Layer(string name, uint type, params ulong[] shape) => Add(header, $"blk.{layer}.{name}", type, shape);
        }

        return header;
    }

    private static void Add(GgufHeader header, string name, uint type, params ulong[] shape)
    {
        (ulong elements, ulong bytes) = s_blocks[type];
        header.Tensor(name, type, shape.Aggregate(1UL, (product, size) => product * size) / elements * bytes, shape);
    }
}
