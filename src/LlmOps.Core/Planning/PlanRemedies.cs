using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Planning;

/// <summary>Finds what would make a plan fit: the cheapest change first, each tried by planning again.</summary>
/// <param name="plan">Plans a changed request, without looking for remedies once more.</param>
/// <param name="facts">The plan that does not fit.</param>
/// <param name="nearest">The placement that came nearest.</param>
internal sealed class PlanRemedies(Func<PlanRequest, ServerConfig> plan, PlanFacts facts, PlacementChoice nearest)
{
    private const int MostShown = 3;
    private const long ShortestContext = 1024;

    /// <summary>The changes that fit, cheapest first, in one sentence.</summary>
    /// <param name="missing">Bytes that the worst place lacks.</param>
    public string Describe(long missing)
    {
        List<string> found = [];
        foreach ((string text, PlanRequest request) in Changes())
        {
            if (found.Count < MostShown && Fits(request))
            {
                found.Add(text);
            }
        }

        string last = Last(missing);
        return found.Count == 0 ? $"no change of options fits; {last}" : $"what would fit, cheapest first: {string.Join("; or ", found)}";
    }

    // In the order of what they cost: nothing that is noticed, requests at a time, speed with prompts, speed of everything.
    private IEnumerable<(string Text, PlanRequest Request)> Changes()
    {
        Placement placement = nearest.Placement;
        if (placement.TypeK == "f16" && placement.TypeV == "f16" && placement.FlashAttention)
        {
            yield return ("cache-type-k=q8_0 and cache-type-v=q8_0, half the memory for keys and values", With((LlamaCppOptions.KvCacheTypeK, "q8_0"), (LlamaCppOptions.KvCacheTypeV, "q8_0")));
        }

        if (!placement.FlashAttention)
        {
            yield return ("flash-attn=on, which stores no scores", With((LlamaCppOptions.FlashAttention, "on")));
        }

        if (placement.FullWindow)
        {
            yield return ("without swa-full", With((LlamaCppOptions.FullWindow, null)));
        }

        if (facts.PinsBatches && placement.UbatchSize > 512)
        {
            yield return ("ubatch-size=512, slower with prompts", With((LlamaCppOptions.UbatchSize, "512")));
        }

        if (facts.Pinned(LlamaCppOptions.Parallel) && placement.Slots > 1)
        {
            yield return ($"parallel=1 instead of {placement.Slots}", With((LlamaCppOptions.Parallel, "1")));
        }

        if (placement.DraftTokens > 0)
        {
            yield return ("without guessing ahead", With((LlamaCppOptions.Speculation, null), (LlamaCppOptions.DraftTokens, null), (LlamaCppOptions.DraftModel, null)));
        }

        if (facts.Pins.Devices is not null)
        {
            yield return ("without the pin device, so that other GPUs help", facts.Request with { Pins = Without("device", "dev") });
        }

        if (facts.Pinned(LlamaCppOptions.TensorSplit) || facts.Pinned(LlamaCppOptions.SplitMode) || facts.Pinned(LlamaCppOptions.MainGpu))
        {
            yield return ("with the layers shared out by the planner (no tensor-split, split-mode, main-gpu)", With((LlamaCppOptions.TensorSplit, null), (LlamaCppOptions.SplitMode, null), (LlamaCppOptions.MainGpu, null)));
        }

        if (facts.Pinned(LlamaCppOptions.ContextLength))
        {
            (EngineOption, string?)[] smaller = placement is { TypeK: "f16", TypeV: "f16", FlashAttention: true } ? [(LlamaCppOptions.KvCacheTypeK, "q8_0"), (LlamaCppOptions.KvCacheTypeV, "q8_0")] : [];
            if (LongestContext([]) is { } context)
            {
                yield return ($"a shorter context, ctx-size={context} instead of {placement.ContextLength}", With((LlamaCppOptions.ContextLength, Text(context))));
            }

            if (smaller.Length > 0 && LongestContext(smaller) is { } longer)
            {
                yield return ($"a shorter context, ctx-size={longer}, with cache-type-k=q8_0 and cache-type-v=q8_0", With([.. smaller, (LlamaCppOptions.ContextLength, Text(longer))]));
            }
        }

        if (facts.Pinned(LlamaCppOptions.GpuLayers) || facts.Pinned(LlamaCppOptions.CpuMoeLayers) || facts.Pinned(LlamaCppOptions.CpuMoe))
        {
            PlanRequest open = With((LlamaCppOptions.GpuLayers, null), (LlamaCppOptions.CpuMoeLayers, null), (LlamaCppOptions.CpuMoe, null));
            ServerConfig? opened = Attempt(open);
            string way = opened is null ? string.Empty
                : opened.Options[LlamaCppOptions.CpuMoeLayers.Name] is { } moved ? $"n-cpu-moe={EngineOption.Format(moved)}, slower"
                : opened.Options[LlamaCppOptions.GpuLayers.Name] is { } layers ? $"n-gpu-layers={EngineOption.Format(layers)}, slower" : "n-gpu-layers=0, on the processor alone";
            yield return (way, open);
        }
    }

