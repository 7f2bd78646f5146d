using System.Text.Json;
using System.Text.Json.Serialization;
using LlmOps.Diagnostics;

namespace LlmOps.Tests.Diagnostics.Faults;

/// <summary>Lines that an engine printed before it failed, and what that was.</summary>
public sealed record FaultCase
{
    /// <summary>What the case is called; null for one that needs no name.</summary>
    public string? Name { get; init; }

    /// <summary>The row that must come first; null when nothing in the lines may be called a cause.</summary>
    public string? Cause { get; init; }

    /// <summary>Whether the lines are as an engine prints them, and not retold.</summary>
    public bool Exact { get; init; } = true;

    /// <summary>The lines.</summary>
    public required string[] Lines { get; init; }

    /// <summary>Where the case is from; null for one of our own.</summary>
    public string? Source { get; init; }

    /// <summary>Reads cases from a file.</summary>
    public static IReadOnlyList<FaultCase> Read(string file)
    {
        using FileStream stream = File.OpenRead(file);
        return JsonSerializer.Deserialize(stream, FaultCaseJson.Default.FaultCaseArray)!;
    }

    /// <summary>What the catalogue says to it: the first finding, and whether that is right.</summary>
    public (FaultFinding? First, bool Right) Judge()
    {
        IReadOnlyList<FaultFinding> findings = FaultCatalogue.Default.Diagnose(Lines);
        FaultFinding? first = findings.Count > 0 ? findings[0] : null;
        return (first, Cause is null ? first?.Severity != FaultSeverity.Error : first?.Id == Cause);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(FaultCase[]))]
internal sealed partial class FaultCaseJson : JsonSerializerContext;
