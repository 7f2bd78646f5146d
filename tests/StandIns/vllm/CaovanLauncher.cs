using System.Text.Json;

namespace LlmOps.StandIns.Vllm;

/// <summary>What the plugin's launcher adds to a command line before it becomes <c>vllm serve</c>.</summary>
/// <remarks>Banner and defaults as published by its users: 0.868 and four drafted tokens for two cards of 22 GB.</remarks>
internal static class CaovanLauncher
{
    /// <summary>Completes the command line.</summary>
    /// <param name="words">What it was told.</param>
    /// <param name="flags">vLLM's flags.</param>
    /// <param name="banner">What it prints first.</param>
    public static CommandLine Complete(IReadOnlyList<string> words, FlagTable flags, out string banner)
    {
        CommandLine told = CommandLine.Parse(words, flags);
        Dictionary<string, string> values = new(told.Values);
        string mode = Mode(told["additional-config"]);
        int cards = told.Number("tensor-parallel-size", 1);
        string depth = Environment.GetEnvironmentVariable("CAOVAN_AUTO_SPEC") ?? (mode == "fast" || cards > 2 ? "4" : "3");
        values.TryAdd("gpu-memory-utilization", "0.868");
        values.TryAdd("speculative-config", $$"""{"method":"mtp","num_speculative_tokens":{{depth}}}""");
        values.TryAdd("compilation-config", """{"cudagraph_mode":"PIECEWISE"}""");
        banner = "================================================================\n"
            + $"[Caovan] AutoSpec+DynamicTP+AutoMem+ElasticKV+CKV-PAC V-only Sidecar Alpha launcher v0.4.13; stack_soft=-1, stack_hard=-1; recursion=50000; caovan_mode={mode}; "
            + $"compilation_config=injected PIECEWISE; speculative_config=auto MTP={depth} (CAOVAN_AUTO_SPEC={depth}); automem=inject gpu_memory_utilization={values["gpu-memory-utilization"]} reserve=2920MiB; command=vllm serve";
        return told with { Values = values };
    }

    private static string Mode(string? config)
    {
        if (config is null)
        {
            return "auto";
        }

        using JsonDocument document = JsonDocument.Parse(config);
        return document.RootElement.TryGetProperty("caovan_mode", out JsonElement mode) ? mode.GetString() ?? "auto" : "auto";
    }
}
