namespace LlmOps.Processes;

/// <summary>A command to run to its end: a file and its arguments as a list, never a shell string.</summary>
/// <param name="FileName">The program: a path, or a name looked up on PATH.</param>
/// <param name="Arguments">Its arguments, passed as they are.</param>
public sealed record ProcessRequest(string FileName, IReadOnlyList<string> Arguments)
{
    /// <summary>Variables to add; a null value removes one. The rest is inherited.</summary>
    public IReadOnlyDictionary<string, string?>? Environment { get; init; }

    /// <summary>Where it runs; null for the caller's own folder.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>What it reads from standard input; null for an end at once.</summary>
    public string? Input { get; init; }

    /// <summary>How long it may take; null for as long as it needs.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How many characters of each stream are kept; what comes after is read and dropped.</summary>
    public int OutputLimit { get; init; } = 4 * 1024 * 1024;

    /// <summary>Called with each line of either stream as it arrives, one call at a time.</summary>
    public Action<string>? OnOutputLine { get; init; }
}

/// <summary>What a finished command left.</summary>
/// <param name="ExitCode">Its exit code; 128 + n when signal n ended it.</param>
/// <param name="StandardOutput">What it wrote to standard output.</param>
/// <param name="StandardError">What it wrote to standard error.</param>
public sealed record ProcessResult(int ExitCode, string StandardOutput, string StandardError);

/// <summary>A command that could not be started at all.</summary>
public sealed class ProcessStartException(string message, Exception inner)
    : LlmOpsException(message, "ProcessNotStarted", inner);
