using System.Globalization;
using System.Text.Json;
using LlmOps.Engines.Vllm;
using LlmOps.Models;

namespace LlmOps.Planning.Vllm;

/// <summary>How many tokens the model's own next-token layers (MTP) guess ahead, and what vLLM calls that.</summary>
/// <remarks>
/// Depths: one or two cards 3, more 4; stable 3, fast 4 (published for Qwen3.6-27B on RTX 2080 Ti, caovan.com). Families whose recipes say less
/// (vllm-project/recipes): Qwen3-Next 2, GLM 1. Guessing costs compute that many requests at a time would use themselves.
/// </remarks>
internal static class VllmSpeculation
{
    private static readonly (string Architecture, int Most, string Word)[] s_families =
    [
        ("glm4_moe", 1, "glm4_moe_mtp"), ("glm_moe_dsa", 1, "glm4_moe_mtp"), ("qwen3_next", 2, "qwen3_next_mtp"), ("qwen3_5", 4, "qwen3_5_mtp"), ("deepseek_v3", 2, "deepseek_mtp"), ("deepseek_v32", 2, "deepseek_mtp"),
        ("mimo", 1, "mimo_mtp"), ("ernie4_5_moe", 1, "ernie_mtp"), ("longcat_flash", 2, "longcat_flash_mtp"), ("step3p5", 3, "step3p5_mtp"), ("nemotron_h", 2, "nemotron_h_mtp"),
    ];

    /// <summary>Tokens to guess and why.</summary>
    public static (int Tokens, string Reason) Depth(ModelDescription model, int cards, int stages, int sequences, PlanMode mode)
    {
        if (model.NextTokenLayerCount == 0)
        {
            return (0, model.DeclaredNextTokenLayerCount > 0
                ? $"config.json announces {model.DeclaredNextTokenLayerCount} next-token layer(s) but their tensors are not in the files, as in many fine-tunes"
                : "the model has no layers that guess ahead");
        }

        if (stages > 1)
        {
            return (0, "guessing ahead and stages of a pipeline do not go together");
        }

        int asked = mode switch { PlanMode.Stable => 3, PlanMode.Fast => 4, _ => cards > 2 ? 4 : 3 };
        string rule = mode switch { PlanMode.Stable => "mode stable", PlanMode.Fast => "mode fast", _ => cards > 2 ? $"{cards} cards have the memory and speed for it" : "one or two cards: four are faster for a while but were seen to fail in long runs" };
        (int most, string load) = sequences switch { > 32 => (0, $"{sequences} requests at a time fill the cards by themselves"), > 16 => (1, $"{sequences} requests at a time leave little to guess with"), > 4 => (2, $"{sequences} requests at a time leave less to guess with"), _ => (asked, rule) };
        (int family, string? recipe) = s_families.Where(row => model.Architecture.StartsWith(row.Architecture, StringComparison.Ordinal)).Select(row => (row.Most, (string?)row.Architecture)).FirstOrDefault((asked, null));
        int depth = Math.Min(asked, Math.Min(most, family));
        return (depth, depth == family && family < asked && family <= most ? $"more lowers the throughput of {recipe}" : depth < asked ? load : rule);
    }

    /// <summary>What vLLM is told.</summary>
    public static string Config(ModelDescription model, VllmVersion version, int tokens)
    {
        // One word does for all models since the 0.12 releases; before, each family had its own.
        string method = version.IsAtLeast(12) ? "mtp" : s_families.Where(row => model.Architecture.StartsWith(row.Architecture, StringComparison.Ordinal)).Select(row => row.Word).FirstOrDefault("mtp");
        return string.Create(CultureInfo.InvariantCulture, $"{{\"method\":\"{method}\",\"num_speculative_tokens\":{tokens}}}");
    }

    /// <summary>Reads what somebody pinned.</summary>
    /// <exception cref="LlmOpsException">It is no JSON object with a number of tokens.</exception>
    public static (string Method, int Tokens) Read(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            string method = root.TryGetProperty("method", out JsonElement named) ? named.ToString() : root.TryGetProperty("model", out _) ? "draft_model" : "";
            if (method.Length > 0 && root.TryGetProperty("num_speculative_tokens", out JsonElement count) && count.TryGetInt32(out int tokens) && tokens > 0)
            {
                return (method, tokens);
            }
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            throw Invalid(json, problem);
        }

        throw Invalid(json, null);
    }

    /// <summary>The model that guesses, where somebody pinned one that is not the model itself.</summary>
    public static string? Drafter(string json)
    {
        (string method, _) = Read(json);
        using JsonDocument document = JsonDocument.Parse(json);
        return !IsNextToken(method) && document.RootElement.TryGetProperty("model", out JsonElement model) && model.ValueKind == JsonValueKind.String ? model.GetString() : null;
    }

    /// <summary>Whether <paramref name="method"/> uses the model's own next-token layers.</summary>
    public static bool IsNextToken(string method) => method == "mtp" || method.EndsWith("_mtp", StringComparison.Ordinal);

    private static LlmOpsException Invalid(string json, Exception? inner) => new(
        $"speculative-config='{json}' is not possible; write a JSON object such as {{\"method\":\"mtp\",\"num_speculative_tokens\":3}}", "PinInvalid", inner);
}
