using System.Globalization;
using System.Text.RegularExpressions;
using LlmOps.Benchmarking.Observation;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Benchmarking.Judgement.Rules;

/// <summary>GPUs were planned and the engine computes on the processor all the same, or in part.</summary>
/// <remarks>Source: llama.cpp <c>src/llama-model.cpp</c>: "offloaded %d/%d layers to GPU". A server without its GPU answers /health like any other.</remarks>
internal sealed partial class OffloadMissing : ICauseRule
{
    /// <summary>A GPU that generates is busy; one that only shows a desktop is not.</summary>
    private const double IdlePercent = 5;

    public LikelyCause? Look(JudgedPoint point)
    {
        if (point.Config is not { Devices.Count: > 0 } config)
        {
            return null;
        }

        if (point.Machine.StartLog.Select(line => Offloaded().Match(line)).LastOrDefault(match => match.Success) is { } told)
        {
            int offloaded = Number(told, "on");
            int layers = Number(told, "all");
            long planned = Math.Min(config.Options[LlamaCppOptions.GpuLayers.Name] as long? ?? layers, layers);
            return offloaded < planned
                ? Cause(CauseText.Of($"the engine put {offloaded} of {layers} layers on GPUs; the plan had {planned}"))
                : null;
        }

        int[] indices = [.. config.Devices.Where(device => device.Host is null).Select(device => device.Index).OfType<int>()];
        GpuLoadFigures[] used = [.. point.Seen.Gpus.Where(gpu => indices.Contains(gpu.Index) && gpu is { Samples: > 2, UtilizationPercent: not null })];
        return point.Generated && used.Length > 0 && used.All(gpu => gpu.UtilizationPercent < IdlePercent)
            ? Cause(CauseText.Of($"no planned GPU was used more than {used.Max(gpu => gpu.UtilizationPercent):0} % of the time while tokens came"))
            : null;
    }

    private static LikelyCause Cause(string found) => new(
        "offload-missing", found, "n-gpu-layers", "Look at the server's log for the GPU that failed ('llmops diagnose'), and run 'llmops doctor': driver, engine build and devices must fit together.");

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"offloaded (?<on>\d{1,6})/(?<all>\d{1,6}) layers to GPU", RegexOptions.NonBacktracking)]
    private static partial Regex Offloaded();
}
