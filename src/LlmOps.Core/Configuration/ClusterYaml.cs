using YamlDotNet.RepresentationModel;

namespace LlmOps.Configuration;

/// <summary>The part of a configuration's YAML that says which machines serve together.</summary>
internal static class ClusterYaml
{
    /// <summary>The lines of the block, by depth and text.</summary>
    public static IEnumerable<(int Depth, string Text)> Lines(ClusterSettings cluster)
    {
        yield return (0, "cluster:");
        yield return (1, $"form: {cluster.Form}");
        yield return (1, $"port: {EngineText(cluster.Port)}");
        yield return (1, "hosts:");
        foreach (ClusterHost host in cluster.Hosts)
        {
            yield return (2, $"- name: {YamlScalar.Of(host.Name)}");
            if (host.Address is { } address)
            {
                yield return (3, $"address: {YamlScalar.Of(address)}");
            }

            yield return (3, host.Devices.Count == 0 ? "devices: []" : "devices:");
            foreach (ConfigDevice device in host.Devices)
            {
                yield return (4, $"- name: {YamlScalar.Of(device.Name)}");
                if (device.Index is { } index)
                {
                    yield return (5, $"index: {EngineText(index)}");
                }

                if (device.Uuid is { } uuid)
                {
                    yield return (5, $"uuid: {YamlScalar.Of(uuid)}");
                }
            }

            if (host.Environment.Count > 0)
            {
                yield return (3, "environment:");
                foreach ((string name, string value) in host.Environment)
                {
                    yield return (4, $"{YamlScalar.Of(name)}: {YamlScalar.Of(value)}");
                }
            }
        }
    }

    /// <summary>Reads the block.</summary>
    /// <param name="nodes">Reads typed values.</param>
    /// <param name="node">The block.</param>
    /// <param name="device">Reads a device.</param>
    public static ClusterSettings Read(YamlNodes nodes, YamlNode node, Func<YamlNode, ConfigDevice> device)
    {
        ClusterSettings cluster = new() { Form = "", Port = 0 };
        foreach ((string key, _, YamlNode value) in nodes.Entries(nodes.Mapping(node, "cluster"), "cluster", ["form", "port", "hosts"]))
        {
            cluster = key switch
            {
                "form" => cluster with { Form = nodes.Text(value, key) is var form && ClusterForms.All.Contains(form) ? form : throw nodes.Error(value, $"form '{form}' is not supported; this version supports {string.Join(", ", ClusterForms.All)}") },
                "port" => cluster with { Port = (int)nodes.Integer(value, key, 1, 65535) },
                _ => cluster with { Hosts = [.. nodes.Sequence(value, key).Select(Host)] },
            };
        }

        return cluster is { Form.Length: > 0, Port: > 0, Hosts.Count: > 0 } ? cluster : throw nodes.Error(node, "cluster needs form, port and hosts");

        ClusterHost Host(YamlNode entry)
        {
            ClusterHost host = new() { Name = "" };
            foreach ((string key, _, YamlNode value) in nodes.Entries(nodes.Mapping(entry, "a host"), "a host", ["name", "address", "devices", "environment"]))
            {
                host = key switch
                {
                    "name" => host with { Name = nodes.Text(value, key) },
                    "address" => host with { Address = nodes.OptionalText(value, key) },
                    "devices" => host with { Devices = [.. nodes.Sequence(value, key).Select(device)] },
                    _ => host with { Environment = nodes.Entries(nodes.Mapping(value, key), key, null).ToDictionary(variable => variable.Key, variable => nodes.Text(variable.Value, variable.Key)) },
                };
            }

            return host.Name.Length > 0 ? host : throw nodes.Error(entry, "a host needs a name");
        }
    }

    private static string EngineText(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
