using System.Text.Json;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Models;
using LlmOps.Planning.Distributed;
using LlmOps.Serialization;

namespace LlmOps.Planning;

/// <summary>A plan as the JSON document that scripts rely on.</summary>
public static class PlanDocument
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>The document: camelCase names, sizes in bytes.</summary>
    /// <param name="config">The plan.</param>
    /// <param name="model">The model.</param>
    /// <param name="command">What this machine runs.</param>
    /// <param name="engine">What the commands of further machines are rendered for; null for the newest known version.</param>
    public static string ToJson(ServerConfig config, ModelDescription model, LaunchCommand command, EngineCapabilities? engine = null)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, Indented))
        {
            json.WriteStartObject();
            json.WriteString("name", config.Name);
            json.WriteString("engine", config.Engine);
            json.WriteString("runtime", config.Runtime);
            json.WriteBoolean("fits", config.Problems.Count == 0);
            Model(json, config, model);
            Devices(json, config);
            Options(json, config);
            Endpoint(json, config);
            json.WritePropertyName("command");
            Command(json, command);
            ClusterDocument.Write(json, config, engine);
            Memory(json, config.Plan ?? new MemoryPlan());
            Prediction(json, config.Prediction);
            Decisions(json, config);
            Problems(json, config);
            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    private static void Model(Utf8JsonWriter json, ServerConfig config, ModelDescription model)
    {
        json.WriteStartObject("model");
        json.WriteString("path", config.Model);
        json.WriteString("name", model.Name);
        json.WriteString("alias", config.Alias);
        json.WriteString("architecture", model.Architecture);
        json.WriteString("quantization", model.Quantization);
        json.WriteNumber("parameterCount", model.ParameterCount);
        json.WriteNumber("sizeBytes", model.SizeBytes);
        json.WriteNumber("contextLength", model.ContextLength);
        json.WriteNumber("layerCount", model.LayerCount);
        json.WriteEndObject();
    }

    private static void Devices(Utf8JsonWriter json, ServerConfig config)
    {
        json.WriteStartArray("devices");
        foreach (ConfigDevice device in config.Devices)
        {
            Device(json, device, device.Name, device.Host);
        }

        // llama.cpp has one process that sees the devices of all machines; of vLLM each machine has its own.
        if (config.Cluster is { Form: not ClusterForms.Rpc } cluster)
        {
            foreach ((ClusterHost host, ConfigDevice device) in cluster.Hosts.Skip(1).SelectMany(host => host.Devices.Select(device => (host, device))))
            {
                Device(json, device, cluster.PlanName(host, device.Name), host.Name);
            }
        }

        json.WriteEndArray();
    }

    /// <summary>A device as an object.</summary>
    internal static void Device(Utf8JsonWriter json, ConfigDevice device, string name, string? host)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.Field("index", device.Index);
        json.WriteString("uuid", device.Uuid);
        json.Field("host", host);
        json.WriteEndObject();
    }

    private static void Options(Utf8JsonWriter json, ServerConfig config)
    {
        json.WriteStartObject("options");
        foreach ((string name, object value) in config.Options.Values)
        {
            json.WritePropertyName(name);
            switch (value)
            {
                case bool flag:
                    json.WriteBooleanValue(flag);
                    break;
                case long number:
                    json.WriteNumberValue(number);
                    break;
                case IReadOnlyList<double> list:
                    json.WriteStartArray();
                    foreach (double item in list)
                    {
                        json.WriteNumberValue(item);
                    }

                    json.WriteEndArray();
                    break;
                case double number:
                    json.WriteNumberValue(number);
                    break;
                default:
                    json.WriteStringValue(EngineOption.Format(value));
                    break;
            }
        }

        json.WriteEndObject();
    }

    private static void Endpoint(Utf8JsonWriter json, ServerConfig config)
    {
        json.WriteStartObject("endpoint");
        json.WriteString("host", config.Endpoint.Host);
        json.WriteNumber("port", config.Endpoint.Port);
        json.WriteString("uri", config.Endpoint.Uri.ToString());
        json.WriteEndObject();
    }

    /// <summary>A command as an object.</summary>
    internal static void Command(Utf8JsonWriter json, LaunchCommand command)
    {
        json.WriteStartObject();
        json.WriteString("file", command.File);
        json.Field("arguments", command.Arguments);
        json.Field("environment", command.Environment);
        json.WriteEndObject();
    }

    private static void Memory(Utf8JsonWriter json, MemoryPlan plan)
    {
        json.WriteStartObject("plan");
        json.WriteString("source", plan.Source);
        json.Entries("devices", plan.Devices, device =>
        {
            json.WriteString("name", device.Name);
            json.WriteNumber("layers", device.Layers);
            json.WriteNumber("totalBytes", device.TotalBytes);
            json.WriteNumber("weightsBytes", device.WeightsBytes);
            json.WriteNumber("kvCacheBytes", device.KvCacheBytes);
            json.WriteNumber("recurrentBytes", device.RecurrentBytes);
            json.WriteNumber("computeBytes", device.ComputeBytes);
            json.WriteNumber("projectorBytes", device.ProjectorBytes);
            json.WriteNumber("draftBytes", device.DraftBytes);
            json.WriteNumber("overheadBytes", device.OverheadBytes);
            json.WriteNumber("freeAfterBytes", device.FreeAfterBytes);
            json.Field("computedBytes", device.ComputedBytes);
        });
        Pool(json, plan.Pool);
        json.WriteStartObject("host");
        json.WriteNumber("weightsBytes", plan.Host.WeightsBytes);
        json.WriteNumber("kvCacheBytes", plan.Host.KvCacheBytes);
        json.WriteNumber("recurrentBytes", plan.Host.RecurrentBytes);
        json.WriteNumber("computeBytes", plan.Host.ComputeBytes);
        json.WriteNumber("outputBytes", plan.Host.OutputBytes);
        json.WriteNumber("projectorBytes", plan.Host.ProjectorBytes);
        json.WriteNumber("draftBytes", plan.Host.DraftBytes);
        json.WriteNumber("promptCacheBytes", plan.Host.PromptCacheBytes);
        json.WriteNumber("checkpointBytes", plan.Host.CheckpointBytes);
        json.WriteNumber("mappedBytes", plan.Host.MappedBytes);
        json.WriteNumber("lockedBytes", plan.Host.LockedBytes);
        json.Field("freeAfterBytes", plan.Host.FreeAfterBytes);
        json.WriteEndObject();
        json.Entries("terms", plan.Terms, term =>
        {
            json.WriteString("place", term.Place);
            json.WriteString("kind", term.Kind);
            json.WriteNumber("bytes", term.Bytes);
            json.WriteString("source", term.Source);
        });
        json.WriteEndObject();
    }

    private static void Pool(Utf8JsonWriter json, PoolPlan? pool)
    {
        if (pool is null)
        {
            return;
        }

        json.WriteStartObject("pool");
        json.WriteNumber("bytes", pool.Bytes);
        json.WriteNumber("tokens", pool.Tokens);
        json.WriteNumber("fullLengthRequests", pool.FullLengthRequests);
        json.WriteNumber("blockTokens", pool.BlockTokens);
        json.WriteNumber("blocks", pool.Blocks);
        json.WriteNumber("blocksPerRequest", pool.BlocksPerRequest);
        json.WriteNumber("stateBlocksPerRequest", pool.StateBlocksPerRequest);
        json.WriteNumber("utilization", pool.Utilization);
        json.WriteNumber("reserveBytes", pool.ReserveBytes);
        json.WriteEndObject();
    }

    private static void Prediction(Utf8JsonWriter json, ThroughputPrediction? prediction)
    {
        json.WriteStartObject("prediction");
        Rate("decodeTokensPerSecond", prediction?.DecodeTokensPerSecond);
        Rate("prefillTokensPerSecond", prediction?.PrefillTokensPerSecond);
        Rate("rooflineDecodeTokensPerSecond", prediction?.RooflineDecodeTokensPerSecond);
        Rate("decodeAtFullContextTokensPerSecond", prediction?.DecodeAtFullContextTokensPerSecond);
        json.WriteString("limitedBy", prediction?.LimitedBy ?? "unknown");
        json.WriteEndObject();

        void Rate(string name, double? rate)
        {
            if (rate is { } known)
            {
                json.WriteNumber(name, known);
            }
            else
            {
                json.WriteNull(name);
            }
        }
    }

    private static void Decisions(Utf8JsonWriter json, ServerConfig config) => json.Entries("decisions", config.Decisions, decision =>
    {
        json.WriteString("option", decision.Option);
        json.WriteString("value", decision.Value);
        json.WriteString("reason", decision.Reason);
        json.WriteBoolean("pinned", decision.Pinned);
        json.Field("rejected", decision.Alternatives);
    });

    private static void Problems(Utf8JsonWriter json, ServerConfig config) => json.Entries("problems", config.Problems, problem =>
    {
        json.WriteString("message", problem.Message);
        json.WriteString("remedy", problem.Remedy);
    });
}
