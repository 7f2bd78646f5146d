using LlmOps.Models;

namespace LlmOps.Planning.Vllm;

/// <summary>Who reads a family's calls of tools and its thinking. To add a family, add a row; a longer name is tried before a shorter one that it begins with.</summary>
/// <remarks>Source: vllm <c>docs/features/tool_calling.md</c>, <c>docs/features/reasoning_outputs.md</c>.</remarks>
internal static class VllmParsers
{
    private static readonly (string Architecture, string? Tools, string? Thinking)[] s_rows =
    [
        ("qwen3_5", "qwen3_coder", "qwen3"), ("qwen3_next", "hermes", null), ("qwen3_vl", "hermes", null), ("qwen3_moe", "hermes", "qwen3"), ("qwen3", "hermes", "qwen3"), ("qwen2", "hermes", null),
        ("llama4", "llama4_pythonic", null), ("llama", "llama3_json", null), ("mistral", "mistral", "mistral"),
        ("deepseek_v3", "deepseek_v3", "deepseek_r1"), ("deepseek_v32", "deepseek_v32", "deepseek_v3"), ("deepseek_v4", "deepseek_v4", "deepseek_v4"),
        ("glm_moe_dsa", "glm47", "glm45"), ("glm4_moe", "glm45", "glm45"), ("gpt_oss", "openai", "openai_gptoss"), ("kimi_k2", "kimi_k2", "kimi_k2"), ("minimax_m2", "minimax_m2", "minimax_m2"),
        ("gemma4", "gemma4", "gemma4"), ("granite", "granite", "granite"), ("hunyuan", "hunyuan_a13b", "hunyuan_a13b"), ("ernie4_5", "ernie45", "ernie45"), ("seed_oss", "seed_oss", "seed_oss"),
        ("step3p5", "step3p5", "step3p5"), ("step3", "step3", "step3"), ("mimo", "mimo", "mimo"), ("internlm", "internlm", null), ("jamba", "jamba", null), ("olmo3", "olmo3", "olmo3"), ("phi4", "phi4_mini_json", null),
        ("nemotron_h", "qwen3_coder", "nemotron_v3"), ("lfm2", "lfm2", null), ("hy_v3", "hy_v3", "hy_v3"),
    ];

    // Finer than the architecture: what the model is called.
    private static readonly (string Name, string Architecture, string? Tools, string? Thinking)[] s_named =
    [
        ("coder", "qwen3", "qwen3_coder", null), ("thinking", "qwen3_next", "hermes", "deepseek_r1"), ("v3.1", "deepseek_v3", "deepseek_v31", "deepseek_v3"), ("qwq", "qwen2", "hermes", "deepseek_r1"), ("distill", "", null, "deepseek_r1"),
    ];

    /// <summary>The parsers; null where the family has none.</summary>
    public static (string? Tools, string? Thinking) Of(ModelDescription model)
    {
        foreach ((string name, string architecture, string? tools, string? thinking) in s_named)
        {
            if (model.Name.Contains(name, StringComparison.OrdinalIgnoreCase) && model.Architecture.StartsWith(architecture, StringComparison.Ordinal))
            {
                return (tools, thinking);
            }
        }

        return s_rows.Where(row => model.Architecture.StartsWith(row.Architecture, StringComparison.Ordinal))
            .OrderByDescending(row => row.Architecture.Length)
            .Select(row => (row.Tools, row.Thinking))
            .FirstOrDefault();
    }
}
