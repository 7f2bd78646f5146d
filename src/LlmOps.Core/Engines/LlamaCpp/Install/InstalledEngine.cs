namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>A llama-server that is on this machine and may be started.</summary>
/// <param name="ServerPath">Full path of the program to start.</param>
/// <param name="Source">Where it came from.</param>
/// <param name="Version">Its version, such as <c>0.7.0</c> or <c>b6123</c>; null when only the binary itself could say.</param>
/// <param name="Folder">The folder that holds it and its sibling tools (<c>llama-fit-params</c>, <c>llama-bench</c>).</param>
public sealed record InstalledEngine(string ServerPath, EngineSource Source, string? Version, string Folder);

/// <summary>Where a llama-server can come from, in the order in which they are tried.</summary>
public enum EngineSource
{
    /// <summary>The path that the caller named, or the program on PATH.</summary>
    Path,

    /// <summary>An earlier install in the user's cache.</summary>
    Cache,

    /// <summary>Debian's signed packages, unpacked in the user's cache.</summary>
    DebianPackages,

    /// <summary>The archive of a llama.cpp release, checked against the hash that the release publishes.</summary>
    ReleaseArchive,
}
