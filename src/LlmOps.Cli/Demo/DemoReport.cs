using System.Globalization;
using LlmOps.Benchmarking;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Cli.Demo;

/// <summary>What a reader of the demonstration's report needs besides the figures.</summary>
internal static class DemoReport
{
    public static ReportContext Context(GpuTopology topology, EngineCapabilities engine, ModelDescription model, ServerConfig config)
    {
        HostInfo host = topology.Host;
        List<KeyValuePair<string, string>> environment =
        [
            new("System", $"{host.Os ?? "unknown"}, kernel {host.Kernel ?? "unknown"}"),
            new("Processor", string.Create(CultureInfo.InvariantCulture, $"{host.Cpu.Model ?? "unknown"}, {host.Cpu.LogicalCores ?? Environment.ProcessorCount} threads")),
            new("Memory", host.Memory.TotalBytes is { } memory ? Bytes.Format(memory) : "unknown"),
            new("GPUs", topology.Gpus.Count == 0 ? "none" : string.Join(", ", topology.Gpus.Select(gpu => gpu.Name))),
            new("Engine", $"{engine.Engine} {engine.Version ?? "of unknown version"}"),
            new("Model", $"{model.Name}, {model.Architecture}, {model.Quantization}, {Bytes.Format(model.SizeBytes)}, random weights"),
        ];
        environment.AddRange(config.Options.Values.Select(option => new KeyValuePair<string, string>(option.Key, EngineOption.Format(option.Value))));
        return new ReportContext { Title = "LlmOps demo: a small model on this machine", Environment = environment, RepeatCommand = "llmops demo" };
    }
}
