using System.Globalization;
using System.Text;
using LlmOps.Servers.Docker;

namespace LlmOps.Configuration.Export;

/// <summary>Servers as a file for <c>docker compose</c>, of the same containers that the runtime <c>docker</c> starts.</summary>
/// <remarks>Source: compose-spec/compose-spec <c>schema/compose-spec.json</c>.</remarks>
internal static class ComposeFile
{
    /// <summary>The file.</summary>
    public static string Of(IReadOnlyList<ExportedServer> servers)
    {
        StringBuilder text = new();
        YamlMap services = [];
        foreach (ExportedServer server in servers)
        {
            ContainerSpec spec = ContainerSpecs.Of(server.Config, server.Engine, CdiDevices.None);
            text.Append("# ").Append(server.Title).Append('\n');
            foreach ((_, string file) in spec.SecretFiles ?? new Dictionary<string, string>())
            {
                text.Append("#   first: export ").Append(server.KeyVariable).Append("=\"$(head -n 1 ").Append(ExportedServer.OneLine(Engines.ShellText.Quote(file))).Append(")\"\n");
            }

            services.Add(server.Config.Name, Service(server, spec));
        }

        return text.Append(YamlTree.Write(new YamlMap { { "services", services } })).ToString();
    }

    private static YamlMap Service(ExportedServer server, ContainerSpec spec)
    {
        YamlMap environment = Texts(spec.Environment);
        foreach (string name in spec.SecretFiles?.Keys ?? [])
        {
            environment.Add(name, $"${{{server.KeyVariable}:?is the API key of this server, see the head of this file}}");
        }

        return new YamlMap
        {
            { "image", Text(spec.Image) },
            { "container_name", Text(spec.Name) },
            { "restart", spec.Restart },
            { "labels", Texts(spec.Labels) },
            { "command", spec.Arguments.Select(Text).ToArray() },
            { "environment", environment },
            { "ports", new object[] { new YamlMap { { "target", spec.ContainerPort }, { "published", spec.HostPort.ToString(CultureInfo.InvariantCulture) }, { "host_ip", spec.HostAddress }, { "protocol", "tcp" } } } },
            { "volumes", spec.Mounts.Select(Volume).ToArray() },
            { "devices", spec.DeviceNodes.ToArray() },
            { "group_add", spec.Groups.ToArray() },
            { "ipc", spec.Ipc },
            { "shm_size", spec.ShmSize },
            { "mem_limit", spec.Memory },
            { "ulimits", Limits(spec.Ulimits) },
            { "deploy", Gpus(spec.Gpus) },
            { "logging", new YamlMap { { "driver", "json-file" }, { "options", new YamlMap { { "max-size", "50m" }, { "max-file", "4" } } } } },
        };
    }

    // A source that is not there must be an error, not an empty folder.
    private static YamlMap Volume(ContainerMount mount) => new()
    {
        { "type", "bind" },
        { "source", Text(mount.Source) },
        { "target", Text(mount.Target) },
        { "read_only", true },
        { "bind", new YamlMap { { "create_host_path", false } } },
    };

    private static YamlMap Gpus(IReadOnlyList<string> gpus) => gpus.Count == 0 ? [] : new YamlMap
    {
        {
            "resources", new YamlMap
            {
                { "reservations", new YamlMap { { "devices", new object[] { new YamlMap { { "driver", "nvidia" }, { "device_ids", gpus.ToArray() }, { "capabilities", new object[] { "gpu" } } } } } } },
            }
        },
    };

    private static YamlMap Limits(IReadOnlyDictionary<string, string> limits)
    {
        YamlMap map = [];
        foreach ((string name, string value) in limits.OrderBy(limit => limit.Key, StringComparer.Ordinal))
        {
            // docker writes SOFT:HARD.
            string[] parts = value.Split(':');
            map.Add(name, parts.Length == 2 ? new YamlMap { { "soft", Number(parts[0]) }, { "hard", Number(parts[1]) } } : Number(value));
        }

        return map;
    }

    private static object Number(string text) => long.TryParse(text, CultureInfo.InvariantCulture, out long number) ? number : Text(text);

    private static YamlMap Texts(IReadOnlyDictionary<string, string> values)
    {
        YamlMap map = [];
        foreach ((string name, string value) in values.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            map.Add(name, Text(value));
        }

        return map;
    }

    // Compose puts variables in: a dollar that is one is doubled.
    private static string Text(string text) => text.Replace("$", "$$", StringComparison.Ordinal);
}
