using System.Globalization;

namespace LlmOps.StandIns.Vllm;

/// <summary>What tests tell the stand-in by variables, since its command line is vLLM's.</summary>
internal static class Knobs
{
    /// <summary>How it should fail: one of <see cref="Failures.Ways"/>; null to work.</summary>
    public static string? Failure { get; } = Environment.GetEnvironmentVariable("VLLM_STAND_IN_FAIL") is { Length: > 0 } way ? way : null;

    /// <summary>Seconds that the whole start takes.</summary>
    public static double LoadSeconds { get; } = Number("VLLM_STAND_IN_LOAD_SECONDS", 0.2);

    /// <summary>Milliseconds of one step that decodes.</summary>
    public static double StepMilliseconds { get; } = Number("VLLM_STAND_IN_STEP_MS", 5);

    /// <summary>Prompt tokens computed in a second.</summary>
    public static double PrefillTokensPerSecond { get; } = Number("VLLM_STAND_IN_PREFILL_TPS", 50_000);

    /// <summary>Memory of each card that it pretends to have, in GiB.</summary>
    public static double GpuGib { get; } = Number("VLLM_STAND_IN_GPU_GIB", 22);

    /// <summary>Seconds between notices while it stands still or compiles; vLLM's are 60 apart.</summary>
    public static double NoticeSeconds { get; } = Number("VLLM_STAND_IN_NOTICE_SECONDS", 0.3);

    /// <summary>Seconds between the lines about throughput, which vLLM writes every 10.</summary>
    public static double StatsSeconds { get; } = Number("VLLM_LOG_STATS_INTERVAL", 10);

    private static double Number(string variable, double otherwise) =>
        double.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : otherwise;
}
