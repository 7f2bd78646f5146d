using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace LlmOps.Diagnostics;

/// <summary>One row of the fault catalogue: how a known failure looks in a log, and what it means.</summary>
internal sealed class FaultSignature
{
    private Regex? _regex;

    /// <summary>Stable id: <c>llamacpp.port-in-use</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Who prints it: <c>llama.cpp</c>, <c>vllm</c>, or <c>any</c>.</summary>
    public required string Engine { get; init; }

    public required string Title { get; init; }

    /// <summary>Texts of which a line must hold one, in any case, before the pattern is tried: the pattern alone would be slow on long logs.</summary>
    public required string[] Hints { get; init; }

    public required string Pattern { get; init; }

    public required string Cause { get; init; }

    public required string Remedy { get; init; }

    public required FaultSeverity Severity { get; init; }

    /// <summary>A real line that the pattern matches.</summary>
    public required string Sample { get; init; }

    /// <summary>Where the line, the cause or the remedy comes from.</summary>
    public required string Source { get; init; }

    /// <summary>Whether it only tells that something failed: never the cause when anything else is found.</summary>
    public bool Wrapper { get; init; }

    /// <summary>Rows that say the same more exactly; when one of them is found too, it comes first.</summary>
    public string[]? RefinedBy { get; init; }

    /// <summary>Rows whose earlier lines this line takes back: what they told of was overcome.</summary>
    public string[]? Excuses { get; init; }

    /// <summary>Whether a line is of this kind.</summary>
    public bool Matches(string line) =>
        Array.Exists(Hints, hint => line.Contains(hint, StringComparison.OrdinalIgnoreCase))
        && (_regex ??= new Regex(Pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)).IsMatch(line);
}

/// <summary>JSON of the catalogue, generated at build time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(FaultSignature[]))]
internal sealed partial class FaultJson : JsonSerializerContext;
