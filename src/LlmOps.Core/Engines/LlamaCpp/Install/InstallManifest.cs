using System.Runtime.InteropServices;
using System.Text.Json;
using LlmOps.Serialization;

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
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, FileName)));
            return Read(json.RootElement);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    public void Write(string folder) => File.WriteAllBytes(Path.Combine(folder, FileName), JsonFields.Write(writer =>
    {
        writer.WriteString("version", Version);
        writer.WriteString("source", Source.ToString());
        writer.WriteString("origin", Origin);
        writer.WriteString("platform", Platform);
        writer.WriteString("folder", Folder);
        writer.WriteString("server", Server);
        writer.Field("extras", Extras);
        writer.Field("files", Files);
        writer.Field("installedAt", InstalledAt);
    }));

    private static InstallManifest Read(JsonElement root) => new()
    {
        Version = root.Text("version"),
        Source = root.Choice<EngineSource>("source"),
        Origin = root.Text("origin"),
        Platform = root.OptionalText("platform") ?? ThisPlatform,
        Folder = root.Text("folder"),
        Server = root.Text("server"),
        Extras = root.Texts("extras"),
        Files = root.Texts("files"),
        InstalledAt = root.TryGetProperty("installedAt", out JsonElement at) && at.TryGetDateTimeOffset(out DateTimeOffset time) ? time : default,
    };
}
