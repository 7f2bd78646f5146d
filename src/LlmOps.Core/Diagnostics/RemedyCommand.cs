using LlmOps.Engines;

namespace LlmOps.Diagnostics;

/// <summary>A command that mends a finding: an argument list, never a shell string.</summary>
/// <param name="Arguments">The program and its arguments.</param>
public sealed record RemedyCommand(IReadOnlyList<string> Arguments)
{
    /// <summary>Whether it may be run without asking a person who understands it: it destroys nothing, restarts nothing, and can be undone or made again.</summary>
    public bool Safe { get; init; }

    /// <summary>Whether it needs root.</summary>
    public bool NeedsRoot { get; init; }

    /// <summary>What it is given on standard input; null for nothing.</summary>
    public string? Input { get; init; }

    /// <summary>The command that takes it back; null where nothing has to be or can be taken back.</summary>
    public IReadOnlyList<string>? Undo { get; init; }

    /// <summary>As a person types it.</summary>
    public string Text => (Input is null ? string.Empty : $"echo {ShellText.Quote(Input.TrimEnd('\n'))} | ") + (NeedsRoot ? "sudo " : string.Empty) + string.Join(' ', Arguments.Select(ShellText.Quote));

    /// <inheritdoc/>
    public override string ToString() => Text;
}
