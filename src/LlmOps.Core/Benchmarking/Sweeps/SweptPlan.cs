using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;

namespace LlmOps.Benchmarking.Sweeps;

/// <summary>Plans a configuration of a sweep anew: with another batch or context it uses other memory, and may not fit.</summary>
/// <param name="engine">The binary that will run it; null for the newest known.</param>
internal sealed class SweptPlan(EngineCapabilities? engine)
{
    /// <summary>The configuration with the plan, the prediction and the problems of its values, none of which is changed.</summary>
    /// <param name="config">The configuration with the swept values.</param>
    /// <param name="model">Its model.</param>
    /// <param name="topology">The machine as it is without the server.</param>
    /// <exception cref="LlmOpsException">A value cannot be.</exception>
    public ServerConfig Of(ServerConfig config, ModelDescription model, GpuTopology topology)
    {
        if (config.Engine != EngineNames.LlamaCpp)
        {
            return config with { Plan = null, Prediction = null };
        }

        ServerConfig planned = new ServerPlanner((port, _) => port).Plan(new PlanRequest
        {
            Model = model,
            Topology = topology with { Gpus = [.. topology.Gpus.Where(gpu => IsUsed(gpu, config))] },
            EngineName = config.Engine,
            Engine = engine,
            Name = config.Name,
            Alias = config.Alias,
            HostName = config.Endpoint.Host,
            Port = config.Endpoint.Port,
            Runtime = config.Runtime,
            Image = config.Image,
            Pins = PinsOf(config.Options),
            ExtraArguments = config.ExtraArguments,
        });
        return config with { Plan = planned.Plan, Prediction = planned.Prediction, Problems = planned.Problems };
    }

    // Everything is as it was, so everything is pinned.
    private static Dictionary<string, string> PinsOf(OptionSet options)
    {
        Dictionary<string, string> pins = [];
        foreach ((string name, object value) in options.Values)
        {
            if (LlamaCppOptions.Table.ByName(name)?.Flags is [string flag, ..])
            {
                pins[flag] = EngineOption.Format(value);
            }
        }

        return pins;
    }

    private static bool IsUsed(GpuDevice gpu, ServerConfig config) =>
        config.Devices.Any(device => device.Uuid is { Length: > 0 } uuid && gpu.Uuid is { Length: > 0 } ? uuid == gpu.Uuid : device.Index == gpu.Index);
}
