using System.Text.Json;
using LlmOps.Configuration;
using LlmOps.Engines;

namespace LlmOps.Planning.Distributed;

/// <summary>The part of a plan's JSON that says what each machine of several runs.</summary>
internal static class ClusterDocument
{
    /// <summary>Writes <c>cluster</c>; nothing for one machine.</summary>
    public static void Write(Utf8JsonWriter json, ServerConfig config, EngineCapabilities? engine)
    {
        if (config.Cluster is not { } cluster)
        {
            return;
        }

        IReadOnlyList<HostCommands> commands = cluster.Form == ClusterForms.Kubernetes ? [] : ClusterCommands.Of(config, engine);
        json.WriteStartObject("cluster");
        json.WriteString("form", cluster.Form);
        json.WriteNumber("port", cluster.Port);
        json.WriteString("order", ClusterCommands.Order(cluster));
        json.WriteStartArray("hosts");
        for (int rank = 0; rank < cluster.Hosts.Count; rank++)
        {
            ClusterHost host = cluster.Hosts[rank];
            json.WriteStartObject();
            json.WriteString("name", host.Name);
            json.WriteString("address", host.Address);
            json.WriteNumber("rank", rank);
            json.WriteString("role", rank == 0 ? "main" : "worker");
            json.WriteStartArray("devices");
            foreach (ConfigDevice device in host.Devices)
            {
                PlanDocument.Device(json, device, device.Name, null);
            }

            json.WriteEndArray();
            json.WriteStartArray("commands");
            foreach (LaunchCommand command in commands.Count > 0 ? commands[rank].Commands : [])
            {
                PlanDocument.Command(json, command);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("manifest", cluster.Form == ClusterForms.Kubernetes ? LeaderWorkerSet.Of(config, engine) : null);
        json.WriteEndObject();
    }
}
