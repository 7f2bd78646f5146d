using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using LlmOps.Hardware;
using LlmOps.Servers;

namespace LlmOps.Cli.Output;

/// <summary>Servers as JSON, written field by field.</summary>
/// <remarks>
/// Scripts call <c>ps</c> again and again, and the serialiser's generated metadata for numbers and times cannot be compiled ahead:
/// it would cost more than all the rest of the command.
/// </remarks>
internal static class ServerDocument
{
    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>An array of servers.</summary>
    public static string ToJson(IReadOnlyList<LlmServer> servers) => Write(json =>
    {
        json.WriteStartArray();
        foreach (LlmServer server in servers)
        {
            Server(json, server);
        }

        json.WriteEndArray();
    });

    /// <summary>One server.</summary>
    public static string ToJson(LlmServer server) => Write(json => Server(json, server));

    private static string Write(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> text = new();
        using (Utf8JsonWriter json = new(text, Readable))
        {
            write(json);
        }

        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    private static void Server(Utf8JsonWriter json, LlmServer server)
    {
        json.WriteStartObject();
        json.WriteString("name", server.Name);
        json.WriteString("state", JsonNamingPolicy.CamelCase.ConvertName(server.State.ToString()));
        Number(json, "pid", server.Pid);
        Number(json, "supervisorPid", server.SupervisorPid);
        json.WriteString("endpoint", server.Address);
        json.WriteString("engine", server.Engine);
        json.WriteString("runtime", server.Runtime);
        json.WriteString("model", server.Model);
        json.WriteString("alias", server.Alias);
        json.WriteString("startedAt", server.StartedAt);
        Time(json, "readyAt", server.ReadyAt);
        Time(json, "endedAt", server.EndedAt);
        Number(json, "exitCode", server.ExitCode);
        json.WriteString("exitSignal", server.ExitSignal);
        json.WriteString("reason", server.Reason);
        json.WriteNumber("restarts", server.Restarts);
        Number(json, "contextLength", server.ContextLength);
        Number(json, "slots", server.Slots);
        json.WriteString("faultId", server.FaultId);
        Number(json, "offloadedLayers", server.OffloadedLayers);
        Number(json, "layerCount", server.LayerCount);
        json.WriteStartArray("planAccuracy");
        foreach (DeviceAllocation device in server.PlanAccuracy)
        {
            Allocation(json, device);
        }

        json.WriteEndArray();
        if (server.Figures is { } figures)
        {
            json.WritePropertyName("figures");
            figures.Write(json);
        }
        else
        {
            json.WriteNull("figures");
        }

        json.WriteStartArray("warnings");
        foreach (string warning in server.Warnings)
        {
            json.WriteStringValue(warning);
        }

        json.WriteEndArray();
        json.WriteStartArray("gpuMemory");
        foreach (GpuMemoryRelease gpu in server.GpuMemory)
        {
            Release(json, gpu);
        }

        json.WriteEndArray();
        json.WriteString("logPath", server.LogPath);
        json.WriteString("configPath", server.ConfigPath);
        json.WriteString("apiKeyFile", server.ApiKeyFile);
        json.WriteEndObject();
    }

    private static void Allocation(Utf8JsonWriter json, DeviceAllocation device)
    {
        json.WriteStartObject();
        json.WriteString("device", device.Device);
        Number(json, "plannedBytes", device.PlannedBytes);
        json.WriteNumber("actualBytes", device.ActualBytes);
        if (device.ErrorPercent is { } error)
        {
            json.WriteNumber("errorPercent", error);
        }
        else
        {
            json.WriteNull("errorPercent");
        }

        json.WriteNumber("weightsBytes", device.WeightsBytes);
        json.WriteNumber("kvCacheBytes", device.KvCacheBytes);
        json.WriteNumber("recurrentBytes", device.RecurrentBytes);
        json.WriteNumber("computeBytes", device.ComputeBytes);
        json.WriteEndObject();
    }

    private static void Release(Utf8JsonWriter json, GpuMemoryRelease gpu)
    {
        json.WriteStartObject();
        json.WriteNumber("index", gpu.Index);
        json.WriteString("uuid", gpu.Uuid);
        json.WriteNumber("beforeBytes", gpu.BeforeBytes);
        json.WriteNumber("afterBytes", gpu.AfterBytes);
        json.WriteNumber("freedBytes", gpu.FreedBytes);
        Number(json, "serverBytes", gpu.ServerBytes);
        json.WriteBoolean("isReleased", gpu.IsReleased);
        json.WriteStartArray("holders");
        foreach (GpuProcess holder in gpu.Holders)
        {
            json.WriteStartObject();
            json.WriteNumber("processId", holder.ProcessId);
            json.WriteString("name", holder.Name);
            Number(json, "memoryBytes", holder.MemoryBytes);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Number(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } known)
        {
            json.WriteNumber(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void Time(Utf8JsonWriter json, string name, DateTimeOffset? value)
    {
        if (value is { } known)
        {
            json.WriteString(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
