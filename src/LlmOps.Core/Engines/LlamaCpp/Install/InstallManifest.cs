using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>What an install says of itself, in <c>install.json</c>. It is written last: a folder without one is not an install.</summary>
internal sealed record InstallManifest
{
    public const string FileName = "install.json";

    /// <summary>The operating system and processor that this process runs on; a home folder may be shared by several.</summary>
    public static string ThisPlatform { get; } =
        $"{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";

    public required string Version { get; init; }

    public required EngineSource Source { get; init; }

    /// <summary>The address that the files came from, and the release there.</summary>
    public required string Origin { get; init; }

    public string Platform { get; init; } = ThisPlatform;

    /// <summary>The folder's own full path: the launchers in it name it, so a copy elsewhere is not an install.</summary>
    public required string Folder { get; init; }

    /// <summary>The program to start, relative to <see cref="Folder"/>.</summary>
    public required string Server { get; init; }

    /// <summary>What was asked for by name beyond the engine itself.</summary>
    public IReadOnlyList<string> Extras { get; init; } = [];

    /// <summary>The files it was made of, with their hashes where the source gives them.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    public DateTimeOffset InstalledAt { get; init; }

    /// <summary>The manifest in <paramref name="folder"/>; null when there is none or it cannot be read.</summary>
    public static InstallManifest? Read(string folder)
    {
        try
        {
            byte[] json = File.ReadAllBytes(Path.Combine(folder, FileName));
            return JsonSerializer.Deserialize(json, InstallManifestJson.Default.InstallManifest);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    public void Write(string folder) =>
        File.WriteAllBytes(Path.Combine(folder, FileName), JsonSerializer.SerializeToUtf8Bytes(this, InstallManifestJson.Default.InstallManifest));
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(InstallManifest))]
internal sealed partial class InstallManifestJson : JsonSerializerContext;
