using System.Globalization;
using System.Text;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Planning.Distributed;
using LlmOps.Servers.Docker;

namespace LlmOps.Configuration.Export;

/// <summary>Servers as manifests for Kubernetes: a Deployment of one pod and a Service each, of the same containers that the runtime <c>docker</c> starts.</summary>
/// <remarks>
/// Source: kubernetes/kubernetes <c>api/openapi-spec</c>. GPUs are the device plugin's to give: a pod gets as many as planned, by the vendor's resource, and sees
/// them by numbers from 0 on, so what names them by identity is left out.
/// </remarks>
internal static class KubernetesManifest
{
    private const string KeySecret = "key";

    // What names GPUs of this machine, which the pod sees under other names.
    private static readonly string[] s_devices = ["CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "ONEAPI_DEVICE_SELECTOR", "CUDA_DEVICE_ORDER"];

    private static readonly (string Device, string Resource)[] s_resources = [("CUDA", "nvidia.com/gpu"), ("ROCm", "amd.com/gpu"), ("SYCL", "gpu.intel.com/xe")];

    /// <summary>The documents.</summary>
    public static string Of(IReadOnlyList<ExportedServer> servers) =>
        string.Join("---\n", servers.Select(server => server.Config.Cluster is null ? One(server) : LeaderWorkerSet.Of(server.Config, server.Engine)));

    private static string One(ExportedServer server)
    {
        ServerConfig config = server.Config;
        ContainerSpec spec = ContainerSpecs.Of(config, server.Engine, CdiDevices.None);
        string name = KubernetesText.Label(config.Name);
        string secret = $"{name}-api-key";
        YamlMap labels = new() { { "app.kubernetes.io/name", name }, { "app.kubernetes.io/managed-by", "llmops" } };
        YamlMap selector = new() { { "app.kubernetes.io/name", name } };
        StringBuilder text = new();
        text.Append("# ").Append(server.Title).Append(". The model's folder must be on the node.\n");
        if (config.Endpoint.ApiKeyFile is { } keyFile)
        {
            text.Append("# The API key: head -n 1 ").Append(ExportedServer.OneLine(ShellText.Quote(keyFile))).Append(" | tr -d '\\n' | kubectl create secret generic ").Append(secret).Append(" --from-file=")
                .Append(KeySecret).Append("=/dev/stdin\n");
        }

        text.Append(YamlTree.Write(new YamlMap
        {
            { "apiVersion", "apps/v1" },
            { "kind", "Deployment" },
            { "metadata", new YamlMap { { "name", name }, { "labels", labels } } },
            {
                "spec", new YamlMap
                {
                    { "replicas", 1 },
                    { "strategy", new YamlMap { { "type", "Recreate" } } }, // Two pods would need the GPUs twice.
                    { "selector", new YamlMap { { "matchLabels", selector } } },
                    { "template", new YamlMap { { "metadata", new YamlMap { { "labels", labels } } }, { "spec", Pod(config, spec, secret) } } },
                }
            },
        }));
        text.Append("---\n").Append(YamlTree.Write(new YamlMap
        {
            { "apiVersion", "v1" },
            { "kind", "Service" },
            { "metadata", new YamlMap { { "name", name }, { "labels", labels } } },
            {
                "spec", new YamlMap
                {
                    { "selector", selector },
                    { "ports", new object[] { new YamlMap { { "name", "http" }, { "port", spec.HostPort }, { "targetPort", "http" } } } },
                }
            },
        }));
        return text.ToString();
    }

    private static YamlMap Pod(ServerConfig config, ContainerSpec spec, string secret)
    {
        List<object> volumes = [], mounts = [];
        foreach (ContainerMount mount in spec.Mounts)
        {
            bool isKey = mount.Target == ContainerPaths.KeyFile;
            string volume = isKey ? "api-key" : string.Create(CultureInfo.InvariantCulture, $"files-{volumes.Count}");
            bool isFolder = mount.Target == ContainerPaths.Models || Directory.Exists(mount.Source);
            volumes.Add(new YamlMap
            {
                { "name", volume },
                { "hostPath", isKey ? null : new YamlMap { { "path", mount.Source }, { "type", isFolder ? "Directory" : "File" } } },
                { "secret", isKey ? new YamlMap { { "secretName", secret }, { "defaultMode", 256 } } : null }, // 0400
            });
            mounts.Add(new YamlMap { { "name", volume }, { "mountPath", mount.Target }, { "subPath", isKey ? KeySecret : null }, { "readOnly", true } });
        }

        if (spec.ShmSize is not null || spec.Ipc == "host")
        {
            volumes.Add(new YamlMap { { "name", "shm" }, { "emptyDir", new YamlMap { { "medium", "Memory" }, { "sizeLimit", spec.ShmSize is { } size ? Quantity(size) : null } } } });
            mounts.Add(new YamlMap { { "name", "shm" }, { "mountPath", "/dev/shm" } });
        }

        return new YamlMap
        {
            {
                "containers", new object[]
                {
                    new YamlMap
                    {
                        { "name", config.Engine == EngineNames.Vllm ? "vllm" : "llama-server" },
                        { "image", spec.Image },
                        { "args", spec.Arguments.Select(KubernetesText.Literal).ToArray() },
                        { "env", Variables(spec, secret) },
                        { "ports", new object[] { new YamlMap { { "name", "http" }, { "containerPort", spec.ContainerPort } } } },
                        { "resources", Resources(config, spec) },
                        { "securityContext", config.Options.Get(LlamaCppOptions.MemoryLock) ? new YamlMap { { "capabilities", new YamlMap { { "add", new object[] { "IPC_LOCK" } } } } } : null },
                        { "startupProbe", Probe(config, periodSeconds: 10, failures: 360) }, // An hour: a model of some 100 GB from a slow disk.
                        { "readinessProbe", Probe(config, periodSeconds: 10, failures: 3) },
                        { "livenessProbe", config.Health.UnresponsiveSeconds > 0 ? Probe(config, periodSeconds: 10, failures: Math.Max(3, config.Health.UnresponsiveSeconds / 10)) : null },
                        { "volumeMounts", mounts },
                    },
                }
            },
            { "volumes", volumes },
        };
    }

    private static object[] Variables(ContainerSpec spec, string secret) =>
    [
        .. spec.Environment.Where(variable => !s_devices.Contains(variable.Key)).OrderBy(variable => variable.Key, StringComparer.Ordinal)
            .Select(variable => new YamlMap { { "name", variable.Key }, { "value", KubernetesText.Literal(variable.Value) } }),
        .. (spec.SecretFiles?.Keys ?? []).Select(name => new YamlMap
        {
            { "name", name },
            { "valueFrom", new YamlMap { { "secretKeyRef", new YamlMap { { "name", secret }, { "key", KeySecret } } } } },
        }),
    ];

    private static YamlMap Resources(ServerConfig config, ContainerSpec spec)
    {
        YamlMap limits = new() { { "memory", spec.Memory is { } memory ? Quantity(memory) : null } };
        if (config.Devices.Count == 0)
        {
            return new YamlMap { { "limits", limits } };
        }

        string first = config.Devices[0].Name;
        string? resource = s_resources.FirstOrDefault(known => config.Devices.All(device => device.Name.StartsWith(known.Device, StringComparison.Ordinal))).Resource;
        limits.Add(
            resource ?? throw new LlmOpsException(
                $"Kubernetes gives GPUs by their vendor, which '{first}' of server '{config.Name}' does not tell; plan it for CUDA, ROCm or SYCL devices of one kind", "KubernetesDeviceUnknown"),
            config.Devices.Count.ToString(CultureInfo.InvariantCulture));
        return new YamlMap { { "limits", limits } };
    }

    private static YamlMap Probe(ServerConfig config, int periodSeconds, int failures) => new()
    {
        { "httpGet", new YamlMap { { "path", config.Health.Path }, { "port", "http" } } },
        { "periodSeconds", periodSeconds },
        { "timeoutSeconds", 5 },
        { "failureThreshold", failures },
    };

    // docker's 8g is Kubernetes' 8Gi.
    private static string Quantity(string size) => char.IsAsciiLetter(size[^1]) && size[^1] is not 'b' and not 'B' ? $"{size[..^1]}{char.ToUpperInvariant(size[^1])}i" : size.TrimEnd('b', 'B');
}
