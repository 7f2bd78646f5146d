namespace LlmOps.Engines.Install;

/// <summary>One step of an install, as it is shown and as it is run.</summary>
/// <param name="What">What it does, in a few words.</param>
/// <param name="Command">The command; null for what LlmOps does itself.</param>
public sealed record InstallStep(string What, IReadOnlyList<string>? Command = null)
{
    /// <summary>Variables added to the environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether it changes the system and not just the install's own folder.</summary>
    public bool ChangesSystem { get; init; }

    /// <summary>The command as a person types it; null for what LlmOps does itself.</summary>
    public string? Text => Command is null ? null : ShellText.Line(new LaunchCommand(Command[0], [.. Command.Skip(1)], Environment));

    /// <inheritdoc/>
    public override string ToString() => Text is null ? What : $"{What}: {Text}";
}
