using System.Globalization;
using System.Text;
using LlmOps.Configuration;
using LlmOps.Configuration.Export;
using LlmOps.Engines;
using LlmOps.Engines.Vllm;

namespace LlmOps.Planning.Distributed;

/// <summary>A configuration for several machines as a Kubernetes manifest: a LeaderWorkerSet whose pods start vLLM's own launch, and a service for clients.</summary>
/// <remarks>
/// Source: kubernetes-sigs/lws <c>config/crd/bases/leaderworkerset.x-k8s.io_leaderworkersets.yaml</c> and <c>docs/examples/vllm</c>. The controller sets
/// LWS_LEADER_ADDRESS, LWS_GROUP_SIZE and LWS_WORKER_INDEX in each container; Kubernetes puts them into arguments written <c>$(NAME)</c>.
/// </remarks>
public static class LeaderWorkerSet
{
    // Each pod sees its own cards, by the numbers from 0 on that the device plugin gives them.
    private static readonly string[] s_devices = ["CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "VLLM_HOST_IP"];

    /// <summary>The manifest.</summary>
    /// <param name="config">A configuration of vLLM for several machines.</param>
    /// <param name="engine">What the image holds; null for the newest known version.</param>
    /// <exception cref="LlmOpsException">It is for one machine, or not for vLLM; id <c>NotForSeveralMachines</c>.</exception>
    public static string Of(ServerConfig config, EngineCapabilities? engine)
    {
        if (config.Cluster is not { } cluster || config.Engine != EngineNames.Vllm)
        {
            throw new LlmOpsException($"a LeaderWorkerSet is for vLLM on several machines, and '{config.Name}' is not; plan it with several topologies", "NotForSeveralMachines");
        }

        string name = KubernetesText.Label(config.Name);
        int cards = cluster.Hosts[0].Devices.Count;
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"""
            # {config.Name} on {cluster.Hosts.Count} machines with {cards} GPU(s) each. Needs the LeaderWorkerSet controller (github.com/kubernetes-sigs/lws).
            # An API key: kubectl create secret generic {name}-api-key --from-literal=key=...
            apiVersion: leaderworkerset.x-k8s.io/v1
            kind: LeaderWorkerSet
            metadata:
              name: {name}
            spec:
              replicas: 1
              leaderWorkerTemplate:
                size: {cluster.Hosts.Count}
                restartPolicy: RecreateGroupOnPodRestart

            """);
        Pod(text, config, engine, name, cards, isLeader: true);
        Pod(text, config, engine, name, cards, isLeader: false);
        text.Append(CultureInfo.InvariantCulture, $"""
            ---
            apiVersion: v1
            kind: Service
            metadata:
              name: {name}
            spec:
              type: ClusterIP
              selector:
                leaderworkerset.sigs.k8s.io/name: {name}
                role: leader
              ports:
                - name: http
                  port: {config.Endpoint.Port}
                  protocol: TCP
                  targetPort: {config.Endpoint.Port}

            """);
        return text.ToString();
    }

    private static void Pod(StringBuilder text, ServerConfig config, EngineCapabilities? engine, string name, int cards, bool isLeader)
    {
        string image = config.Image ?? $"{VllmImages.Repository}:{(engine?.Version is { } version ? "v" + version : "latest")}";
        LaunchCommand command = Command(config, engine, isLeader);
        text.Append(isLeader ? "    leaderTemplate:\n      metadata:\n        labels:\n          role: leader\n" : "    workerTemplate:\n");
        text.Append("      spec:\n        containers:\n");
        text.Append(CultureInfo.InvariantCulture, $"          - name: vllm\n            image: {YamlScalar.Of(image)}\n            command: [vllm]\n            args:\n");
        foreach (string argument in command.Arguments)
        {
            text.Append(CultureInfo.InvariantCulture, $"              - {Quoted(argument)}\n");
        }

        text.Append("            env:\n");
        foreach ((string variable, string value) in command.Environment.Where(entry => !s_devices.Contains(entry.Key)).OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"              - name: {variable}\n                value: {Quoted(value)}\n");
        }

        string resource = config.Cluster!.Hosts[0].Environment.ContainsKey("HIP_VISIBLE_DEVICES") ? "amd.com/gpu" : "nvidia.com/gpu";
        text.Append(CultureInfo.InvariantCulture, $"""
                          - name: VLLM_API_KEY
                            valueFrom:
                              secretKeyRef:
                                name: {name}-api-key
                                key: key
                                optional: true
                        resources:
                          limits:
                            {resource}: "{cards}"

            """);
        if (isLeader)
        {
            text.Append(CultureInfo.InvariantCulture, $"""
                            ports:
                              - containerPort: {config.Endpoint.Port}
                            readinessProbe:
                              httpGet:
                                path: /health
                                port: {config.Endpoint.Port}
                              periodSeconds: 10

                """);
        }

        text.Append(CultureInfo.InvariantCulture, $"""
                        volumeMounts:
                          - name: model
                            mountPath: {Quoted(config.Model)}
                            readOnly: true
                          - name: shm
                            mountPath: /dev/shm
                    volumes:
                      - name: model
                        hostPath:
                          path: {Quoted(config.Model)}
                          type: Directory
                      - name: shm
                        emptyDir:
                          medium: Memory
                          sizeLimit: 16Gi

            """);
    }

    private static LaunchCommand Command(ServerConfig config, EngineCapabilities? engine, bool isLeader)
    {
        OptionSet options = config.Options.Without(VllmOptions.ExecutorBackend.Name)
            .With(VllmOptions.Nodes.Name, "$(LWS_GROUP_SIZE)")
            .With(VllmOptions.NodeRank.Name, 0L)
            .With(VllmOptions.MasterAddress.Name, "$(LWS_LEADER_ADDRESS)")
            .With(VllmOptions.MasterPort.Name, (long)config.Cluster!.Port);
        ServerConfig pod = config with { EnginePath = null, Endpoint = config.Endpoint with { Host = "0.0.0.0", ApiKeyFile = null }, Options = isLeader ? options : ClusterCommands.Worker(options, "$(LWS_WORKER_INDEX)") };
        return LaunchCommandBuilder.Build(pod, engine);
    }

    // Everything quoted, for a number or a word such as 'on' has to stay text; Kubernetes reads $( as a variable only where this class wrote one.
    private static string Quoted(string text)
    {
        string written = YamlScalar.Of(text.StartsWith("$(LWS_", StringComparison.Ordinal) ? text : KubernetesText.Literal(text));
        return written[0] is '"' or '\'' ? written : $"\"{written}\"";
    }
}
