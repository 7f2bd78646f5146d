using System.Globalization;

namespace LlmOps.Engines.Install;

/// <summary>What an install would do. What is run is what is shown.</summary>
public sealed record EngineInstallPlan
{
    /// <summary>The engine.</summary>
    public required string Engine { get; init; }

    /// <summary>Where it comes from.</summary>
    public required InstallSource Source { get; init; }

    /// <summary>What it computes on.</summary>
    public required EngineBackend Backend { get; init; }

    /// <summary>The version; null where only the source knows its newest.</summary>
    public string? Version { get; init; }

    /// <summary>The install's name. <c>VERSION</c> in it stands for what only the source knows.</summary>
    public required string Name { get; init; }

    /// <summary>Its folder; null for an image.</summary>
    public string? Folder { get; init; }

    /// <summary>What it is fetched from: a mirror, an image, an address, a folder.</summary>
    public required string Origin { get; init; }

    /// <summary>The steps, in order.</summary>
    public required IReadOnlyList<InstallStep> Steps { get; init; }

    /// <summary>Why it is done this way: version, backend, source.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>The packages of the system that it would install; they stay when the engine is removed.</summary>
    public IReadOnlyList<string> SystemPackages { get; init; } = [];

    /// <summary>The sources that were looked at, and why each cannot be used.</summary>
    public IReadOnlyList<SourceFinding> Sources { get; init; } = [];

    /// <summary>Why it cannot be done here and now; null when it can.</summary>
    public string? Problem { get; init; }

    /// <summary>Summary, reasons, sources and numbered steps, one a line.</summary>
    public IEnumerable<string> Lines()
    {
        yield return $"{Engine} {Version ?? "(the newest)"} for {Backend} from {Origin}{(Folder is null ? string.Empty : $" into {Folder}")}";
        foreach (string reason in Reasons)
        {
            yield return $"  because {reason}";
        }

        foreach (SourceFinding source in Sources.Where(source => source.Problem is not null))
        {
            yield return $"  {source.Source} cannot be used: {source.Problem}";
        }

        for (int step = 0; step < Steps.Count; step++)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"  {step + 1}. {Steps[step]}");
        }
    }
}

/// <summary>Whether a source can be used.</summary>
/// <param name="Source">The source.</param>
/// <param name="Problem">Why not; null when it can.</param>
public sealed record SourceFinding(InstallSource Source, string? Problem);
