using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmOps.Engines.Vllm.Reading;

/// <summary>Tells from vLLM's log lines what it is doing while it starts.</summary>
/// <remarks>
/// Texts: vLLM 0.10 to 0.27, <c>vllm/v1/engine/core.py</c>, <c>vllm/v1/worker/gpu_model_runner.py</c>, <c>vllm/model_executor/model_loader/</c>, <c>vllm/compilation/</c>.
/// Lines of several processes mix; in what follows each text belongs to one stage only.
/// </remarks>
internal static partial class VllmStage
{
    public const string Weights = "loading the weights";

    public const string Drafter = "loading the drafter";

    private const string Compiling = "compiling";

    private const string Graphs = "capturing CUDA graphs";

    private const string Pool = "allocating the KV pool";

    private const string Profiling = "measuring what a full step takes";

    // In the order of a start.
    private static readonly (string Text, string Activity)[] s_stages =
    [
        ("non-default args: ", "starting vLLM"),
        ("Resolved architecture: ", "reading the model's configuration"),
        (" LLM engine (v", "starting the engine's processes"),
        ("distributed_init_method=", "connecting the GPUs"),
        ("vLLM is using nccl", "connecting the GPUs"),
        ("Starting to load model ", Weights),
        ("Loading drafter model", Drafter),
        ("for vLLM's torch.compile", Compiling),
        ("Dynamo bytecode transform time", Compiling),
        ("Cache the graph of ", Compiling),
        ("Compiling a graph for ", Compiling),
        ("Directly load ", Compiling),
        ("Encoder cache will be initialized", Profiling),
        ("torch.compile took ", Profiling),
        ("torch.compile takes ", Profiling),
        ("torch.compile and initial profiling", Profiling),
        ("Initial profiling/warmup run took ", Profiling),
        ("Profiling CUDA graph memory", Profiling),
        ("Available KV cache memory", Pool),
        ("memory for KV Cache as specified by", Pool),
        ("GPU KV cache size", Pool),
        ("Maximum concurrency for ", Pool),
        ("FlashInfer autotune", "warming up kernels"),
        ("Warming up ", "warming up kernels"),
        ("warmup:", "warming up kernels"),
        ("Capturing CUDA graph", Graphs),
        ("Graph capturing finished", "warming up"),
        ("init engine (", "opening the port"),
        ("Starting vLLM ", "opening the port"),
        ("Application startup complete", "opening the port"),
    ];

    // Said again and again by a process that waits for another one, whether that works or hangs.
    private static readonly string[] s_waiting = ["No available shared memory broadcast block found", "core engine proc(s) to start"];

    /// <summary>What the line says is being done; null when it says nothing about that.</summary>
    public static string? Read(string line)
    {
        foreach ((string text, string activity) in s_stages)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return activity;
            }
        }

        return null;
    }

    /// <summary>Whether the line says only that something is waited for.</summary>
    public static bool IsWaiting(string line) => Array.Exists(s_waiting, text => line.Contains(text, StringComparison.Ordinal));

    /// <summary>What a progress bar shows: <c>50% Completed | 2/4</c>, <c>53%|█████▎    | 27/51</c>.</summary>
    /// <returns>Null when the line is none.</returns>
    public static Progress? ReadBar(string line) =>
        line.Contains('%', StringComparison.Ordinal) && Bar().Match(line) is { Success: true } match
            ? new Progress(
                match.Groups["shards"].Success,
                Number(match, "done") is { } done && Number(match, "total") is > 0 and var total ? Math.Min(1d, (double)done / total) : Math.Min(1d, (Number(match, "percent") ?? 0) / 100d),
                Number(match, "done"),
                Number(match, "total"))
            : null;

    private static int? Number(Match match, string group) =>
        match.Groups[group] is { Success: true } found && int.TryParse(found.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    /// <summary>A state of a progress bar.</summary>
    /// <param name="IsShards">Whether it counts the files of a checkpoint.</param>
    /// <param name="Fraction">How much is done, from 0 to 1.</param>
    /// <param name="Done">Parts done.</param>
    /// <param name="Total">All parts.</param>
    public sealed record Progress(bool IsShards, double Fraction, int? Done, int? Total);

    [GeneratedRegex(@"(?<shards>[Ll]oading \S*( \S+)?( checkpoint)? shards|Loading safetensors using .*?)?(: +|\b)(?<percent>\d{1,3})%( Completed)? ?\|(.*?\| *)?( ?(?<done>\d+)/(?<total>\d+))?", RegexOptions.ExplicitCapture)]
    private static partial Regex Bar();
}
