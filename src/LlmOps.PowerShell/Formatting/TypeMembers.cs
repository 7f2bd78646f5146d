using System.Management.Automation;
using LlmOps.Benchmarking;
using LlmOps.Configuration;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Servers;

namespace LlmOps.Formatting;

/// <summary>Members that <c>module/LlmOps/LlmOps.Types.ps1xml</c> adds to objects: values that scripts would otherwise compute again and again.</summary>
public static class TypeMembers
{
    /// <summary>The address that OpenAI clients ask for: <c>http://127.0.0.1:8080/v1</c>.</summary>
    public static Uri? ApiBase(PSObject item) => item?.BaseObject switch
    {
        LlmServer server => new Uri(server.Endpoint, "v1"),
        ServerConfig config => new Uri(config.Endpoint.Uri, "v1"),
        _ => null,
    };

    /// <summary>Seconds since the server was started, up to its end when it has ended.</summary>
    public static double? UptimeSeconds(PSObject item) => item?.BaseObject is LlmServer server && server.StartedAt != default
        ? Math.Round(((server.EndedAt ?? TimeProvider.System.GetUtcNow()) - server.StartedAt).TotalSeconds, 1)
        : null;

    /// <summary>Bytes of a GPU's memory that are not free; null when the driver does not say.</summary>
    public static long? MemoryUsedBytes(PSObject item) => item?.BaseObject is GpuDevice { MemoryFreeBytes: long free } gpu ? gpu.MemoryTotalBytes - free : null;

    /// <summary>Bits that each parameter takes on average; null for a model without parameters.</summary>
    public static double? BitsPerWeight(PSObject item) => item?.BaseObject is ModelDescription { ParameterCount: > 0 } model
        ? Math.Round(model.SizeBytes * 8.0 / model.ParameterCount, 2)
        : null;

    /// <summary>Whether the plan has no problems.</summary>
    public static bool Fits(PSObject item) => item?.BaseObject is ServerConfig { Problems.Count: 0 };

    /// <summary>Median time to the first token, in seconds.</summary>
    public static double? TtftP50Seconds(PSObject item) => Known(Of(item)?.TtftSeconds)?.P50;

    /// <summary>99th percentile of the time to the first token, in seconds.</summary>
    public static double? TtftP99Seconds(PSObject item) => Known(Of(item)?.TtftSeconds)?.P99;

    /// <summary>Median time per output token, in seconds.</summary>
    public static double? TpotP50Seconds(PSObject item) => Known(Of(item)?.TpotSeconds)?.P50;

    /// <summary>99th percentile of the time of a whole request, in seconds.</summary>
    public static double? E2eP99Seconds(PSObject item) => Known(Of(item)?.E2eSeconds)?.P99;

    /// <summary>Of no value there is no figure, and 0 would be one.</summary>
    private static LatencySummary? Known(LatencySummary? summary) => summary is { Count: > 0 } ? summary : null;

    private static ThroughputResult? Of(PSObject? item) => item?.BaseObject as ThroughputResult;
}
