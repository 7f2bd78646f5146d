using System.Text.Json;

namespace LlmOps.Models.Folders;

/// <summary>Reads how a model folder is quantised: from <c>config.json</c>, <c>hf_quant_config.json</c> or <c>quantize_config.json</c>.</summary>
/// <remarks>Source: vllm <c>model_executor/layers/quantization</c>, each method's <c>from_config</c> and <c>get_config_filenames</c>.</remarks>
internal static class QuantizationReader
{
    private const string Modelopt = "hf_quant_config.json";
    private const string Gptq = "quantize_config.json";
    private const string Awq = "quant_config.json";

    /// <exception cref="ModelFormatException">One of the files is damaged.</exception>
    public static QuantizationInfo? Read(string folder, ConfigJson config)
    {
        if (config.Find("quantization_config", "compression_config") is { ValueKind: JsonValueKind.Object } own)
        {
            return Read(new ConfigJson(config.Path, own), null);
        }

        foreach (string name in (ReadOnlySpan<string>)[Modelopt, Gptq, Awq])
        {
            string path = Path.Combine(folder, name);
            if (File.Exists(path))
            {
                JsonElement root = FolderFile.ReadJson(path);
                JsonElement inner = ConfigJson.Property(root, "quantization") ?? root;
                return Read(new ConfigJson(path, inner), name == Modelopt ? "modelopt" : name == Gptq ? "gptq" : "awq");
            }
        }

        return null;
    }

    private static QuantizationInfo? Read(ConfigJson values, string? fileMethod)
    {
        // ModelOpt's own file calls it quant_algo and puts it one level down in some versions.
        JsonElement? nested = values.Find("quantization") is { ValueKind: JsonValueKind.Object } inner ? inner : null;
        ConfigJson all = nested is { } element ? new ConfigJson(values.Path, element) : values;
        string method = (values.Text("quant_method") ?? all.Text("quant_method") ?? fileMethod ?? (all.Has("quant_algo") ? "modelopt" : "unknown")).ToLowerInvariant();
        QuantizationInfo result = method switch
        {
            "compressed-tensors" => Compressed(values),
            "modelopt" or "modelopt_fp4" or "nvfp4" => Optimized(all, method),
            "fp8" or "fbgemm_fp8" => new QuantizationInfo(method, 8, true) { Source = values.Path, ActivationBits = 8 },
            "bitsandbytes" => BitsAndBytes(values),
            "mxfp4" or "gpt_oss_mxfp4" => new QuantizationInfo(method, 4, true) { Source = values.Path, GroupSize = 32 },
            _ => new QuantizationInfo(method, values.Count("bits", "w_bit", "weight_bits"), false)
            {
                Source = values.Path,
                Format = values.Text("version", "checkpoint_format", "packing_format"),
                GroupSize = Group(values),
            },
        };
        return result with
        {
            BlockShape = values.List("weight_block_size") ?? result.BlockShape,
            Ignored = values.Words("ignore", "modules_to_not_convert", "ignored_layers", "exclude_modules", "llm_int8_skip_modules")
                ?? all.Words("exclude_modules", "ignore") ?? [],
            KvCacheType = all.Text("kv_cache_quant_algo")?.ToLowerInvariant() ?? CacheScheme(values),
        };
    }

    private static QuantizationInfo Compressed(ConfigJson values)
    {
        // One scheme for all, nearly always; the first with weights names it.
        JsonElement? groups = values.Find("config_groups");
        foreach (JsonProperty group in groups is { ValueKind: JsonValueKind.Object } present ? present.EnumerateObject().ToArray() : [])
        {
            if (ConfigJson.Property(group.Value, "weights") is { } weights)
            {
                ConfigJson scheme = new(values.Path, weights);
                ConfigJson? input = ConfigJson.Property(group.Value, "input_activations") is { } activations ? new ConfigJson(values.Path, activations) : null;
                return new QuantizationInfo("compressed-tensors", scheme.Count("num_bits"), scheme.Text("type") == "float")
                {
                    Source = values.Path,
                    Format = ConfigJson.Property(group.Value, "format")?.ToString() ?? values.Text("format"),
                    GroupSize = Group(scheme),
                    BlockShape = scheme.List("block_structure") ?? [],
                    ActivationBits = input?.Count("num_bits"),
                };
            }
        }

        return new QuantizationInfo("compressed-tensors", null, false) { Source = values.Path, Format = values.Text("format") };
    }

    private static QuantizationInfo Optimized(ConfigJson values, string method)
    {
        string? name = values.Text("quant_algo")?.ToUpperInvariant();
        bool four = name?.Contains("FP4", StringComparison.Ordinal) ?? method.EndsWith("fp4", StringComparison.Ordinal);
        int? bits = four ? 4 : name switch { null => null, _ when name.Contains("W4A", StringComparison.Ordinal) || name.Contains("INT4", StringComparison.Ordinal) => 4, _ => 8 };
        bool isFloat = four || (name?.Contains("FP8", StringComparison.Ordinal) ?? false);
        return new QuantizationInfo(method, bits, isFloat)
        {
            Source = values.Path,
            Format = name,
            GroupSize = Group(values) ?? (four ? 16 : null),
            ActivationBits = four && name != "W4A16_NVFP4" ? 4 : isFloat && !four ? 8 : null,
        };
    }

    private static QuantizationInfo BitsAndBytes(ConfigJson values)
    {
        bool four = values.Flag("load_in_4bit") ?? values.Flag("_load_in_4bit") ?? false;
        string? format = four ? values.Text("bnb_4bit_quant_type") ?? "fp4" : "int8";
        return new QuantizationInfo("bitsandbytes", four ? 4 : 8, four) { Source = values.Path, Format = format, GroupSize = four ? 64 : null };
    }

    // AutoGPTQ writes -1 for one scale a row.
    private static int? Group(ConfigJson values) =>
        values.Find("group_size", "q_group_size") is { ValueKind: JsonValueKind.Number } size && size.TryGetInt32(out int group) && group > 0 ? group : null;

    private static string? CacheScheme(ConfigJson values)
    {
        if (values.Find("kv_cache_scheme") is not { ValueKind: JsonValueKind.Object } element)
        {
            return null;
        }

        ConfigJson scheme = new(values.Path, element);
        return scheme.Count("num_bits") is not { } bits ? null : (scheme.Text("type") == "float" ? "fp" : "int") + bits;
    }
}
