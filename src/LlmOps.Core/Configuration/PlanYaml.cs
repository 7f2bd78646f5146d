using LlmOps.Planning;
using YamlDotNet.RepresentationModel;

namespace LlmOps.Configuration;

/// <summary>Reads the parts of a configuration that a plan left in it.</summary>
/// <param name="nodes">Reads typed values.</param>
internal sealed class PlanYaml(YamlNodes nodes)
{
    private static readonly string[] DeviceKeys =
    [
        "name", "layers", "totalBytes", "weightsBytes", "kvCacheBytes", "recurrentBytes", "computeBytes", "projectorBytes", "draftBytes", "overheadBytes",
        "freeAfterBytes", "computedBytes",
    ];

    private static readonly string[] HostKeys =
    [
        "totalBytes", "weightsBytes", "kvCacheBytes", "recurrentBytes", "computeBytes", "outputBytes", "projectorBytes", "draftBytes",
        "promptCacheBytes", "checkpointBytes", "mappedBytes", "lockedBytes", "freeAfterBytes",
    ];

    private static readonly string[] PoolKeys = ["bytes", "tokens", "fullLengthRequests", "blockTokens", "blocks", "blocksPerRequest", "stateBlocksPerRequest", "utilization", "reserveBytes"];

    /// <summary>The block <c>plan</c>.</summary>
    public MemoryPlan Plan(YamlNode node)
    {
        MemoryPlan plan = new();
        foreach ((string key, _, YamlNode value) in nodes.Entries(nodes.Mapping(node, "plan"), "plan", ["source", "devices", "pool", "host"]))
        {
            plan = key switch
            {
                "source" => plan with { Source = nodes.Text(value, key) },
                "devices" => plan with { Devices = [.. nodes.Sequence(value, key).Select(Device)] },
                "pool" => plan with { Pool = Pool(value) },
                _ => plan with { Host = Host(value) },
            };
        }

        return plan;
    }

    /// <summary>The block <c>prediction</c>.</summary>
    public ThroughputPrediction Prediction(YamlNode node)
    {
        ThroughputPrediction prediction = new(null, null, "");
        foreach ((string key, _, YamlNode value) in nodes.Entries(nodes.Mapping(node, "prediction"), "prediction", ["decodeTokensPerSecond", "prefillTokensPerSecond", "rooflineDecodeTokensPerSecond", "decodeAtFullContextTokensPerSecond", "limitedBy"]))
        {
            prediction = key switch
            {
                "decodeTokensPerSecond" => prediction with { DecodeTokensPerSecond = nodes.Number(value, key) },
                "prefillTokensPerSecond" => prediction with { PrefillTokensPerSecond = nodes.Number(value, key) },
                "rooflineDecodeTokensPerSecond" => prediction with { RooflineDecodeTokensPerSecond = nodes.Number(value, key) },
                "decodeAtFullContextTokensPerSecond" => prediction with { DecodeAtFullContextTokensPerSecond = nodes.Number(value, key) },
                _ => prediction with { LimitedBy = nodes.Text(value, key) },
            };
        }

        return prediction;
    }

    /// <summary>One entry of <c>problems</c>.</summary>
    public PlanProblem Problem(YamlNode node)
    {
        PlanProblem problem = new("", "");
        foreach ((string key, _, YamlNode value) in nodes.Entries(nodes.Mapping(node, "a problem"), "a problem", ["message", "remedy"]))
        {
            problem = key == "message" ? problem with { Message = nodes.Text(value, key) } : problem with { Remedy = nodes.Text(value, key) };
        }

        return problem;
    }

    private PoolPlan Pool(YamlNode node)
    {
        PoolPlan pool = new();
        foreach ((string key, _, YamlNode value) in nodes.Entries(nodes.Mapping(node, "pool"), "pool of the plan", PoolKeys))
        {
            pool = key switch
            {
                "bytes" => pool with { Bytes = Size(value, key) },
                "tokens" => pool with { Tokens = Size(value, key) },
                "fullLengthRequests" => pool with { FullLengthRequests = nodes.Number(value, key) },
                "blockTokens" => pool with { BlockTokens = Size(value, key) },
                "blocks" => pool with { Blocks = Size(value, key) },
                "blocksPerRequest" => pool with { BlocksPerRequest = Size(value, key) },
                "stateBlocksPerRequest" => pool with { StateBlocksPerRequest = Size(value, key) },
                "utilization" => pool with { Utilization = nodes.Number(value, key) },
                _ => pool with { ReserveBytes = Size(value, key) },
            };
        }

        return pool;
    }

    private DeviceMemory Device(YamlNode node)
    {
        DeviceMemory device = new() { Name = "" };
        foreach ((string key, _, YamlNode value) in nodes.Entries(nodes.Mapping(node, "a device"), "a device of the plan", DeviceKeys))
        {
            device = key switch
            {
                "name" => device with { Name = nodes.Text(value, key) },
                "layers" => device with { Layers = (int)nodes.Integer(value, key, 0, 100_000) },
                "totalBytes" => device with { TotalBytes = Size(value, key) },
                "weightsBytes" => device with { WeightsBytes = Size(value, key) },
                "kvCacheBytes" => device with { KvCacheBytes = Size(value, key) },
                "recurrentBytes" => device with { RecurrentBytes = Size(value, key) },
                "computeBytes" => device with { ComputeBytes = Size(value, key) },
                "projectorBytes" => device with { ProjectorBytes = Size(value, key) },
                "draftBytes" => device with { DraftBytes = Size(value, key) },
                "overheadBytes" => device with { OverheadBytes = Size(value, key) },
                "computedBytes" => device with { ComputedBytes = Size(value, key) },
                _ => device with { FreeAfterBytes = Size(value, key) },
            };
        }

        return device;
    }

    private HostMemory Host(YamlNode node)
    {
        HostMemory host = new();
        foreach ((string key, _, YamlNode value) in nodes.Entries(nodes.Mapping(node, "host"), "host of the plan", HostKeys))
        {
            host = key switch
            {
                "totalBytes" => host with { TotalBytes = Size(value, key) },
                "weightsBytes" => host with { WeightsBytes = Size(value, key) },
                "kvCacheBytes" => host with { KvCacheBytes = Size(value, key) },
                "recurrentBytes" => host with { RecurrentBytes = Size(value, key) },
                "computeBytes" => host with { ComputeBytes = Size(value, key) },
                "outputBytes" => host with { OutputBytes = Size(value, key) },
                "projectorBytes" => host with { ProjectorBytes = Size(value, key) },
                "draftBytes" => host with { DraftBytes = Size(value, key) },
                "promptCacheBytes" => host with { PromptCacheBytes = Size(value, key) },
                "checkpointBytes" => host with { CheckpointBytes = Size(value, key) },
                "mappedBytes" => host with { MappedBytes = Size(value, key) },
                "lockedBytes" => host with { LockedBytes = Size(value, key) },
                _ => host with { FreeAfterBytes = Size(value, key) },
            };
        }

        return host;
    }

    private long Size(YamlNode node, string key) => nodes.Integer(node, key, long.MinValue, long.MaxValue);
}
