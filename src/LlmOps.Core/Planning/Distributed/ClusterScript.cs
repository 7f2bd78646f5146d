using System.Text;
using LlmOps.Configuration;
using LlmOps.Engines;

namespace LlmOps.Planning.Distributed;

/// <summary>What each machine of several runs, as text: a POSIX script that takes the machine's name, or the manifest for Kubernetes.</summary>
public static class ClusterScript
{
    /// <summary>The text.</summary>
    /// <param name="config">A configuration for several machines.</param>
    /// <param name="engine">The binary that will run; null for the newest known version.</param>
    /// <exception cref="LlmOpsException">It is for one machine; id <c>NotForSeveralMachines</c>.</exception>
    public static string Of(ServerConfig config, EngineCapabilities? engine)
    {
        if (config.Cluster is not { } cluster)
        {
            throw new LlmOpsException($"'{config.Name}' is for one machine; plan it with several topologies", "NotForSeveralMachines");
        }

        if (cluster.Form == ClusterForms.Kubernetes)
        {
            return LeaderWorkerSet.Of(config, engine);
        }

        StringBuilder text = new();
        text.Append("#!/bin/sh\n");
        text.Append($"# {config.Name} on {cluster.Hosts.Count} machines: run this on each of them with its name.\n");
        text.Append($"# {ClusterCommands.Order(cluster)}.\n");
        if (cluster.Form == ClusterForms.Rpc)
        {
            text.Append("# An rpc-server asks nobody who he is: keep its port within a private network. Debian calls it ggml-rpc-server.\n");
        }

        text.Append("set -e\ncase \"$1\" in\n");
        foreach (HostCommands host in ClusterCommands.Of(config, engine))
        {
            text.Append($"# {host.Role}{(host.Host.Address is { } address ? $", reached at {address}" : string.Empty)}\n{ShellText.Quote(host.Host.Name)})\n");
            foreach (LaunchCommand command in host.Commands)
            {
                text.Append(ShellText.Lines(command)).Append('\n');
            }

            text.Append(";;\n");
        }

        string names = string.Join(' ', cluster.Hosts.Select(host => host.Name));
        return text.Append($"*)\necho {ShellText.Quote($"name the machine: {names}")} >&2\nexit 2\n;;\nesac\n").ToString();
    }
}
