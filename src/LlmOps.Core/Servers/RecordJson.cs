using System.Text.Json;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Serialization;

namespace LlmOps.Servers;

/// <summary>The JSON of <c>server.json</c>, <c>launch.json</c> and <c>stop.json</c>.</summary>
internal static class RecordJson
{
    public static byte[] Write(ServerRecord record) => JsonFields.Write(writer =>
    {
        writer.WriteNumber("schemaVersion", record.SchemaVersion);
        writer.WriteString("name", record.Name);
        writer.WriteString("instance", record.Instance);
        writer.WriteString("state", ServerStates.ToName(record.State));
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
        writer.Field("faultId", record.FaultId);
        writer.Field("offloadedLayers", record.OffloadedLayers);
        writer.Field("layerCount", record.LayerCount);
        if (record.Memory.Count > 0)
        {
            WriteAllocations(writer, "memory", record.Memory);
        }

        if (record.Figures is { } figures)
        {
            writer.WritePropertyName("figures");
            figures.Write(writer);
        }

        if (record.Warnings.Count > 0)
        {
            writer.Field("warnings", record.Warnings);
        }
    });

    public static ServerRecord ReadServer(JsonElement root) => new()
    {
        SchemaVersion = root.Number("schemaVersion"),
        Name = root.Text("name"),
        Instance = root.Text("instance"),
        State = ServerStates.Parse(root.Text("state")) ?? throw new JsonException("'state' has an unknown value"),
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
        ContextLength = root.OptionalLong("contextLength"),
        Slots = root.OptionalNumber("slots"),
        FaultId = root.OptionalText("faultId"),
        OffloadedLayers = root.OptionalNumber("offloadedLayers"),
        LayerCount = root.OptionalNumber("layerCount"),
        Memory = ReadAllocations(root, "memory"),
        Figures = root.OptionalObject("figures") is { } figures ? EngineFigures.Read(figures) : null,
        Warnings = root.Texts("warnings"),
    };

    public static byte[] Write(LaunchRecord launch) => JsonFields.Write(writer =>
    {
        writer.WriteNumber("schemaVersion", launch.SchemaVersion);
        writer.WriteString("instance", launch.Instance);
        writer.WriteString("engine", launch.Engine);
        writer.WriteString("file", launch.File);
        writer.Field("arguments", launch.Arguments);
        writer.Field("environment", launch.Environment);
        if (launch.SecretFiles is { } secrets)
        {
            writer.Field("secretFiles", secrets);
        }

        writer.WriteString("workingDirectory", launch.WorkingDirectory);
        WriteEndpoint(writer, launch.Endpoint);
        writer.WriteString("healthPath", launch.HealthPath);
        writer.Object("restart", () =>
        {
            writer.WriteString("mode", RestartModes.ToName(launch.Restart.Mode));
            writer.WriteNumber("maxRestarts", launch.Restart.MaxRestarts);
            writer.WriteNumber("backoffSeconds", launch.Restart.BackoffSeconds);
        });
        writer.WriteNumber("unresponsiveSeconds", launch.UnresponsiveSeconds);
        writer.Field("model", launch.Model);
        writer.Object("log", () =>
        {
            writer.WriteNumber("maxFileMiB", launch.Log.MaxFileMiB);
            writer.WriteNumber("maxFiles", launch.Log.MaxFiles);
            writer.WriteNumber("maxFileDays", launch.Log.MaxFileDays);
        });
        if (launch.Expectation is { } expectation)
        {
            writer.Object("expectation", () => Write(writer, expectation));
        }
    });

    public static LaunchRecord ReadLaunch(JsonElement root)
    {
        JsonElement restart = root.Object("restart");
        return new LaunchRecord
        {
            SchemaVersion = root.Number("schemaVersion"),
            Instance = root.Text("instance"),
            Engine = root.OptionalText("engine") ?? EngineNames.LlamaCpp,
            File = root.Text("file"),
            Arguments = root.Texts("arguments"),
            Environment = root.TextsByName("environment"),
            SecretFiles = root.OptionalObject("secretFiles") is null ? null : root.TextsByName("secretFiles"),
            WorkingDirectory = root.Text("workingDirectory"),
            Endpoint = ReadEndpoint(root),
            HealthPath = root.Text("healthPath"),
            Restart = new RestartPolicy
            {
                Mode = RestartModes.ParseName(restart.Text("mode")) ?? throw new JsonException("'mode' has an unknown value"),
                MaxRestarts = restart.Number("maxRestarts"),
                BackoffSeconds = restart.GetProperty("backoffSeconds").GetDouble(),
            },
            UnresponsiveSeconds = root.OptionalNumber("unresponsiveSeconds") ?? new HealthPolicy().UnresponsiveSeconds,
            Model = root.OptionalText("model"),
            Log = root.OptionalObject("log") is { } log
                ? new LogPolicy { MaxFileMiB = log.Number("maxFileMiB"), MaxFiles = log.Number("maxFiles"), MaxFileDays = log.Number("maxFileDays") }
                : new LogPolicy(),
            Expectation = root.OptionalObject("expectation") is { } expectation ? ReadExpectation(expectation) : null,
        };
    }

