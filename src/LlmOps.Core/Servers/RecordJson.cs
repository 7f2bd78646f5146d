using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using LlmOps.Configuration;

namespace LlmOps.Servers;

/// <summary>The JSON of <c>server.json</c>, <c>launch.json</c> and <c>stop.json</c>.</summary>
internal static class RecordJson
{
    // Read by people and programs from a file, never from a web page: paths and names may keep their letters.
    private static readonly JsonWriterOptions s_readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(ServerRecord record) => Write(writer =>
    {
        writer.WriteNumber("schemaVersion", record.SchemaVersion);
        writer.WriteString("name", record.Name);
        writer.WriteString("instance", record.Instance);
        writer.WriteString("state", record.State.ToString());
        writer.Field("reason", record.Reason);
        WriteProcess(writer, "starter", record.Starter);
        WriteProcess(writer, "supervisor", record.Supervisor);
        WriteProcess(writer, "engineProcess", record.EngineProcess);
        writer.WriteString("engine", record.Engine);
        writer.WriteString("runtime", record.Runtime);
        writer.WriteString("model", record.Model);
        writer.Field("alias", record.Alias);
        WriteEndpoint(writer, record.Endpoint);
        writer.Field("startedAt", record.StartedAt);
        writer.Field("readyAt", record.ReadyAt);
        writer.Field("endedAt", record.EndedAt);
        writer.Field("exitCode", record.ExitCode);
        writer.Field("exitSignal", record.ExitSignal);
        writer.WriteNumber("restarts", record.Restarts);
        writer.Field("contextLength", record.ContextLength);
        writer.Field("slots", record.Slots);
    });

    public static ServerRecord ReadServer(JsonElement root) => new()
    {
        SchemaVersion = root.Number("schemaVersion"),
        Name = root.Text("name"),
        Instance = root.Text("instance"),
        State = root.Choice<ServerState>("state"),
        Reason = root.OptionalText("reason"),
        Starter = ReadProcess(root, "starter"),
        Supervisor = ReadProcess(root, "supervisor"),
        EngineProcess = ReadProcess(root, "engineProcess"),
        Engine = root.Text("engine"),
        Runtime = root.Text("runtime"),
        Model = root.Text("model"),
        Alias = root.OptionalText("alias"),
        Endpoint = ReadEndpoint(root),
        StartedAt = root.OptionalTime("startedAt") ?? throw new JsonException("'startedAt' is missing"),
        ReadyAt = root.OptionalTime("readyAt"),
        EndedAt = root.OptionalTime("endedAt"),
        ExitCode = root.OptionalNumber("exitCode"),
        ExitSignal = root.OptionalText("exitSignal"),
        Restarts = root.Number("restarts"),
        ContextLength = root.TryGetProperty("contextLength", out JsonElement context) ? context.GetInt64() : null,
        Slots = root.OptionalNumber("slots"),
    };

    public static byte[] Write(LaunchRecord launch) => Write(writer =>
    {
        writer.WriteNumber("schemaVersion", launch.SchemaVersion);
        writer.WriteString("instance", launch.Instance);
        writer.WriteString("file", launch.File);
        writer.WriteStartArray("arguments");
        foreach (string argument in launch.Arguments)
        {
            writer.WriteStringValue(argument);
        }

        writer.WriteEndArray();
        writer.WriteStartObject("environment");
        foreach ((string name, string value) in launch.Environment)
        {
            writer.WriteString(name, value);
        }

        writer.WriteEndObject();
        writer.WriteString("workingDirectory", launch.WorkingDirectory);
        WriteEndpoint(writer, launch.Endpoint);
        writer.WriteString("healthPath", launch.HealthPath);
        writer.WriteStartObject("restart");
        writer.WriteString("mode", launch.Restart.Mode.ToString());
        writer.WriteNumber("maxRestarts", launch.Restart.MaxRestarts);
        writer.WriteNumber("backoffSeconds", launch.Restart.BackoffSeconds);
        writer.WriteEndObject();
    });

    public static LaunchRecord ReadLaunch(JsonElement root)
    {
        JsonElement restart = root.Object("restart");
        return new LaunchRecord
        {
            SchemaVersion = root.Number("schemaVersion"),
            Instance = root.Text("instance"),
            File = root.Text("file"),
            Arguments = [.. root.GetProperty("arguments").EnumerateArray().Select(argument => argument.GetString() ?? string.Empty)],
            Environment = root.Object("environment").EnumerateObject().ToDictionary(variable => variable.Name, variable => variable.Value.GetString() ?? string.Empty),
            WorkingDirectory = root.Text("workingDirectory"),
            Endpoint = ReadEndpoint(root),
            HealthPath = root.Text("healthPath"),
            Restart = new RestartPolicy
            {
                Mode = restart.Choice<RestartMode>("mode"),
                MaxRestarts = restart.Number("maxRestarts"),
                BackoffSeconds = restart.GetProperty("backoffSeconds").GetDouble(),
            },
        };
    }

    public static byte[] Write(StopRequest stop) => Write(writer =>
    {
        writer.WriteNumber("graceSeconds", stop.GraceSeconds);
        writer.Field("reason", stop.Reason);
    });

    public static StopRequest ReadStop(JsonElement root) => new(root.GetProperty("graceSeconds").GetDouble(), root.OptionalText("reason"));

    private static byte[] Write(Action<Utf8JsonWriter> writeFields)
    {
        ArrayBufferWriter<byte> buffer = new(1024);
        using (Utf8JsonWriter writer = new(buffer, s_readable))
        {
            writer.WriteStartObject();
            writeFields(writer);
            writer.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteProcess(Utf8JsonWriter writer, string name, ProcessIdentity? process)
    {
        if (process is not null)
        {
            writer.WriteStartObject(name);
            writer.WriteNumber("pid", process.Pid);
            writer.WriteNumber("startTicks", process.StartTicks);
            writer.WriteString("bootId", process.BootId);
            writer.WriteEndObject();
        }
    }

    private static ProcessIdentity? ReadProcess(JsonElement root, string name) => root.OptionalObject(name) is { } process
        ? new ProcessIdentity(process.Number("pid"), process.GetProperty("startTicks").GetInt64(), process.Text("bootId"))
        : null;

    private static void WriteEndpoint(Utf8JsonWriter writer, ServerEndpoint endpoint)
    {
        writer.WriteStartObject("endpoint");
        writer.WriteString("host", endpoint.Host);
        writer.WriteNumber("port", endpoint.Port);
        writer.Field("apiKeyFile", endpoint.ApiKeyFile);
        writer.WriteEndObject();
    }

    private static ServerEndpoint ReadEndpoint(JsonElement root)
    {
        JsonElement endpoint = root.Object("endpoint");
        return new ServerEndpoint { Host = endpoint.Text("host"), Port = endpoint.Number("port"), ApiKeyFile = endpoint.OptionalText("apiKeyFile") };
    }
}
