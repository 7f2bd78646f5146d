using System.IO.Compression;
using LlmOps.Engines.LlamaCpp.Install;

namespace LlmOps.Engines.Vllm.Install;

/// <summary>The wheel of a plugin, by itself or in an archive that it is handed out in.</summary>
/// <param name="Archive">The file.</param>
/// <param name="Entry">The wheel's name in the archive; null where the file is the wheel.</param>
internal sealed record PluginWheel(string Archive, string? Entry)
{
    /// <summary>The plugin at <paramref name="path"/>.</summary>
    /// <exception cref="EngineInstallException">There is no file, or no single wheel in it.</exception>
    public static PluginWheel Of(string path)
    {
        string full = Path.GetFullPath(path);
        if (!File.Exists(full))
        {
            throw new EngineInstallException($"there is no plugin at {full}") { Kind = ErrorKind.NotFound };
        }

        if (full.EndsWith(".whl", StringComparison.Ordinal))
        {
            return new PluginWheel(full, null);
        }

        try
        {
            using ZipArchive archive = ZipFile.OpenRead(full);
            string[] wheels = [.. archive.Entries.Select(entry => entry.FullName).Where(name => name.EndsWith(".whl", StringComparison.Ordinal))];
            return wheels is [var wheel] && !Path.IsPathRooted(wheel) && !wheel.Split('/', '\\').Contains("..") ? new PluginWheel(full, wheel)
                : throw new EngineInstallException($"{full} holds {(wheels.Length == 0 ? "no wheel" : $"{wheels.Length} wheels: {string.Join(", ", wheels)}")}; unpack it and name the wheel of the plugin");
        }
        catch (InvalidDataException problem)
        {
            throw new EngineInstallException($"{full} is neither a wheel nor a zip that holds one", problem);
        }
    }

    /// <summary>Where the wheel is once the archive is unpacked in <paramref name="folder"/>.</summary>
    public string PathIn(string folder) => Entry is null ? Archive : Path.Combine(folder, Entry);
}
