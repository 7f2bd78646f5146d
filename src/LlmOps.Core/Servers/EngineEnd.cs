using LlmOps.Diagnostics;
using LlmOps.Logs;

namespace LlmOps.Servers;

/// <summary>How one run of an engine ended.</summary>
/// <param name="Exit">Its exit code or signal.</param>
/// <param name="ReadyFor">How long it had been ready; null when it never was.</param>
/// <param name="Reason">Why it ended, in one line.</param>
/// <param name="Signature">The same for runs that ended in the same way.</param>
/// <param name="FaultId">Id of the fault that ended it; null when none did or none is known.</param>
internal sealed record EngineEnd(ExitStatus Exit, TimeSpan? ReadyFor, string Reason, string Signature, string? FaultId = null)
{
    /// <summary>Whether it was ended because it ran and was not what it should be; its exit code says nothing then.</summary>
    public bool WasFailing { get; private init; }

    /// <summary>Whether this end is a success as restart policies mean it.</summary>
    public bool IsSuccess => Exit.IsSuccess && !WasFailing;

    private const int LongestLine = 160;

    /// <summary>Finds out why a run ended from what it printed.</summary>
    /// <param name="exit">How it ended.</param>
    /// <param name="readyFor">How long it had been ready.</param>
    /// <param name="lines">What it printed.</param>
    /// <param name="byItself">Whether nobody had asked for the end; only then there is something to explain.</param>
    public static EngineEnd Diagnose(ExitStatus exit, TimeSpan? readyFor, IReadOnlyList<string> lines, bool byItself)
    {
        if (!byItself)
        {
            return new EngineEnd(exit, readyFor, string.Empty, string.Empty);
        }

        // The end itself is evidence: a process that the kernel killed prints nothing.
        FaultFinding? cause = FaultCatalogue.Default
            .Diagnose([.. lines, EndNote(exit)])
            .FirstOrDefault(finding => finding.Severity == FaultSeverity.Error);
        string when = readyFor is null ? "before it was ready" : "after it was ready";
        string reason = cause is not null
            ? $"ended with {exit} {when}: {cause.Title} ({Shorten(cause.Line)})"
            : lines.LastOrDefault(line => line.Trim().Length > 0) is { } last
                ? $"ended with {exit} {when}; its last line: {Shorten(last)}"
                : $"ended with {exit} {when} without a word";
        return new EngineEnd(exit, readyFor, reason, $"{exit} {cause?.Id}", cause?.Id);
    }

    /// <summary>The end of an engine that was ended because it ran and was not what it should be.</summary>
    public static EngineEnd Of(RunFailure failure, ExitStatus exit, TimeSpan? readyFor) =>
        new(exit, readyFor, failure.Reason, failure.FaultId, failure.FaultId) { WasFailing = true };

    // Where llama.cpp's lines begin with their time, level and part ("0.01.234.567 E srv"), the words alone are worth their place in one line.
    private static string Shorten(string line)
    {
        string text = line.Trim();
        int level = text.IndexOf(" E ", StringComparison.Ordinal);
        text = level is > 0 and < 20 && char.IsAsciiDigit(text[0]) ? text[(level + 3)..].TrimStart() : WithoutProcess(text);
        return text.Length <= LongestLine ? text : text[..LongestLine] + "...";
    }

    // "(EngineCore pid=7) ERROR 11-21 09:00:00 [core.py:1100] text", and without level and place where another library wrote it.
    private static string WithoutProcess(string text)
    {
        int process = text.IndexOf(") ", StringComparison.Ordinal);
        if (text[0] != '(' || process < 0 || !text.AsSpan(0, process).Contains(" pid=", StringComparison.Ordinal))
        {
            return text;
        }

        string rest = text[(process + 2)..];
        int place = rest.StartsWith("ERROR ", StringComparison.Ordinal) || rest.StartsWith("CRITICAL ", StringComparison.Ordinal) ? rest.IndexOf("] ", StringComparison.Ordinal) : -1;
        return place < 0 ? rest : rest[(place + 2)..];
    }

    /// <summary>The line about an end that stands in the log and that the fault catalogue knows.</summary>
    public static string EndNote(ExitStatus exit) => $"{LogLine.NoteMark} the engine ended with {exit}";
}
