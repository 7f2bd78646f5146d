using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace LlmOps.Diagnostics;

/// <summary>One row of the fault catalogue: how a known failure looks in a log, and what it means.</summary>
internal sealed class FaultSignature
{
    private FaultPattern? _pattern;
    private FaultPattern? _unless;
    private FaultPattern? _previous;

    /// <summary>Stable id: <c>llamacpp.port-in-use</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Who prints it: <c>llama.cpp</c>, <c>vllm</c>, or <c>any</c>.</summary>
    public required string Engine { get; init; }

    public required string Title { get; init; }

    /// <summary>Texts of which a line must hold one, in any case, before the pattern is tried: the pattern alone would be slow on long logs.</summary>
    public required string[] Hints { get; init; }

    /// <summary>Finds the line; its named groups are the facts that the line tells.</summary>
    public required string Pattern { get; init; }

    /// <summary>What a line must not hold, although the pattern finds it; null for nothing.</summary>
    public string? Unless { get; init; }

    /// <summary>What the line before (other lines of this kind left out) must hold; null for anything.</summary>
    public string? Previous { get; init; }

    /// <summary>Why it happens. A part in square brackets counts only when the line tells every fact named in it in braces.</summary>
    public required string Cause { get; init; }

    /// <summary>What to do; brackets as in <see cref="Cause"/>.</summary>
    public required string Remedy { get; init; }

    public required FaultSeverity Severity { get; init; }

    /// <summary>A real line that the pattern matches.</summary>
    public required string Sample { get; init; }

    /// <summary>Lines that look like it and are not of this kind.</summary>
    public string[]? Harmless { get; init; }

    /// <summary>Where the line, the cause or the remedy comes from.</summary>
    public required string Source { get; init; }

    /// <summary>Whether it only tells that something failed: never the cause when anything else is found.</summary>
    public bool Wrapper { get; init; }

    /// <summary>Rows that say the same more exactly; when one of them is found too, it comes first.</summary>
    public string[]? RefinedBy { get; init; }

    /// <summary>Rows whose earlier lines this line takes back: what they told of was overcome.</summary>
    public string[]? Excuses { get; init; }

    /// <summary>Rows that may match the same line: which one counts depends on the lines around it.</summary>
    public string[]? SharesLinesWith { get; init; }

    /// <summary>Whether a line is of this kind, whatever stands before it.</summary>
    public bool Matches(string line) =>
        Array.Exists(Hints, hint => line.Contains(hint, StringComparison.OrdinalIgnoreCase)) && TryMatch(line, out _);

    /// <summary>Whether a line that holds a hint is of this kind.</summary>
    public bool TryMatch(string line, out Match match)
    {
        match = (_pattern ??= new FaultPattern(Pattern)).Match(line);
        return match.Success && (Unless is null || !(_unless ??= new FaultPattern(Unless)).Match(line).Success);
    }

    /// <summary>Whether it can follow on <paramref name="previous"/>.</summary>
    public bool Follows(string previous) => Previous is null || (_previous ??= new FaultPattern(Previous)).Match(previous).Success;
}

/// <summary>JSON of the catalogue, generated at build time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(FaultSignature[]))]
internal sealed partial class FaultJson : JsonSerializerContext;
