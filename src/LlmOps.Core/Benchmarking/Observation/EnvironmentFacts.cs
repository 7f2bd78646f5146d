using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Servers;

namespace LlmOps.Benchmarking.Observation;

/// <summary>Says in a few lines what was measured on what.</summary>
internal static class EnvironmentFacts
{
    /// <summary>The environment of a server of this machine.</summary>
    public static MeasuredEnvironment Of(LlmServer server, ServerConfig? config, GpuTopology topology, ModelDescription? model, LaunchCommand? command) => new()
    {
        Facts = [.. Machine(topology), .. Server(server, config, model)],
        ServerCommand = command is null ? null : ShellText.Line(command),
    };

    /// <summary>The environment of a server that only its address is known of.</summary>
    public static MeasuredEnvironment Of(GpuTopology? topology) => new() { Facts = topology is null ? [] : [.. Machine(topology)] };

    private static IEnumerable<EnvironmentFact> Machine(GpuTopology topology)
    {
        foreach (IGrouping<string, GpuDevice> gpus in topology.Gpus.GroupBy(gpu => gpu.Name))
        {
            yield return new EnvironmentFact("GPU", Text($"{gpus.Count()} × {gpus.Key}, {Bytes.Format(gpus.First().MemoryTotalBytes)}"));
        }

        if (topology.Driver?.Version is { } driver)
        {
            yield return new EnvironmentFact("Driver", topology.Driver.CudaVersion is { } cuda ? $"{driver}, CUDA {cuda}" : driver);
        }

        HostInfo host = topology.Host;
        if (host.Cpu.Model is { } processor)
        {
            yield return new EnvironmentFact("Processor", Text($"{processor}, {host.Cpu.LogicalCores} threads"));
        }

        if (host.Memory.TotalBytes is { } memory)
        {
            yield return new EnvironmentFact("Memory", Bytes.Format(memory));
        }

        if (host.Os is { } system)
        {
            yield return new EnvironmentFact("System", host.Kernel is { } kernel ? $"{system}, kernel {kernel}" : system);
        }
    }

    private static IEnumerable<EnvironmentFact> Server(LlmServer server, ServerConfig? config, ModelDescription? model)
    {
        yield return new EnvironmentFact("Engine", config?.EnginePath is { } path ? $"{server.Engine} at {path}" : server.Engine);
        yield return new EnvironmentFact("Model file", model is null
            ? server.Model
            : Text($"{Path.GetFileName(server.Model)}: {model.Architecture}, {model.Quantization}, {Bytes.Format(model.SizeBytes)}"));
        if (server.Slots is { } slots && server.ContextLength is { } context)
        {
            yield return new EnvironmentFact("Slots", Text($"{slots} with {context} tokens of context each"));
        }

        if (config is not null && config.Options.Values.Count > 0)
        {
            yield return new EnvironmentFact("Options", string.Join(", ", config.Options.Values.Select(option => $"{option.Key} {EngineOption.Format(option.Value)}")));
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
