using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.Vllm;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;

namespace LlmOps.Benchmarking.Sweeps;

/// <summary>Plans a configuration of a sweep anew: with another batch or context it uses other memory, and may not fit.</summary>
/// <param name="engine">What will run it; null for the newest known.</param>
internal sealed class SweptPlan(EngineCapabilities? engine)
{
    /// <summary>The configuration with the plan, the prediction and the problems of its values, none of which is changed.</summary>
    /// <param name="config">The configuration with the swept values.</param>
    /// <param name="model">Its model.</param>
    /// <param name="topology">The machine as it is without the server.</param>
    /// <exception cref="LlmOpsException">A value cannot be.</exception>
    public ServerConfig Of(ServerConfig config, ModelDescription model, GpuTopology topology)
    {
        GpuDevice[] gpus = [.. topology.Gpus.Where(gpu => IsUsed(gpu, config))];
        bool isVllm = config.Engine == EngineNames.Vllm;
        if (config.Cluster is not null || (isVllm && gpus.Length == 0))
        {
            // The other machines, or a card that nobody here can name, are not known: it is measured, and nothing is said of its memory.
            return config with { Plan = null, Prediction = null };
        }

        ServerConfig planned = new ServerPlanner((port, _) => port).Plan(new PlanRequest
        {
            Model = model,
            Topology = topology with { Gpus = gpus },
            EngineName = config.Engine,
            Launcher = isVllm ? VllmLaunchers.NameOf(config.EnginePath) : null,
            Engine = engine,
            Name = config.Name,
            Alias = config.Alias,
            HostName = config.Endpoint.Host,
            Port = config.Endpoint.Port,
            Runtime = config.Runtime,
            Image = config.Image,
            Pins = PinsOf(config),
            ExtraArguments = config.ExtraArguments,
        });

        // With other sharing vLLM takes other cards; llama.cpp is told its devices by name.
        return config with { Devices = isVllm ? planned.Devices : config.Devices, Plan = planned.Plan, Prediction = planned.Prediction, Problems = planned.Problems };
    }

    // Everything is as it was, so everything is pinned.
    private static Dictionary<string, string> PinsOf(ServerConfig config)
    {
        EngineOptionTable table = KnownEngines.Require(config.Engine).Options;
        Dictionary<string, string> pins = [];
        foreach ((string name, object value) in config.Options.Values)
        {
            if (table.ByName(name)?.Flags is [string flag, ..])
            {
                pins[flag] = EngineOption.Format(value);
            }
        }

        return pins;
    }

    private static bool IsUsed(GpuDevice gpu, ServerConfig config) =>
        config.Devices.Any(device => device.Uuid is { Length: > 0 } uuid && gpu.Uuid is { Length: > 0 } ? uuid == gpu.Uuid : device.Index == gpu.Index);
}
