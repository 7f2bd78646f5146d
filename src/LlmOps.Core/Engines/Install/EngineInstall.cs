using System.Text.Json.Serialization;

namespace LlmOps.Engines.Install;

/// <summary>An engine that LlmOps installed: what it is, where it came from, and all that is needed to remove it or make it again.</summary>
public sealed record EngineInstall
{
    /// <summary>The file in an install's folder that says whose it is.</summary>
    public const string FileName = "install.json";

    /// <summary>Its name, unique on this machine.</summary>
    public required string Name { get; init; }

    /// <summary>The engine.</summary>
    public required string Engine { get; init; }

    /// <summary>The version, as the engine itself says it where it was asked.</summary>
    public string? Version { get; init; }

    /// <summary>Where it came from.</summary>
    public required InstallSource Source { get; init; }

    /// <summary>What it computes on.</summary>
    public EngineBackend Backend { get; init; }

    /// <summary>The program to start; of an image, <c>docker:</c> and its name.</summary>
    public required string Path { get; init; }

    /// <summary>Its folder; null for an image.</summary>
    public string? Folder { get; init; }

    /// <summary>The address, image or folder that it was made from.</summary>
    public required string Origin { get; init; }

    /// <summary>What it is made of, exactly: packages with versions, an archive with its hash, an image's digest, Python packages pinned.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>The commands that were run, as a person types them.</summary>
    public IReadOnlyList<string> Commands { get; init; } = [];

    /// <summary>Packages of the system that were installed for it; they stay when it is removed.</summary>
    public IReadOnlyList<string> SystemPackages { get; init; } = [];

    /// <summary>When.</summary>
    public DateTimeOffset InstalledAt { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(EngineInstall))]
internal sealed partial class EngineInstallJson : JsonSerializerContext;
