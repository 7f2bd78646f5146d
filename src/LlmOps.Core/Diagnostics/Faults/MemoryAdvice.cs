using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;

namespace LlmOps.Diagnostics;

/// <summary>Says on which device how much was missing, and finds by planning again what would fit.</summary>
internal static class MemoryAdvice
{
    // Below this a context is of no use to most; then something else has to give.
    private const long ShortestContext = 2048;

    /// <summary>The device and the amount, and the first change, in order of cost, that a plan with that much less memory accepts.</summary>
    public static string? WhatFits(FaultFinding finding, FaultContext context)
    {
        if (Missing(finding) is not { } missing)
        {
            return null;
        }

        string? device = DeviceOf(finding, context.Config);
        string what = $"{device ?? "The device"} had no room for another {Bytes.Format(missing)}.";
        return context.Config is { Devices.Count: > 0, Plan: { } plan } config && device is not null && File.Exists(config.Model) && context.Machine.Gpus.Any(gpu => IsMeant(gpu, config, device))
            ? $"{what} {(Change(config, plan, device, missing, context.Machine) is { } change ? $"What would fit: {change}." : "No change of context, cache type, slots or batch alone would make it fit: put fewer layers on it or take a smaller quantisation.")}"
            : what;
    }

    private static long? Missing(FaultFinding finding) =>
        finding.Facts.TryGetValue("mib", out string? mib) && double.TryParse(mib, CultureInfo.InvariantCulture, out double size) ? (long)(size * Bytes.MiB)
        : finding.Facts.TryGetValue("bytes", out string? bytes) && long.TryParse(bytes, CultureInfo.InvariantCulture, out long count) ? count
        : null;

    private static string? DeviceOf(FaultFinding finding, ServerConfig? config) =>
        finding.Facts.TryGetValue("buffer", out string? buffer) ? buffer
        : finding.Facts.TryGetValue("device", out string? number) && int.TryParse(number, CultureInfo.InvariantCulture, out int index)
            ? config?.Devices.Count > index ? config.Devices[index].Name : $"Device {number}"
        : config?.Devices.Count == 1 ? config.Devices[0].Name
        : null;

    private static string? Change(ServerConfig config, MemoryPlan plan, string device, long missing, GpuTopology machine)
    {
        ModelDescription model = ModelReader.Read(config.Model);
        GpuTopology reduced = WithLess(config, plan, device, missing, machine);
        long context = config.Options[LlamaCppOptions.ContextLength.Name] as long? ?? 0;
        List<(string Text, Action<Dictionary<string, string>> Apply)> changes = [];
        for (long shorter = context / 2; shorter >= ShortestContext; shorter /= 2)
        {
            string value = EngineOption.Format(shorter);
            changes.Add(($"ctx-size {value} instead of {EngineOption.Format(context)}", pins => pins["ctx-size"] = value));
        }

        changes.Insert(Math.Min(1, changes.Count), ("a q8_0 KV cache (cache-type-k q8_0, cache-type-v q8_0, flash-attn on)", pins =>
        {
            pins["cache-type-k"] = pins["cache-type-v"] = "q8_0";
            pins["flash-attn"] = "on";
        }));
        changes.Add(("ubatch-size 128", pins => pins["ubatch-size"] = "128"));
        changes.Add(("one slot (parallel 1)", pins => pins["parallel"] = "1"));
        foreach ((string text, Action<Dictionary<string, string>> apply) in changes)
        {
            Dictionary<string, string> pins = PinsOf(config);
            apply(pins);
            PlanRequest request = new() { Name = config.Name, Model = model, Topology = reduced, Port = config.Endpoint.Port, HostName = config.Endpoint.Host, Pins = pins };
            if (new ServerPlanner().Plan(request).Problems.Count == 0)
            {
                return text;
            }
        }

        return null;
    }

    // The plan said that it would fit and it did not: by at most the buffer that found no room the device has less than the plan took it to have.
    private static GpuTopology WithLess(ServerConfig config, MemoryPlan plan, string device, long missing, GpuTopology machine)
    {
        long planned = plan.Devices.FirstOrDefault(one => one.Name == device)?.UsedBytes ?? 0;
        return machine with
        {
            Gpus = [.. machine.Gpus.Select(gpu => IsMeant(gpu, config, device) && gpu.MemoryFreeBytes is { } free && free >= planned
                ? gpu with { MemoryFreeBytes = Math.Max(0, Math.Min(free, planned) - missing) }
                : gpu)],
        };
    }

    // A log may be read on another machine than its server's: what fits there cannot be told here.
    private static bool IsMeant(GpuDevice gpu, ServerConfig config, string device) =>
        config.Devices.FirstOrDefault(one => one.Name == device) is { } meant && (gpu.Uuid == meant.Uuid || (meant.Uuid is null && gpu.Index == meant.Index));

    // Only what says how the model is spread stays as it was; what the change may need to move is left to the planner.
    private static Dictionary<string, string> PinsOf(ServerConfig config)
    {
        Dictionary<string, string> pins = [];
        foreach (EngineOption option in new EngineOption[]
            { LlamaCppOptions.GpuLayers, LlamaCppOptions.SplitMode, LlamaCppOptions.CpuMoeLayers, LlamaCppOptions.ContextLength, LlamaCppOptions.Parallel, LlamaCppOptions.KvCacheTypeK, LlamaCppOptions.KvCacheTypeV })
        {
            if (config.Options[option.Name] is { } value)
            {
                pins[option.Flags[0]] = EngineOption.Format(value);
            }
        }

        return pins;
    }
}
