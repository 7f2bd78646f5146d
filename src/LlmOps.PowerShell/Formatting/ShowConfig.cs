using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Planning;

namespace LlmOps.Formatting;

/// <summary>Lines about configurations and plans for the default views.</summary>
public static class ShowConfig
{
    /// <summary>Options, one a line: <c>contextLength: 8192</c>.</summary>
    public static string Options(OptionSet options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return string.Join('\n', options.Values.Select(option => $"{option.Key}: {EngineOption.Format(option.Value)}"));
    }

    /// <summary>Where it answers: the address for clients here, and who else can connect.</summary>
    public static string Endpoint(ServerEndpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        string address = endpoint.Uri.ToString().TrimEnd('/');
        return endpoint.IsLoopback ? address : $"{address} (listens on {endpoint.Host}{(endpoint.ApiKeyFile is null ? ", without a key" : string.Empty)})";
    }

    /// <summary>Memory of each device and of the host, one a line.</summary>
    public static string Memory(MemoryPlan? plan) => plan is null
        ? string.Empty
        : string.Join('\n', [.. plan.Devices.Select(Device), Host(plan.Host)]);

    /// <summary>One GPU's memory on one line.</summary>
    public static string Device(DeviceMemory device)
    {
        ArgumentNullException.ThrowIfNull(device);
        string free = device.FreeAfterBytes < 0 ? $"{Bytes.Format(-device.FreeAfterBytes)} too much" : $"{Bytes.Format(device.FreeAfterBytes)} free";
        return $"{device.Name}: {Bytes.Format(device.UsedBytes)} of {Bytes.Format(device.TotalBytes)}, {free} "
            + Parts(device.WeightsBytes, device.KvCacheBytes, device.RecurrentBytes, device.ComputeBytes, device.OverheadBytes, ("projector", device.ProjectorBytes), ("drafting", device.DraftBytes));
    }

    /// <summary>The prediction on one line.</summary>
    public static string Prediction(ThroughputPrediction? prediction) => prediction is null
        ? string.Empty
        : string.Join(", ", new[]
        {
            prediction.DecodeTokensPerSecond is double decode ? $"{Show.Rate(decode)} tokens/s" : null,
            prediction.PrefillTokensPerSecond is double prefill ? $"prompts at {Show.Rate(prefill)} tokens/s" : null,
            $"limited by {prediction.LimitedBy}",
        }.OfType<string>());

    private static string Host(HostMemory host)
    {
        string used = host.TotalBytes is long total ? $"{Bytes.Format(host.UsedBytes)} of {Bytes.Format(total)}" : Bytes.Format(host.UsedBytes);
        string free = host.FreeAfterBytes switch
        {
            null => string.Empty,
            < 0 and long missing => $", {Bytes.Format(-missing)} too much",
            long left => $", {Bytes.Format(left)} available",
        };
        return $"host: {used}{free} " + Parts(host.WeightsBytes, host.KvCacheBytes, host.RecurrentBytes, host.ComputeBytes, 0, ("output", host.OutputBytes), ("projector", host.ProjectorBytes), ("drafting", host.DraftBytes),
            ("saved prompts at most", host.PromptCacheBytes), ("saved states at most", host.CheckpointBytes));
    }

    private static string Parts(long weights, long kvCache, long recurrent, long compute, long overhead, params (string Name, long Bytes)[] others)
    {
        (string Name, long Bytes)[] parts =
        [
            ("weights", weights), ("KV cache", kvCache), ("recurrent state", recurrent), ("compute", compute), ("overhead", overhead), .. others,
        ];
        return $"({string.Join(", ", parts.Where(part => part.Bytes != 0).Select(part => $"{part.Name} {Bytes.Format(part.Bytes)}"))})";
    }
}
