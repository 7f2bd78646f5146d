using System.Globalization;
using LlmOps.Engines;

namespace LlmOps.Servers.Docker;

/// <summary>Writes a container as the command line that starts it. What is shown, exported and run is this.</summary>
internal static class DockerCommandLine
{
    // Docker's own default keeps logs without a bound until the disk is full.
    private static readonly string[] s_boundedLog = ["--log-driver", "json-file", "--log-opt", "max-size=50m", "--log-opt", "max-file=4"];

    // Podman's json-file is its own format; it bounds one file.
    private static readonly string[] s_boundedPodmanLog = ["--log-driver", "k8s-file", "--log-opt", "max-size=200mb"];

    /// <summary>The command that starts <paramref name="spec"/> in the background.</summary>
    /// <param name="spec">The container.</param>
    /// <param name="program">The program; its name tells whose dialect it speaks.</param>
    public static LaunchCommand Run(ContainerSpec spec, string program)
    {
        bool podman = IsPodman(program);
        List<string> line = ["run", "--detach", "--name", spec.Name, "--restart", podman && spec.Restart == "unless-stopped" ? "always" : spec.Restart];
        foreach ((string name, string value) in spec.Labels.OrderBy(label => label.Key, StringComparer.Ordinal))
        {
            line.AddRange(["--label", $"{name}={value}"]);
        }

        if (spec.UsesCdi || podman)
        {
            foreach (string gpu in spec.Gpus)
            {
                line.AddRange(["--device", $"nvidia.com/gpu={gpu}"]);
            }
        }
        else if (spec.Gpus.Count > 0)
        {
            // The value is read as CSV: without its quotes everything after the first comma would be another option.
            line.AddRange(["--gpus", $"\"device={string.Join(',', spec.Gpus)}\""]);
        }

        foreach (string node in spec.DeviceNodes)
        {
            line.AddRange(["--device", node]);
        }

        foreach (string group in spec.Groups)
        {
            line.AddRange(["--group-add", group]);
        }

        foreach (ContainerMount mount in spec.Mounts)
        {
            // --mount refuses a source that is not there; --volume would make an empty folder of it.
            line.AddRange(["--mount", $"type=bind,{Csv($"source={mount.Source}")},{Csv($"target={mount.Target}")},readonly"]);
        }

        string address = spec.HostAddress.Contains(':', StringComparison.Ordinal) ? $"[{spec.HostAddress}]" : spec.HostAddress;
        line.AddRange(["--publish", string.Create(CultureInfo.InvariantCulture, $"{address}:{spec.HostPort}:{spec.ContainerPort}")]);
        foreach ((string name, string value) in spec.Environment.OrderBy(variable => variable.Key, StringComparer.Ordinal))
        {
            line.AddRange(["--env", $"{name}={value}"]);
        }

        foreach (string name in (spec.SecretFiles?.Keys ?? []).Order(StringComparer.Ordinal))
        {
            line.AddRange(["--env", name]);
        }

        Add(line, "--ipc", spec.Ipc);
        Add(line, "--shm-size", spec.ShmSize);
        Add(line, "--memory", spec.Memory);
        foreach ((string name, string value) in spec.Ulimits.OrderBy(limit => limit.Key, StringComparer.Ordinal))
        {
            line.AddRange(["--ulimit", $"{name}={value}"]);
        }

        line.AddRange(podman ? s_boundedPodmanLog : s_boundedLog);
        line.Add(spec.Image);
        line.AddRange(spec.Arguments);
        return new LaunchCommand(program, line, new Dictionary<string, string>()) { SecretFiles = spec.SecretFiles };
    }

    /// <summary>Whether the program speaks podman's dialect.</summary>
    public static bool IsPodman(string program) => Path.GetFileName(program).StartsWith("podman", StringComparison.Ordinal);

    private static void Add(List<string> line, string flag, string? value)
    {
        if (value is not null)
        {
            line.AddRange([flag, value]);
        }
    }

    private static string Csv(string field) =>
        field.AsSpan().ContainsAny(',', '"') ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;
}
