using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Models;

namespace LlmOps.Planning;

/// <summary>Whose figures of memory a plan shows.</summary>
public enum MemoryEstimator
{
    /// <summary>The engine's own where it can be asked: for this machine, with GPUs, when its estimator lies beside the binary. Else computed from the model.</summary>
    Auto,

    /// <summary>Computed from the model file; nothing is started.</summary>
    Model,

    /// <summary>The engine's own, also on the processor alone; a decision says why when it cannot be had.</summary>
    Engine,
}

/// <summary>Puts the engine's own estimate into a plan, beside what was computed.</summary>
public static class EngineEstimate
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);

    /// <summary>The configuration with the engine's figures where they can be had; as it was, with the reason among the decisions, where not.</summary>
    /// <param name="config">A plan for this machine.</param>
    /// <param name="model">Its model.</param>
    /// <param name="engine">The binary that will run; null when there is none here.</param>
    /// <param name="estimator">Whose figures are wanted.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<ServerConfig> ApplyAsync(ServerConfig config, ModelDescription model, EngineCapabilities? engine, MemoryEstimator estimator, CancellationToken cancellationToken)
    {
        // Only llama.cpp brings an estimator.
        if (config.Engine != EngineNames.LlamaCpp || estimator == MemoryEstimator.Model || (estimator == MemoryEstimator.Auto && (config.Devices.Count == 0 || engine is null)))
        {
            return config;
        }

        if (Hindrance(config, engine) is { } hindrance)
        {
            return Explained(config, "model", hindrance);
        }

        FitEstimate estimate = await new FitEstimator(s_timeout).EstimateAsync(
            FitEstimator.Beside(engine!)!, engine!, config.Model, [.. config.Devices.Select(device => device.Name)], config.Options, config.Environment, cancellationToken).ConfigureAwait(false);
        return estimate.Failure is { } failure ? Explained(config, "model", failure) : Merge(config, model, estimate);
    }

    private static string? Hindrance(ServerConfig config, EngineCapabilities? engine) =>
        engine is null ? "there is no engine here to ask"
        : config.Plan is null ? "the plan has no figures to compare with"
        : FitEstimator.Beside(engine) is null ? $"no llama-fit-params lies beside {engine.Path}"
        : config.Devices.Any(device => engine.Devices.Count > 0 && !config.Environment.ContainsKey("CUDA_VISIBLE_DEVICES") && engine.Devices.All(offered => offered.Name != device.Name)) ? "the engine sees other devices than the plan has"
        : config.Options.Contains(LlamaCppOptions.Projector.Name) || config.Options.Contains(LlamaCppOptions.DraftModel.Name) || config.Options.Contains(LlamaCppOptions.Speculation.Name) ? "the engine's estimate leaves out what is loaded beside the model"
        : null;

    /// <summary>Puts the figures in.</summary>
    internal static ServerConfig Merge(ServerConfig config, ModelDescription model, FitEstimate estimate)
    {
        MemoryPlan plan = config.Plan!;
        Dictionary<string, FitRow> rows = estimate.Rows.ToDictionary(row => row.Device);
        if (plan.Devices.FirstOrDefault(device => !rows.ContainsKey(device.Name)) is { } missing)
        {
            return Explained(config, "model", $"the engine's estimate says nothing of {missing.Name}");
        }

        // It reserves logits for every token of a micro batch, a server for one a slot (llama.cpp tools/fit-params against tools/server). They are where
        // the output is computed: on the last device, or on the host where that device cannot hold so large a tensor.
        long slots = config.Options.Get(LlamaCppOptions.Parallel) is > 0 and var parallel ? parallel : 1;
        long tokens = Math.Min(config.Options.Get(LlamaCppOptions.UbatchSize) is > 0 and var size ? size : 512, config.Options.Get(LlamaCppOptions.ContextLength));
        long logits = Math.Max(0, tokens - slots) * model.VocabularySize * sizeof(float);
        DeviceMemory[] devices = [.. plan.Devices.Select(device => Replace(device, rows[device.Name], logits))];
        string compared = string.Join(", ", devices.Select(device => string.Create(
            CultureInfo.InvariantCulture, $"{device.Name} {Bytes.Format(device.UsedBytes)} against {Bytes.Format(device.ComputedBytes!.Value)} computed ({((double)device.ComputedBytes.Value / Math.Max(1, device.UsedBytes)) - 1:+0.0 %;-0.0 %})")));
        HostMemory host = rows.TryGetValue("Host", out FitRow? own) ? Replace(plan.Host, own, logits) : plan.Host;
        PlanProblem[] problems = [.. devices.Where(device => device.FreeAfterBytes < 0 && plan.Devices.Single(other => other.Name == device.Name).FreeAfterBytes >= 0)
            .Select(device => new PlanProblem($"by the engine's own estimate {device.Name} lacks {Bytes.Format(-device.FreeAfterBytes)}, where the plan has it fit", "pin a shorter ctx-size, or plan with mode 'stable', which keeps more free"))];
        return Explained(config with { Plan = plan with { Source = "engine", Devices = devices, Host = host }, Problems = [.. config.Problems, .. problems] }, "engine", $"llama-fit-params, asked for these very devices and options: {compared}");
    }

    private static DeviceMemory Replace(DeviceMemory device, FitRow row, long logits)
    {
        // The engine counts caches and states as one; their proportion is known.
        long cache = device.KvCacheBytes + device.RecurrentBytes;
        long recurrent = cache == 0 ? 0 : (long)(row.ContextBytes * ((double)device.RecurrentBytes / cache));
        long before = device.UsedBytes;
        DeviceMemory measured = device with { WeightsBytes = row.WeightsBytes, KvCacheBytes = row.ContextBytes - recurrent, RecurrentBytes = recurrent, ComputeBytes = WithoutLogits(row, device.ComputeBytes, logits), ComputedBytes = before };
        return measured with { FreeAfterBytes = device.FreeAfterBytes + before - measured.UsedBytes };
    }

    private static HostMemory Replace(HostMemory host, FitRow row, long logits)
    {
        long cache = host.KvCacheBytes + host.RecurrentBytes;
        long recurrent = cache == 0 ? 0 : (long)(row.ContextBytes * ((double)host.RecurrentBytes / cache));
        HostMemory measured = host with { WeightsBytes = row.WeightsBytes, KvCacheBytes = row.ContextBytes - recurrent, RecurrentBytes = recurrent, ComputeBytes = WithoutLogits(row, host.ComputeBytes, logits) };
        return measured with { FreeAfterBytes = host.FreeAfterBytes + host.UsedBytes - measured.UsedBytes };
    }

    private static long WithoutLogits(FitRow row, long computed, long logits) => row.ComputeBytes - computed > logits / 2 ? row.ComputeBytes - logits : row.ComputeBytes;

    private static ServerConfig Explained(ServerConfig config, string source, string reason) =>
        config with { Decisions = [.. config.Decisions, new Decision("memoryEstimate", source, reason, [])] };
}
