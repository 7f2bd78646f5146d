using System.Globalization;
using System.Net;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.Vllm;
using LlmOps.Hardware;
using LlmOps.Planning.Vllm;

namespace LlmOps.Planning.Distributed;

/// <summary>Plans vLLM on several machines: tensor parallel inside each, stages of a pipeline across them.</summary>
/// <remarks>Source: vLLM's documentation, <c>serving/parallelism_scaling</c>: cards of a machine share layers, machines hold different ones.</remarks>
internal static class VllmCluster
{
    /// <summary>Turns the configuration of one machine into that of the first of several.</summary>
    public delegate ServerConfig Finish(ServerConfig config, VllmChoice choice, DecisionLog log);

    /// <summary>The configuration for <paramref name="request"/>.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="plan">Plans for one machine with given facts.</param>
    /// <exception cref="LlmOpsException">The machines, or what is pinned, do not go together.</exception>
    public static ServerConfig Plan(PlanRequest request, Func<VllmFacts, Finish?, ServerConfig> plan)
    {
        if (request.Launcher is not (null or "auto" or "vllm"))
        {
            throw new LlmOpsException($"{request.Launcher} starts ranks of one machine; leave the launcher out for several", "LauncherNotSupported");
        }

        EngineCapabilities engine = VllmFacts.From(request with { Launcher = "vllm" }).Engine;
        (string form, string reason) = ClusterForm.ForVllm(request, engine);
        if (request.Runtime is not (null or RuntimeNames.Process) || (request.Image is not null && form != ClusterForms.Kubernetes))
        {
            throw new LlmOpsException($"several machines are planned for the runtime process, or for Kubernetes with an image, not for {request.Runtime ?? RuntimeNames.Docker}; leave the runtime and the image out, or use kubernetes", "RuntimeNotForHosts");
        }

        IReadOnlyList<ClusterMember> members = ClusterMember.Of(request, form);
        EvenCards cards = EvenCards.Of(members);
        PlanRequest weakest = request with { Topology = cards.Weakest(members), Launcher = "vllm", Cluster = form };
        VllmFacts facts = VllmFacts.From(weakest) with { Hosts = members.Count };
        return plan(facts, (config, choice, log) =>
        {
            log.Add("cluster", form, reason, [], request.Cluster is not (null or "auto" or "Auto"));
            log.Add("hosts", string.Join(", ", members.Select(member => member.Name)), "as given; the first one answers clients. The model must lie at the same path on each, with the same versions of everything", [.. Alone(request, members, plan), .. EvenCards.Left(members, choice.Setting.RanksPerHost)]);
            ClusterSettings cluster = new() { Form = form, Port = ClusterForm.Port(request, form), Hosts = [.. members.Select(member => Host(member, cards, facts, choice.Setting, config, form, log))] };
            OptionSet options = Options(config.Options, cluster, log);
            options = Sums(options, members, cards, facts, choice.Setting, log);
            return config with
            {
                Options = options,
                Environment = cluster.Hosts[0].Environment,
                Cluster = cluster,
                Plan = config.Plan! with { Devices = [.. cluster.Hosts.SelectMany((host, at) => Memory(cluster, host, members[at], config.Plan!.Devices[0], choice.Setting.Gpus[0]))] },
                Prediction = config.Prediction is { } prediction ? prediction with { PrefillTokensPerSecond = null, LimitedBy = prediction.LimitedBy + "; the network between the machines is not counted" } : null,
                Decisions = log.Decisions,
            };
        });
    }

    private static OptionSet Options(OptionSet options, ClusterSettings cluster, DecisionLog log)
    {
        switch (cluster.Form)
        {
            case ClusterForms.Native:
                options = log.Set(options, VllmOptions.Nodes, cluster.Hosts.Count, "machines that serve together");
                options = log.Set(options, VllmOptions.NodeRank, 0, "this is the machine that answers clients; the others are 1 and on");
                options = log.Set(options, VllmOptions.MasterAddress, cluster.Hosts[0].Address!, "where the others find it");
                options = log.Set(options, VllmOptions.MasterPort, cluster.Port, "vLLM's usual port for that, said so that a firewall can be opened");
                break;
            case ClusterForms.Ray:
                options = log.Set(options, VllmOptions.ExecutorBackend, "ray", "ranks are started by the Ray cluster");
                break;
        }

        log.Add("clusterSecurity", "a private network", "what the machines send each other is not encrypted, and who can reach these ports can run code on them", []);
        return options;
    }

