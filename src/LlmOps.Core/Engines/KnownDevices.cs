using System.Globalization;
using LlmOps.Engines.Install;
using LlmOps.Hardware;
using LlmOps.Processes;

namespace LlmOps.Engines;

/// <summary>Remembers which devices this machine's engine names, in a few lines of text.</summary>
/// <remarks>
/// Everything in it is also in the capability cache and in the notes of the installer, but those are JSON of a hundred KiB, and reading them
/// took four times as long as the whole survey. What it says holds as long as the same engine would be chosen, its file is unchanged, and
/// the variables that hide devices are the same; else it says nothing.
/// </remarks>
/// <param name="options">Where engines are looked for.</param>
internal sealed class KnownDevices(EngineLocatorOptions options)
{
    private const string Version = "2";
    private const char Between = '\t';

    private string Entry => Path.Combine(options.CacheFolder, "capabilities", "devices.txt");

    private string Installed => Path.Combine(options.CacheFolder, "engines", "llama.cpp");

    private string Recorded => new EngineInstalls(options.StateFolder).Folder;

    /// <summary>The devices; none when there is no engine; null when the engine must be asked.</summary>
    public IReadOnlyList<EngineDevice>? Read()
    {
        string? named = Environment.GetEnvironmentVariable(EngineLocator.PathVariable);
        string? onPath = ExecutableFinder.Find("llama-server", options.PathVariable);
        if (string.IsNullOrEmpty(named) && onPath is null && !Directory.Exists(Installed) && !Directory.Exists(Recorded))
        {
            return [];
        }

        string[] lines = new SystemFiles("/").ReadText(Entry)?.Split('\n') ?? [];
        if (lines.Length < 3 || lines[0] != Key(named, onPath) || lines[2] != Identity(lines[1]))
        {
            return null;
        }

        List<EngineDevice> devices = [];
        for (int line = 3; line < lines.Length && lines[line].Length > 0; line++)
        {
            if (lines[line].Split(Between) is not [string name, string description, string total, string free])
            {
                return null;
            }

            devices.Add(new EngineDevice(name, description, SystemFiles.ParseDigits(total), SystemFiles.ParseDigits(free)));
        }

        return devices;
    }

    /// <summary>Remembers what the chosen engine said.</summary>
    public void Write(EngineCapabilities engine)
    {
        string key = Key(Environment.GetEnvironmentVariable(EngineLocator.PathVariable), ExecutableFinder.Find("llama-server", options.PathVariable));
        List<string> lines = [key, engine.Path, Identity(engine.Path)];
        foreach (EngineDevice device in engine.Devices)
        {
            lines.Add(string.Join(Between, Plain(device.Name), Plain(device.Description), Number(device.TotalBytes), Number(device.FreeBytes)));
        }

        string draft = string.Create(CultureInfo.InvariantCulture, $"{Entry}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}");
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Entry)!);
            File.WriteAllText(draft, string.Join('\n', lines) + "\n");
            File.Move(draft, Entry, overwrite: true);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // Without a writable cache the next call asks the capability cache again: slower, not wrong.
        }
    }

    /// <summary>All that decides which engine is chosen and what it sees. An engine that is obtained or removed changes its folder's time.</summary>
    private string Key(string? named, string? onPath)
    {
        string key = string.Join('|', Version, named, onPath, Number(Directory.GetLastWriteTimeUtc(Installed).Ticks), Number(Directory.GetLastWriteTimeUtc(Recorded).Ticks));
        foreach (string variable in CapabilityCache.VariablesThatMatter)
        {
            key += "|" + Environment.GetEnvironmentVariable(variable);
        }

        return Plain(key);
    }

    private static string Identity(string path)
    {
        FileInfo file = new(path);
        return file.Exists ? Number(file.Length) + "|" + Number(file.LastWriteTimeUtc.Ticks) : string.Empty;
    }

    private static string Plain(string text) => text.Replace('\n', ' ').Replace(Between, ' ');

    private static string Number(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? string.Empty;
}
