using System.Text;
using LlmOps.Models;

namespace LlmOps.Core.Tests.Models;

public sealed class FolderQuantizationTests : IDisposable
{
    private readonly ModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // What the quantisers themselves write, shortened.
    [Theory]
    [InlineData("""{"quant_method":"awq","bits":4,"group_size":128,"version":"gemm","zero_point":true,"modules_to_not_convert":["visual"]}""", "AWQ 4-bit", "awq", 4, 128, null, false)]
    [InlineData("""{"quant_method":"gptq","bits":4,"group_size":-1,"desc_act":true,"sym":true}""", "GPTQ 4-bit", "gptq", 4, null, null, false)]
    [InlineData("""{"quant_method":"fp8","fmt":"e4m3","activation_scheme":"dynamic","weight_block_size":[128,128]}""", "FP8", "fp8", 8, null, 8, true)]
    [InlineData("""{"quant_method":"bitsandbytes","load_in_4bit":true,"bnb_4bit_quant_type":"nf4"}""", "bitsandbytes NF4", "bitsandbytes", 4, 64, null, true)]
    [InlineData("""{"quant_method":"bitsandbytes","load_in_8bit":true}""", "bitsandbytes INT8", "bitsandbytes", 8, null, null, false)]
    [InlineData("""{"quant_method":"mxfp4","modules_to_not_convert":["lm_head"]}""", "MXFP4", "mxfp4", 4, 32, null, true)]
    [InlineData("""{"quant_method":"compressed-tensors","format":"pack-quantized","config_groups":{"group_0":{"weights":{"num_bits":4,"type":"int","group_size":128},"input_activations":null}},"ignore":["lm_head"]}""", "W4A16", "compressed-tensors", 4, 128, null, false)]
    [InlineData("""{"quant_method":"compressed-tensors","format":"int-quantized","config_groups":{"group_0":{"weights":{"num_bits":8,"type":"int"},"input_activations":{"num_bits":8,"type":"int"}}}}""", "W8A8", "compressed-tensors", 8, null, 8, false)]
    [InlineData("""{"quant_method":"compressed-tensors","format":"nvfp4-pack-quantized","config_groups":{"group_0":{"weights":{"num_bits":4,"type":"float","group_size":16},"input_activations":{"num_bits":4,"type":"float"}}}}""", "NVFP4", "compressed-tensors", 4, 16, 4, true)]
    [InlineData("""{"quant_method":"compressed-tensors","format":"float-quantized","config_groups":{"group_0":{"weights":{"num_bits":8,"type":"float"},"input_activations":{"num_bits":8,"type":"float"}}}}""", "FP8", "compressed-tensors", 8, null, 8, true)]
    [InlineData("""{"quant_method":"modelopt","quant_algo":"NVFP4","kv_cache_scheme":{"num_bits":8,"type":"float"},"ignore":["lm_head"]}""", "NVFP4", "modelopt", 4, 16, 4, true)]
    [InlineData("""{"quant_method":"auto-round","bits":4,"group_size":128,"packing_format":"auto_round:auto_gptq"}""", "AutoRound 4-bit", "auto-round", 4, 128, null, false)]
    [InlineData("""{"quant_method":"exl3","bits":4.0}""", "EXL3 4-bit", "exl3", 4, null, null, false)]
    public void A_method_in_the_configuration_is_read(string json, string name, string method, int bits, int? group, int? activations, bool isFloat)
    {
        ModelDescription model = Read(json);

        Assert.Equal(name, model.Quantization);
        QuantizationInfo info = model.QuantizationDetail!;
        Assert.Equal((method, bits, group, activations, isFloat), (info.Method, info.WeightBits, info.GroupSize, info.ActivationBits, info.IsFloat));
    }

    [Fact]
    public void Modelopts_own_file_is_read()
    {
        Write("hf_quant_config.json", """{"producer":{"name":"modelopt"},"quantization":{"quant_algo":"NVFP4","kv_cache_quant_algo":"FP8","group_size":16,"exclude_modules":["lm_head","model.layers.0*"]}}""");

        QuantizationInfo info = Read(null).QuantizationDetail!;

        Assert.Equal(("modelopt", "NVFP4", 4, 16, "fp8"), (info.Method, info.Format, info.WeightBits, info.GroupSize, info.KvCacheType));
        Assert.Equal(["lm_head", "model.layers.0*"], info.Ignored);
        Assert.EndsWith("hf_quant_config.json", info.Source);
    }

    [Fact]
    public void Gptqs_own_file_is_read()
    {
        Write("quantize_config.json", """{"bits":8,"group_size":32,"desc_act":false}""");

        Assert.Equal(("gptq", 8, 32), (Read(null).QuantizationDetail!.Method, Read(null).QuantizationDetail!.WeightBits, Read(null).QuantizationDetail!.GroupSize));
    }

    [Fact]
    public void Packed_weights_are_counted_and_scales_are_not()
    {
        // 64 × 64 weights: AWQ packs eight into an integer of 32 bits.
        SafetensorsFolder weights = new SafetensorsFolder()
            .Tensor("model.layers.0.q.qweight", "I32", 64, 8).Tensor("model.layers.0.q.qzeros", "I32", 1, 8).Tensor("model.layers.0.q.scales", "F16", 1, 64)
            .Tensor("model.layers.0.norm.weight", "F16", 64);

        ModelDescription model = Read("""{"quant_method":"awq","bits":4,"group_size":128}""", weights);

        Assert.Equal((64 * 64) + 64, model.ParameterCount);
        Assert.Equal((64 * 8 * 4) + (8 * 4) + (64 * 2) + (64 * 2), model.SizeBytes);
    }

    private ModelDescription Read(string? quantization, SafetensorsFolder? weights = null)
    {
        string rest = quantization is null ? "" : $", \"quantization_config\": {quantization}";
        Write("config.json", $$"""{ "model_type": "llama", "num_hidden_layers": 1, "hidden_size": 64, "num_attention_heads": 4{{rest}} }""");
        (weights ?? new SafetensorsFolder().Tensor("model.layers.0.q.weight", "BF16", 64, 64)).Write(_folder.PathOf("model.safetensors"));
        return ModelReader.Read(_folder.Root);
    }

    private void Write(string name, string text) => _folder.Write(name, Encoding.UTF8.GetBytes(text));
}
