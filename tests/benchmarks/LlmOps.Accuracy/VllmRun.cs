using System.Text.Json;

namespace LlmOps.Accuracy;

/// <summary>A recorded launch of vLLM. Null where the record does not say.</summary>
internal sealed record VllmRun(JsonElement Row)
{
    public string Id => Row.GetProperty("id").GetString()!;

    public string Version => Text("vllm") ?? "";

    public string Model => Text("model") ?? "";

    public int Tensor => (int)(Number("tp") ?? 1);

    public double? Available => First("avail_kv_gib", smallest: true);

    public double? Tokens => Number("kv_tokens");

    public double? Weights => First("model_loading_gib", smallest: false);

    public double? Needed => Number("kv_needed_gib");

    public double? Utilization => Number("gpu_memory_utilization");

    public double? TotalGib => Number("gpu_total_gib") ?? (Text("gpu")?.StartsWith("H100", StringComparison.Ordinal) == true ? 79.1 : Number("gpu_total_mib") / 1024 * 0.983);

    public string KvType => Text("kv_dtype") ?? "auto";

    public int Draft => Row.TryGetProperty("spec", out JsonElement spec) && spec.ValueKind == JsonValueKind.Object && spec.TryGetProperty("n", out JsonElement count) ? count.GetInt32() : 0;

    public string? DraftMethod => Row.TryGetProperty("spec", out JsonElement spec) && spec.ValueKind == JsonValueKind.Object ? spec.GetProperty("method").GetString() : null;

    public long Context => (long)(Number("max_model_len") ?? 0);

    public int? Batch => (int?)Number("max_num_batched_tokens");

    public int? Sequences => (int?)Number("max_num_seqs");

    /// <summary>Whether the record says which of vLLM's engines ran.</summary>
    public bool? FirstEngine => Version.Contains("V0", StringComparison.Ordinal) ? true : Version.Contains("V1", StringComparison.Ordinal) ? false : null;

    public static IEnumerable<VllmRun> Read(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
        return [.. document.RootElement.EnumerateArray().Select(row => new VllmRun(row.Clone()))];
    }

    private string? Text(string name) => Row.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private double? Number(string name) => Row.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    // Ranks report one figure each; the pool follows the smallest, the largest weights decide what fits.
    private double? First(string name, bool smallest)
    {
        if (Row.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Array)
        {
            double[] all = [.. value.EnumerateArray().Select(item => item.GetDouble())];
            return smallest ? all.Min() : all.Max();
        }

        return Number(name);
    }
}