    // The longest context that fits with everything else as it is, by halving the distance.
    private long? LongestContext((EngineOption Option, string? Value)[] others)
    {
        // A shorter context by far may be the longest that fits: its step counts.
        long step = ContextSteps.For(nearest.Placement.ContextLength / 8);
        long low = 0;
        long high = nearest.Placement.ContextLength / step;
        while (low + 1 < high)
        {
            long middle = (low + high) / 2;
            if (Fits(With([.. others, (LlamaCppOptions.ContextLength, Text(middle * step))])))
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return low * step >= ShortestContext ? low * step : null;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private string Last(long missing)
    {
        string smaller = $"a quantisation of at most {Bytes.Format(Math.Max(0, facts.Model.SizeBytes - missing))} instead of {Bytes.Format(facts.Model.SizeBytes)}, or a machine with {Bytes.Format(missing)} more";
        long taken = nearest.Placement.Devices.Sum(device => Math.Max(0, device.Gpu.MemoryTotalBytes - (device.Gpu.MemoryReservedBytes ?? 0) - (device.Gpu.MemoryFreeBytes ?? device.Gpu.MemoryTotalBytes)));
        return taken > Bytes.GiB ? $"end what takes {Bytes.Format(taken)} on these GPUs now, or use {smaller}" : $"use {smaller}";
    }

    private bool Fits(PlanRequest request) => Attempt(request) is { Problems.Count: 0 };

    private ServerConfig? Attempt(PlanRequest request)
    {
        try
        {
            return plan(request);
        }
        catch (LlmOpsException)
        {
            return null; // A change that this engine cannot be told is no remedy.
        }
    }

    private PlanRequest With(params (EngineOption Option, string? Value)[] changes)
    {
        PlanRequest request = facts.Request;
        foreach ((EngineOption option, string? value) in changes)
        {
            Dictionary<string, string> pins = new(request.Pins);
            foreach (string written in pins.Keys.Where(written => Pins.RowOf(written) == option).ToArray())
            {
                pins.Remove(written);
            }

            if (value is not null)
            {
                pins[option.Flags[0]] = value;
            }

            request = request with
            {
                Pins = pins,
                ContextLength = option == LlamaCppOptions.ContextLength ? null : request.ContextLength,
                Parallel = option == LlamaCppOptions.Parallel ? null : request.Parallel,
                KvCacheType = option == LlamaCppOptions.KvCacheTypeK || option == LlamaCppOptions.KvCacheTypeV ? null : request.KvCacheType,
            };
        }

        return request;
    }

    private Dictionary<string, string> Without(params string[] flags) =>
        facts.Request.Pins.Where(pin => !flags.Contains(pin.Key.TrimStart('-'))).ToDictionary();
}
