using LlmOps.Diagnostics;

namespace LlmOps.Servers;

/// <summary>A server that ended, stalled or took too long before it was ready.</summary>
/// <param name="message">One line: what, why, what to do, where the log is.</param>
/// <param name="errorId"><c>ServerFailed</c>, <c>ServerStalled</c> or <c>ServerStartTimeout</c>.</param>
/// <param name="server">The server.</param>
/// <param name="findings">Known causes found in its log, most likely first; empty when none is known.</param>
/// <param name="lastLines">The last lines of its log, without times.</param>
public sealed class ServerFailedException(
    string message, string errorId, LlmServer server, IReadOnlyList<FaultFinding> findings, IReadOnlyList<string> lastLines)
    : LlmOpsException(message, errorId)
{
    /// <summary>The server.</summary>
    public LlmServer Server { get; } = server;

    /// <summary>Known causes found in its log, most likely first; empty when none is known.</summary>
    public IReadOnlyList<FaultFinding> Findings { get; } = findings;

    /// <summary>The last lines of its log, without times.</summary>
    public IReadOnlyList<string> LastLines { get; } = lastLines;
}