    public static byte[] Write(StopRequest stop) => JsonFields.Write(writer =>
    {
        writer.WriteNumber("graceSeconds", stop.GraceSeconds);
        writer.Field("reason", stop.Reason);
    });

    public static StopRequest ReadStop(JsonElement root) => new(root.GetProperty("graceSeconds").GetDouble(), root.OptionalText("reason"));

    /// <summary>Writes what was allocated, by device.</summary>
    public static void WriteAllocations(Utf8JsonWriter writer, string name, IReadOnlyList<DeviceAllocation> devices) => writer.Entries(name, devices, device =>
    {
        writer.WriteString("device", device.Device);
        writer.Field("uuid", device.Uuid);
        writer.Field("plannedBytes", device.PlannedBytes);
        writer.WriteNumber("weightsBytes", device.WeightsBytes);
        writer.WriteNumber("kvCacheBytes", device.KvCacheBytes);
        writer.WriteNumber("recurrentBytes", device.RecurrentBytes);
        writer.WriteNumber("computeBytes", device.ComputeBytes);
    });

    /// <summary>Reads what <see cref="WriteAllocations"/> wrote; empty when it is not there.</summary>
    public static IReadOnlyList<DeviceAllocation> ReadAllocations(JsonElement root, string name) => root.Entries(name, device => new DeviceAllocation
    {
        Device = device.Text("device"),
        Uuid = device.OptionalText("uuid"),
        PlannedBytes = device.OptionalLong("plannedBytes"),
        WeightsBytes = device.GetProperty("weightsBytes").GetInt64(),
        KvCacheBytes = device.GetProperty("kvCacheBytes").GetInt64(),
        RecurrentBytes = device.GetProperty("recurrentBytes").GetInt64(),
        ComputeBytes = device.GetProperty("computeBytes").GetInt64(),
    });

    private static void Write(Utf8JsonWriter writer, LaunchExpectation expectation)
    {
        writer.Field("devices", expectation.Devices);
        writer.Field("uuids", expectation.Uuids);
        writer.WriteBoolean("wantsGpu", expectation.WantsGpu);
        writer.Field("gpuLayers", expectation.GpuLayers);
        writer.Field("contextPerSlot", expectation.ContextPerSlot);
        writer.Field("slots", expectation.Slots);
        writer.Field("poolTokens", expectation.PoolTokens);
        writer.Object("plannedBytes", () =>
        {
            foreach (PlannedBuffers planned in expectation.Planned)
            {
                writer.WriteNumber(planned.Device, planned.Bytes);
            }
        });
    }

    private static LaunchExpectation ReadExpectation(JsonElement expectation)
    {
        List<PlannedBuffers> planned = [];
        foreach (JsonProperty device in expectation.Object("plannedBytes").EnumerateObject())
        {
            planned.Add(new PlannedBuffers(device.Name, device.Value.GetInt64()));
        }

        return new LaunchExpectation
        {
            Devices = expectation.Texts("devices"),
            Uuids = expectation.OptionalObject("uuids") is null ? new Dictionary<string, string>() : expectation.TextsByName("uuids"),
            WantsGpu = expectation.GetProperty("wantsGpu").GetBoolean(),
            GpuLayers = expectation.OptionalNumber("gpuLayers"),
            ContextPerSlot = expectation.OptionalLong("contextPerSlot"),
            Slots = expectation.OptionalNumber("slots"),
            PoolTokens = expectation.OptionalLong("poolTokens"),
            Planned = planned,
        };
    }

    private static void WriteProcess(Utf8JsonWriter writer, string name, ProcessIdentity? process)
    {
        if (process is not null)
        {
            writer.Object(name, () =>
            {
                writer.WriteNumber("pid", process.Pid);
                writer.WriteNumber("startTicks", process.StartTicks);
                writer.WriteString("bootId", process.BootId);
            });
        }
    }

    private static ProcessIdentity? ReadProcess(JsonElement root, string name) => root.OptionalObject(name) is { } process
        ? new ProcessIdentity(process.Number("pid"), process.GetProperty("startTicks").GetInt64(), process.Text("bootId"))
        : null;

    private static void WriteEndpoint(Utf8JsonWriter writer, ServerEndpoint endpoint) => writer.Object("endpoint", () =>
    {
        writer.WriteString("host", endpoint.Host);
        writer.WriteNumber("port", endpoint.Port);
        writer.Field("apiKeyFile", endpoint.ApiKeyFile);
    });

    private static ServerEndpoint ReadEndpoint(JsonElement root)
    {
        JsonElement endpoint = root.Object("endpoint");
        return new ServerEndpoint { Host = endpoint.Text("host"), Port = endpoint.Number("port"), ApiKeyFile = endpoint.OptionalText("apiKeyFile") };
    }
}
