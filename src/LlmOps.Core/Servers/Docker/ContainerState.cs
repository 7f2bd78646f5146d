using System.Globalization;
using System.Text.Json;

namespace LlmOps.Servers.Docker;

/// <summary>What <c>docker inspect</c> says of a container of ours.</summary>
internal sealed record ContainerState
{
    public required string Id { get; init; }

    /// <summary><c>created</c>, <c>running</c>, <c>paused</c>, <c>restarting</c>, <c>removing</c>, <c>exited</c> or <c>dead</c>.</summary>
    public required string Status { get; init; }

    public int? Pid { get; init; }

    public int ExitCode { get; init; }

    public bool OutOfMemory { get; init; }

    /// <summary>What kept it from starting.</summary>
    public string? Error { get; init; }

    /// <summary>What the image's own health check found; null when it has none.</summary>
    public string? Health { get; init; }

    public int Restarts { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public string? LogPath { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public bool IsRunning => Status is "running" or "paused";

    /// <summary>Whether it may run again without anybody's asking.</summary>
    public bool IsRestarting => Status == "restarting";

    /// <summary>Reads the array that <c>docker inspect</c> prints; podman's has the same names.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static IReadOnlyList<ContainerState> ReadAll(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateArray().Select(Read)];
    }

    private static ContainerState Read(JsonElement container)
    {
        JsonElement state = container.GetProperty("State");
        int pid = Number(state, "Pid");
        return new ContainerState
        {
            Id = Text(container, "Id") ?? string.Empty,
            Status = Text(state, "Status") ?? string.Empty,
            Pid = pid > 0 ? pid : null,
            ExitCode = Number(state, "ExitCode"),
            OutOfMemory = state.TryGetProperty("OOMKilled", out JsonElement killed) && killed.ValueKind == JsonValueKind.True,
            Error = Text(state, "Error"),
            Health = Object(state, "Health") is { } health ? Text(health, "Status") : null,
            Restarts = Number(container, "RestartCount"),
            StartedAt = Time(state, "StartedAt"),
            FinishedAt = Time(state, "FinishedAt"),
            LogPath = Text(container, "LogPath"),
            Labels = Object(container.GetProperty("Config"), "Labels") is { } labels
                ? labels.EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString() ?? string.Empty)
                : new Dictionary<string, string>(),
        };
    }

    private static int Number(JsonElement of, string name) => of.TryGetProperty(name, out JsonElement value) ? value.GetInt32() : 0;

    private static JsonElement? Object(JsonElement of, string name) => of.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static string? Text(JsonElement of, string name) =>
        of.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    // Never started is written as the year 1.
    private static DateTimeOffset? Time(JsonElement of, string name) =>
        DateTimeOffset.TryParse(Text(of, name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) && time.Year > 1 ? time : null;
}