    private static ClusterHost Host(ClusterMember member, EvenCards cards, VllmFacts facts, VllmSetting setting, ServerConfig config, string form, DecisionLog log)
    {
        bool isFirst = member.Order == 0;
        bool inPods = form == ClusterForms.Kubernetes;
        IReadOnlyList<GpuDevice> used = isFirst ? [.. config.Devices.Select(device => member.Topology.Gpus.First(gpu => gpu.Index == device.Index))] : cards.Best(member.Order, setting.RanksPerHost);
        Dictionary<string, string> environment = isFirst
            ? new(config.Environment, StringComparer.Ordinal)
            : VllmEnvironmentRule.Decide(facts with { Request = facts.Request with { Topology = member.Topology } }, setting with { Gpus = used }, inPods, null, new DecisionLog(OptionSet.Empty));
        if (IPAddress.TryParse(member.Address, out _))
        {
            environment["VLLM_HOST_IP"] = member.Address;
            if (isFirst)
            {
                log.Add("VLLM_HOST_IP", member.Address, "the address that the machines know each other by; each has its own. Where a machine has several networks, NCCL_SOCKET_IFNAME and GLOO_SOCKET_IFNAME name the interface", []);
            }
        }

        return new ClusterHost
        {
            Name = member.Name,
            Address = member.Address,
            Devices = [.. used.Select((gpu, at) => new ConfigDevice { Name = $"CUDA{at.ToString(CultureInfo.InvariantCulture)}", Index = gpu.Index, Uuid = gpu.Uuid })],
            Environment = environment,
        };
    }

    // All machines are told the same: what one of them cannot do, none does.
    private static OptionSet Sums(OptionSet options, IReadOnlyList<ClusterMember> members, EvenCards cards, VllmFacts facts, VllmSetting setting, DecisionLog log)
    {
        if (setting.RanksPerHost < 2 || options.Contains(VllmOptions.DisableCustomAllReduce.Name))
        {
            return options;
        }

        foreach (ClusterMember member in members.Skip(1))
        {
            VllmFacts there = facts with { Request = facts.Request with { Topology = member.Topology } };
            if (VllmOptionRules.NoPeers(there, setting with { Gpus = cards.Best(member.Order, setting.RanksPerHost) }) is { } closed)
            {
                return log.Set(options, VllmOptions.DisableCustomAllReduce, true, $"on {member.Name}: {closed}");
            }
        }

        return options;
    }

    private static IEnumerable<DeviceMemory> Memory(ClusterSettings cluster, ClusterHost host, ClusterMember member, DeviceMemory weakest, GpuDevice planned)
    {
        foreach (ConfigDevice device in host.Devices)
        {
            GpuDevice gpu = member.Topology.Gpus.First(candidate => candidate.Index == device.Index);
            yield return weakest with { Name = cluster.PlanName(host, device.Name), TotalBytes = gpu.MemoryTotalBytes, FreeAfterBytes = weakest.FreeAfterBytes + Usable(gpu) - Usable(planned) };
        }

        static long Usable(GpuDevice gpu) => Math.Min(gpu.MemoryFreeBytes ?? gpu.MemoryTotalBytes, VllmReserve.TotalOf(gpu));
    }

    // Several machines are only worth their network where one does not do; who asks for them should know.
    private static IEnumerable<string> Alone(PlanRequest request, IReadOnlyList<ClusterMember> members, Func<VllmFacts, Finish?, ServerConfig> plan)
    {
        foreach (ClusterMember member in members)
        {
            ServerConfig? alone = null;
            try
            {
                alone = plan(VllmFacts.From(request with { Topology = member.Topology, OtherHosts = [], Addresses = [], Cluster = null, Launcher = "vllm", IsThisMachine = false }), null);
            }
            catch (LlmOpsException)
            {
                // What is pinned for several machines need not be possible on one: then there is no such alternative.
            }

            if (alone is { Problems.Count: 0, Plan.Pool: { } pool })
            {
                yield return $"{member.Name} alone: it holds the model and {pool.FullLengthRequests.ToString("0.0", CultureInfo.InvariantCulture)} requests of {EngineOption.Format(alone.Options[VllmOptions.ContextLength.Name]!)} tokens, and nothing would wait for the network";
            }
        }
    }
}
