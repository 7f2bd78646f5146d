using System.Buffers.Binary;
using System.Text;
using LlmOps.Models;

namespace LlmOps.Core.Tests.Models.Fuzzing;

/// <summary>Damages valid model files in random ways and reads them: each must give a model or a clear error, within bounded memory.</summary>
/// <remarks>Runs in tests for a fixed number of damages, and for hours in the benchmark program. The seed makes every run repeatable.</remarks>
internal sealed class ModelFuzzer : IDisposable
{
    private const long MostMemory = 8 << 20;

    private static readonly ulong[] s_numbers = [0, 1, 2, 3, 7, 8, 0x7F, 0xFF, 0xFFFF, 1 << 16, 1 << 20, int.MaxValue, uint.MaxValue, 1UL << 32, long.MaxValue, 1UL << 63, ulong.MaxValue, ulong.MaxValue - 7];

    private static readonly string[] s_words =
        ["null", "true", "-1", "1e999", "NaN", "Infinity", "-Infinity", "9223372036854775808", "0.5", "{}", "[]", "\"\"", "\"\\ud800\"", "[[[[", "{\"a\":", "\\", "\u0000", "..", "99999999"];

    private readonly Random _random;
    private readonly string _folder = Directory.CreateTempSubdirectory("llmops-fuzz-").FullName;
    private readonly (string Name, byte[] Bytes)[] _gguf;
    private readonly (string Name, byte[] Bytes)[] _model;
    private int _lastDamaged = -1;

