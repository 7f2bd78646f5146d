namespace LlmOps.Diagnostics.Fixes;

/// <summary>How the commands of fixes are run.</summary>
public sealed record FixOptions
{
    /// <summary>What stands for <c>llmops</c> in a command: the program and its first arguments.</summary>
    public IReadOnlyList<string> LlmOpsCommand { get; init; } = ["llmops"];

    /// <summary>Variables that <see cref="LlmOpsCommand"/> needs.</summary>
    public IReadOnlyDictionary<string, string> LlmOpsEnvironment { get; init; } = new Dictionary<string, string>();

    /// <summary>What stands before a command that needs root.</summary>
    public IReadOnlyList<string> SudoCommand { get; init; } = ["sudo"];

    /// <summary>Whether this user needs no <c>sudo</c>.</summary>
    public bool IsRoot { get; init; } = Environment.IsPrivilegedProcess;

    /// <summary>How long one command may take: packages are downloaded by some.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>The clock that dates records.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
