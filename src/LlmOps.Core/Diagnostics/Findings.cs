namespace LlmOps.Diagnostics;

/// <summary>One finding of the environment checks.</summary>
/// <param name="Id">Stable id: <c>engine.runs</c>.</param>
/// <param name="Category">What it is about.</param>
/// <param name="Status">The outcome.</param>
/// <param name="Message">What was found, in one sentence.</param>
/// <param name="Evidence">What was seen, so that a person can check it; null when there is nothing to show.</param>
/// <param name="Remedy">What to do, commands included; null when nothing needs doing.</param>
public sealed record CheckResult(string Id, CheckCategory Category, CheckStatus Status, string Message, string? Evidence, string? Remedy)
{
    /// <summary>Why it matters for this machine, model and configuration; null when nothing needs doing.</summary>
    public string? Why { get; init; }

    /// <summary>Whether a server cannot start until it is mended.</summary>
    public bool Blocks { get; init; }

    /// <summary>The commands of <see cref="Remedy"/>, in order; empty where words do.</summary>
    public IReadOnlyList<RemedyCommand> Commands { get; init; } = [];
}

/// <summary>The outcome of a check.</summary>
public enum CheckStatus
{
    /// <summary>In order.</summary>
    Pass,

    /// <summary>It will work, but not as well as it could.</summary>
    Warn,

    /// <summary>It will not work.</summary>
    Fail,

    /// <summary>The check does not apply or could not tell; the message says which.</summary>
    Skip,
}

/// <summary>What a check is about.</summary>
public enum CheckCategory
{
    /// <summary>GPU driver.</summary>
    Driver,

    /// <summary>GPUs.</summary>
    Gpu,

    /// <summary>Links between GPUs and to the host.</summary>
    Link,

    /// <summary>Processor.</summary>
    Cpu,

    /// <summary>Main memory.</summary>
    Memory,

    /// <summary>Disks.</summary>
    Storage,

    /// <summary>Limits of users and processes.</summary>
    Limits,

    /// <summary>Containers.</summary>
    Container,

    /// <summary>The engine's binary.</summary>
    Engine,

    /// <summary>Python and its packages.</summary>
    Python,

    /// <summary>The model's files.</summary>
    Model,

    /// <summary>Addresses and ports.</summary>
    Network,

    /// <summary>Exposure and secrets.</summary>
    Security,
}

/// <summary>A known failure found in a log.</summary>
/// <param name="Id">Stable id: <c>llamacpp.port-in-use</c>.</param>
/// <param name="Title">What happened, in a few words.</param>
/// <param name="Line">The log line that says so.</param>
/// <param name="LineNumber">Its number in the text searched, from 1.</param>
/// <param name="Cause">Why it happens.</param>
/// <param name="Remedy">What to do.</param>
/// <param name="Severity">How bad it is.</param>
public sealed record FaultFinding(string Id, string Title, string Line, int LineNumber, string Cause, string Remedy, FaultSeverity Severity)
{
    /// <summary>What the line tells besides, by name: <c>port</c>, <c>device</c>, <c>mib</c>, <c>library</c>; empty when nothing.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>();
}

/// <summary>How bad a known log line is.</summary>
public enum FaultSeverity
{
    /// <summary>Looks bad, is not.</summary>
    Harmless,

    /// <summary>The server works, but not as it should.</summary>
    Warning,

    /// <summary>The reason why a server does not work.</summary>
    Error,
}
