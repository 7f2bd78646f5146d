using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Planning;
using Spectre.Console;

namespace LlmOps.Cli.Output;

/// <summary>A configuration as people want to see it: each value with its reason, what it uses, and the command.</summary>
internal static class PlanView
{
    public static void Write(IAnsiConsole console, ServerConfig config, LaunchCommand command, bool explain = false, string? script = null)
    {
        WriteDecisions(console, config.Decisions, explain);
        WriteMemory(console, config.Plan);
        if (config.Prediction is { } prediction)
        {
            console.Line(
                $"Expected: {Screen.Number(prediction.DecodeTokensPerSecond) ?? "?"} tokens/s generated, {Screen.Number(prediction.PrefillTokensPerSecond) ?? "?"} tokens/s read, for one request{(prediction.DecodeAtFullContextTokensPerSecond is { } full ? $" ({Screen.Number(full)} with a full context)" : string.Empty)}; limited by {prediction.LimitedBy}.");
        }

        console.Line(string.Empty);
        if (script is null)
        {
            WriteCommand(command);
        }
        else
        {
            Console.Out.WriteLine(script);
        }
    }

    /// <summary>Shows each value with its reason.</summary>
    /// <param name="console">Where to.</param>
    /// <param name="decisions">The values.</param>
    /// <param name="explain">Whether what was rejected is shown too.</param>
    public static void WriteDecisions(IAnsiConsole console, IReadOnlyList<Decision> decisions, bool explain = false)
    {
        Table table = Screen.Table("Option", "Value", "Why");
        foreach (Decision decision in decisions)
        {
            table.Row(decision.Option, decision.Value, decision.Pinned ? $"pinned: {decision.Reason}" : decision.Reason);
            foreach (string alternative in explain ? decision.Alternatives : [])
            {
                table.Row(string.Empty, string.Empty, $"not {alternative}");
            }
        }

        console.Write(table);
    }

    /// <summary>Shows the bytes per device and kind.</summary>
    public static void WriteMemory(IAnsiConsole console, MemoryPlan? plan)
    {
        if (plan is null)
        {
            return;
        }

        Table table = Screen.Table("Memory", ">Layers", ">Weights", ">KV cache", ">Recurrent", ">Compute", ">Overhead", ">Free after", ">Total");
        foreach (DeviceMemory device in plan.Devices)
        {
            table.Row(
                device.Name,
                device.Layers.ToString(CultureInfo.InvariantCulture),
                Bytes.Format(device.WeightsBytes),
                Bytes.Format(device.KvCacheBytes),
                Bytes.Format(device.RecurrentBytes),
                Bytes.Format(device.ComputeBytes),
                Bytes.Format(device.OverheadBytes),
                Bytes.Format(device.FreeAfterBytes),
                Bytes.Format(device.TotalBytes));
        }

        HostMemory host = plan.Host;
        table.Row(
            "host",
            null,
            Bytes.Format(host.WeightsBytes),
            Bytes.Format(host.KvCacheBytes),
            Bytes.Format(host.RecurrentBytes),
            Bytes.Format(host.ComputeBytes),
            null,
            Screen.Size(host.FreeAfterBytes),
            Screen.Size(host.TotalBytes));
        console.Write(table);
        string computed = string.Join(", ", plan.Devices.Where(device => device.ComputedBytes is not null).Select(device => $"{device.Name} {Bytes.Format(device.UsedBytes)} against {Bytes.Format(device.ComputedBytes!.Value)}"));
        console.Line(plan.Source == "engine" ? $"Figures: the engine's own estimate, against what was computed from the model file: {computed}." : "Figures: computed from the model file.", new Style(Color.Grey));
    }

    /// <summary>Shows the command, not wrapped, so that it can be copied.</summary>
    public static void WriteCommand(LaunchCommand command) => Console.Out.WriteLine(ShellText.Lines(command));
}
