using System.Text.Json.Serialization;

namespace LlmOps.Diagnostics.Fixes;

/// <summary>What was done about a finding, and how it is taken back.</summary>
public sealed record FixRecord
{
    /// <summary>Its name, unique: <c>20261121T190102.003-security.key-file</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The check that found it.</summary>
    public required string CheckId { get; init; }

    /// <summary>What it found.</summary>
    public required string Message { get; init; }

    /// <summary>When the commands were run.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Who ran them.</summary>
    public required string User { get; init; }

    /// <summary>Whether all of them succeeded.</summary>
    public bool Succeeded { get; init; }

    /// <summary>The commands that were run, in order; the last one failed where <see cref="Succeeded"/> is false.</summary>
    public IReadOnlyList<FixCommand> Commands { get; init; } = [];

    /// <summary>Commands that were left to a person, as they are typed.</summary>
    public IReadOnlyList<string> Left { get; init; } = [];

    /// <summary>When it was taken back; null when it was not.</summary>
    public DateTimeOffset? UndoneAt { get; init; }

    /// <summary>What takes it back, in order, as a person types it.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Undo => [.. Commands.Reverse().Where(command => command.ExitCode == 0 && command.Undo is not null).Select(command => new RemedyCommand(command.Undo!) { NeedsRoot = command.NeedsRoot }.Text)];

    /// <summary>What was done, on one line.</summary>
    [JsonIgnore]
    public string Done => string.Join("; ", Commands.Select(command => command.Text));
}

/// <summary>A command that was run.</summary>
/// <param name="Text">As a person types it.</param>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">The last lines that it printed.</param>
public sealed record FixCommand(string Text, int ExitCode, string Output)
{
    /// <summary>The command that takes it back; null where nothing has to be or can be taken back.</summary>
    public IReadOnlyList<string>? Undo { get; init; }

    /// <summary>Whether that one needs root.</summary>
    public bool NeedsRoot { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(FixRecord))]
internal sealed partial class FixRecordJson : JsonSerializerContext;