    public ModelFuzzer(int seed)
    {
        _random = new Random(seed);
        _gguf =
        [
            ("le.gguf", Gguf(false)),
            ("be.gguf", Gguf(true)),
            ("clip.gguf", new GgufHeader().Text("general.architecture", "clip").Raw("clip.has_vision_encoder", 7, 1).Number("clip.vision.block_count", 27).Tensor("v.blk.0.a", 0, 128, 32).ToBytes()),
            ("m-00001-of-00001.gguf", GgufHeader.ForModel("deepseek2", 2).Number("split.count", 1).Number("split.no", 0).Own("nextn_predict_layers", 1).Own("expert_count", 4).ToBytes()),
        ];
        _model = Folder();
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "model")).FullName;
        foreach ((string name, byte[] bytes) in _model)
        {
            File.WriteAllBytes(Path.Combine(folder, name), bytes);
        }
    }

    /// <summary>Damages tried so far.</summary>
    public long Runs { get; private set; }

    /// <summary>Damages after which a model was read all the same.</summary>
    public long Read { get; private set; }

    /// <summary>The most processor time that one took, and what it was. Waiting for a busy machine does not count.</summary>
    public (TimeSpan Time, string What) Slowest { get; private set; }

    /// <summary>The most memory that one asked for.</summary>
    public long MostAllocated { get; private set; }

    /// <summary>One damage.</summary>
    /// <exception cref="InvalidOperationException">Something else came out than a model or a clear error; the damaged files are kept and named.</exception>
    public void Next()
    {
        if (_random.Next(2) == 0)
        {
            (string name, byte[] valid) = _gguf[_random.Next(_gguf.Length)];
            string file = Path.Combine(_folder, name);
            File.WriteAllBytes(file, Damage(valid, isText: false));
            Try(file);
            return;
        }

        // The file that was damaged last is made whole again, and another one damaged.
        string folder = Path.Combine(_folder, "model");
        if (_lastDamaged >= 0)
        {
            File.WriteAllBytes(Path.Combine(folder, _model[_lastDamaged].Name), _model[_lastDamaged].Bytes);
        }

        _lastDamaged = _random.Next(_model.Length);
        (string damaged, byte[] whole) = _model[_lastDamaged];
        File.WriteAllBytes(Path.Combine(folder, damaged), Damage(whole, isText: damaged.EndsWith(".json", StringComparison.Ordinal) || _random.Next(2) == 0));
        Try(folder);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Try(string path)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        TimeSpan start = ProcessorTime();
        try
        {
            ModelReader.Read(path, new ModelReadOptions(_random.Next(2) == 0));
            ModelReader.ReadChatTemplates(path);
            Read++;
        }
        catch (ModelFormatException error) when (!error.Message.Contains('\n', StringComparison.Ordinal))
        {
            // Refused as it should be.
        }
        catch (Exception other)
        {
            throw Kept(path, other.ToString(), other);
        }

        Runs++;
        TimeSpan time = ProcessorTime() - start;
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Slowest = time > Slowest.Time ? (time, Path.GetFileName(path)) : Slowest;
        MostAllocated = Math.Max(MostAllocated, allocated);
        if (allocated > MostMemory)
        {
            throw Kept(path, $"it asked for {allocated} bytes", null);
        }
    }

    private static TimeSpan ProcessorTime() => OperatingSystem.IsWindows() || OperatingSystem.IsLinux() ? Environment.CpuUsage.TotalTime : TimeSpan.Zero;

    private InvalidOperationException Kept(string path, string problem, Exception? cause)
    {
        string kept = Directory.CreateTempSubdirectory("llmops-fuzz-found-").FullName;
        foreach (string file in Directory.Exists(path) ? Directory.GetFiles(path) : [path])
        {
            File.Copy(file, Path.Combine(kept, Path.GetFileName(file)));
        }

        return new InvalidOperationException($"damage {Runs}, kept in {kept}: {problem}", cause);
    }

    private byte[] Damage(byte[] valid, bool isText)
    {
        List<byte> bytes = [.. valid];
        for (int change = _random.Next(1, 5); change > 0 && bytes.Count > 0; change--)
        {
            int at = _random.Next(bytes.Count);
            switch (_random.Next(isText ? 7 : 6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << _random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)_random.Next(256);
                    break;
                case 2 when _random.Next(3) == 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(bytes.Count - at, _random.Next(1, 40)));
                    break;
                case 3:
                    // Keys and tensors that appear twice.
                    bytes.InsertRange(_random.Next(bytes.Count), bytes.GetRange(at, Math.Min(bytes.Count - at, _random.Next(1, 80))));
                    break;
                case 4 or 5 when !isText:
                    Number(bytes, at);
                    break;
                case 4:
                    bytes.InsertRange(at, Word());
                    break;
                default:
                    int digit = bytes.FindIndex(at, letter => letter is >= (byte)'0' and <= (byte)'9');
                    if (digit >= 0)
                    {
                        bytes.RemoveAt(digit);
                        bytes.InsertRange(digit, Word());
                    }

                    break;
            }
        }

        return [.. bytes];
    }

    private byte[] Word() => Encoding.UTF8.GetBytes(s_words[_random.Next(s_words.Length)]);

    private void Number(List<byte> bytes, int at)
    {
        byte[] number = new byte[8];
        ulong value = s_numbers[_random.Next(s_numbers.Length)];
        BinaryPrimitives.WriteUInt64LittleEndian(number, _random.Next(2) == 0 ? value : BinaryPrimitives.ReverseEndianness(value));
        int length = _random.Next(2) == 0 ? 4 : 8;
        for (int i = 0; i < length && at + i < bytes.Count; i++)
        {
            bytes[at + i] = number[i];
        }
    }

    private static byte[] Gguf(bool bigEndian) => new GgufHeader { Architecture = "qwen35moe", IsBigEndian = bigEndian }
        .Text("general.architecture", "qwen35moe").Own("block_count", 5).Own("embedding_length", 64).Own("attention.head_count", 4)
        .Own("attention.head_count_kv", [2, 2, 2, 2, 2]).Own("ssm.conv_kernel", 4).Own("ssm.state_size", 16).Own("ssm.inner_size", 64).Own("nextn_predict_layers", 1)
        .Own("expert_count", 8).Own("expert_used_count", 2).Own("attention.sliding_window", 128)
        .Text("tokenizer.chat_template", "{% if message.role == 'user' %}").Texts("tokenizer.ggml.tokens", ["a", "b", "ccc"]).Flags("qwen35moe.attention.recurrent_layers", true, true, false, true, false)
        .Tensor("token_embd.weight", 1, 256, 64, 2).Tensor("blk.0.ffn_up_exps.weight", 12, 144, 256).Tensor("blk.3.attn_q.weight", 0, 1024, 64, 4).ToBytes();

    private static (string Name, byte[] Bytes)[] Folder()
    {
        SafetensorsFolder one = new SafetensorsFolder().Tensor("model.embed_tokens.weight", "BF16", 10, 8).Tensor("model.layers.0.mlp.experts.0.up_proj.weight", "BF16", 8, 8);
        SafetensorsFolder two = new SafetensorsFolder().Tensor("model.layers.1.self_attn.q_proj.qweight", "I32", 8, 8).Tensor("mtp.fc.weight", "BF16", 4, 4).Tensor("model.visual.blocks.0.a", "F32", 4);
        return
        [
            Text("config.json", """{"architectures":["X"],"model_type":"qwen3_5_moe","quantization_config":{"quant_method":"compressed-tensors","format":"pack-quantized","config_groups":{"group_0":{"weights":{"num_bits":4,"type":"int","group_size":128}}},"ignore":["lm_head"]},"text_config":{"model_type":"qwen3_5_moe_text","num_hidden_layers":2,"hidden_size":64,"num_attention_heads":4,"num_key_value_heads":2,"head_dim":32,"layer_types":["linear_attention","full_attention"],"linear_conv_kernel_dim":4,"linear_key_head_dim":16,"linear_num_key_heads":2,"linear_num_value_heads":4,"linear_value_head_dim":16,"num_experts":8,"num_experts_per_tok":2,"mtp_num_hidden_layers":1,"vocab_size":120,"max_position_embeddings":262144,"rope_scaling":{"type":"yarn","factor":4.0,"original_max_position_embeddings":32768},"sliding_window":128,"x":[0.0,Infinity]},"vision_config":{"depth":3,"hidden_size":48}}"""),
            Text("model.safetensors.index.json", SafetensorsFolder.Index(("one.safetensors", one), ("two.safetensors", two))),
            ("one.safetensors", [.. one.Head(), .. new byte[one.DataBytes]]),
            ("two.safetensors", [.. two.Head(), .. new byte[two.DataBytes]]),
            Text("tokenizer.json", """{"version":"1.0","added_tokens":[{"id":97,"content":"<s>"}],"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":["a b"]}}"""),
            Text("tokenizer_config.json", """{"chat_template":[{"name":"default","template":"{{ m.role }}"},{"name":"rag","template":"x"}]}"""),
            Text("generation_config.json", """{"temperature":0.6,"top_k":20,"eos_token_id":[2,3]}"""),
        ];
    }

    private static (string Name, byte[] Bytes) Text(string name, string text) => (name, Encoding.UTF8.GetBytes(text));
}
