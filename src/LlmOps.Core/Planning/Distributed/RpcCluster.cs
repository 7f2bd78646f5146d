using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Hardware;

namespace LlmOps.Planning.Distributed;

/// <summary>Plans llama.cpp on several machines: an rpc-server on each further one offers its GPUs as devices of the first machine's engine.</summary>
/// <remarks>Source: llama.cpp <c>tools/rpc/README.md</c>.</remarks>
internal static class RpcCluster
{
    /// <summary>The machines of <paramref name="request"/>.</summary>
    /// <exception cref="LlmOpsException">They do not go together with each other or with what is fixed.</exception>
    public static IReadOnlyList<ClusterMember> Members(PlanRequest request, Pins pins)
    {
        string form = ClusterForm.ForLlamaCpp(request);
        if (request.Runtime is not (null or RuntimeNames.Process) || request.Image is not null)
        {
            throw new LlmOpsException($"several machines are planned for the runtime process, not for {request.Runtime ?? RuntimeNames.Docker}; leave the runtime and the image out", "RuntimeNotForHosts");
        }

        return pins.Devices is not null || pins.Options.Contains(LlamaCppOptions.Rpc.Name)
            ? throw new LlmOpsException("devices of several machines are named by the plan, and the pin of device or rpc would name them too; leave the pin out, or name the GPUs of each machine in its topology", "PinConflict")
            : ClusterMember.Of(request, form);
    }

    /// <summary>Who takes part; null where the first machine does alone.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="members">All machines.</param>
    /// <param name="used">The devices chosen, in the engine's order.</param>
    /// <param name="environment">Variables of the first machine.</param>
    /// <param name="log">Takes the reasons.</param>
    public static ClusterSettings? Of(PlanRequest request, IReadOnlyList<ClusterMember> members, IReadOnlyList<PlanDevice> used, Dictionary<string, string> environment, DecisionLog log)
    {
        ClusterMember[] helping = [.. members.Skip(1).Where(member => used.Any(device => device.Host == member))];
        string[] idle = [.. members.Skip(1).Except(helping).Select(member => $"{member.Name}: {(member.Topology.Gpus.Count == 0 ? "it has no GPU, and a processor over the network is slower than main memory here" : "the model fits without it")}")];
        if (helping.Length == 0)
        {
            log.Add("hosts", members[0].Name, "the first machine does alone: every further one puts the network between layers", idle);
            return null;
        }

        log.Add("cluster", ClusterForms.Rpc, "llama.cpp's own way: an rpc-server on each further machine, of the same build, for the protocol changes between versions", []);
        log.Add("hosts", string.Join(", ", helping.Prepend(members[0]).Select(member => member.Name)), "the model file is needed on the first machine only; --cache keeps tensors on the others, so that they cross the network once", idle);
        log.Add("clusterSecurity", "a private network", "an rpc-server asks nobody who he is and encrypts nothing: who reaches its port can use the machine. Never bind it where others can connect", []);
        return new ClusterSettings
        {
            Form = ClusterForms.Rpc,
            Port = ClusterForm.Port(request, ClusterForms.Rpc),
            Hosts =
            [
                new ClusterHost { Name = members[0].Name, Address = members[0].Address, Devices = [.. used.Where(device => device.Host is null).Select(device => new ConfigDevice { Name = device.Name, Index = device.Gpu.Index, Uuid = device.Gpu.Uuid })], Environment = environment },
                .. helping.Select(member => Worker(member, [.. used.Where(device => device.Host == member)])),
            ],
        };
    }

    /// <summary>The options with the servers of <paramref name="cluster"/>, in the order of its devices.</summary>
    public static OptionSet Options(OptionSet options, ClusterSettings cluster, DecisionLog log) => log.Set(
        options,
        LlamaCppOptions.Rpc,
        string.Join(',', cluster.Hosts.Skip(1).Select(host => ClusterCommands.Endpoint(host.Address!, cluster.Port))),
        "their devices come first and the last layers with the output stay on the first machine, so that only one layer's results cross the network for a token");

    /// <summary>The prediction, which knows nothing of a network.</summary>
    public static ThroughputPrediction? Bound(ThroughputPrediction? prediction, ClusterSettings? cluster) =>
        cluster is null || prediction is null ? prediction : prediction with { PrefillTokensPerSecond = null, LimitedBy = prediction.LimitedBy + "; the network between the machines is not counted" };

    private static ClusterHost Worker(ClusterMember member, PlanDevice[] devices)
    {
        Dictionary<string, string> environment = new(StringComparer.Ordinal);
        bool byUuid = devices.All(device => device.Gpu is { Vendor: GpuVendor.Nvidia, Uuid: not null });
        if (byUuid)
        {
            DeviceSelection.Select(environment, devices);
        }

        PlanDevice[] natural = [.. DeviceCandidates.Of([member, member], PlanMode.Auto)];
        return new ClusterHost
        {
            Name = member.Name,
            Address = member.Address,
            Environment = environment,
            Devices =
            [
                .. devices.Select((device, at) => new ConfigDevice
                {
                    Name = byUuid ? "CUDA" + at.ToString(CultureInfo.InvariantCulture) : natural.First(known => known.Gpu.Index == device.Gpu.Index).Name,
                    Index = device.Gpu.Index,
                    Uuid = device.Gpu.Uuid,
                }),
            ],
        };
    }
}
