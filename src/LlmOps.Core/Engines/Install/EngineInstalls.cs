using System.IO.Enumeration;
using System.Text.Json;

namespace LlmOps.Engines.Install;

/// <summary>The records of what was installed: one small file an install, in the state folder.</summary>
/// <param name="stateFolder">LlmOps' state folder.</param>
public sealed class EngineInstalls(string stateFolder)
{
    /// <summary>The records of this user.</summary>
    public static EngineInstalls Default => new(LlmOpsFolders.State);

    /// <summary>Where the records lie; the folder's time changes with each install and removal.</summary>
    internal string Folder { get; } = Path.Combine(stateFolder, "engines");

    /// <summary>All installs, the newest first. Records that cannot be read are left out.</summary>
    public IReadOnlyList<EngineInstall> List() => !Directory.Exists(Folder) ? [] :
    [
        .. Directory.EnumerateFiles(Folder, "*.json").Select(Read).OfType<EngineInstall>().OrderByDescending(install => install.InstalledAt).ThenBy(install => install.Name, StringComparer.Ordinal),
    ];

    /// <summary>The installs that <paramref name="pattern"/> names, with wildcards.</summary>
    /// <exception cref="LlmOpsException"><c>EngineInstallNotFound</c>: a name without wildcards that no install has.</exception>
    public IReadOnlyList<EngineInstall> Find(string pattern)
    {
        IReadOnlyList<EngineInstall> all = List();
        EngineInstall[] found = [.. all.Where(install => FileSystemName.MatchesSimpleExpression(pattern, install.Name))];
        if (found.Length == 0 && !pattern.AsSpan().ContainsAny('*', '?'))
        {
            string advice = all.Count == 0 ? "nothing was installed by LlmOps"
                : Spelling.Nearest(pattern, [.. all.Select(install => install.Name)]) is { } near ? $"did you mean '{near}'?"
                : $"there are {string.Join(", ", all.Select(install => install.Name))}";
            throw new LlmOpsException($"there is no install '{pattern}'; {advice}", "EngineInstallNotFound") { Kind = ErrorKind.NotFound };
        }

        return found;
    }

    /// <summary>Programs of an engine that were installed in folders, the newest first.</summary>
    internal IEnumerable<string> Programs(string engine) =>
        List().Where(install => install.Engine == engine && install.Folder is not null && File.Exists(install.Path)).Select(install => install.Path);

    /// <summary>Remembers <paramref name="install"/>, in place of one of the same name.</summary>
    internal void Add(EngineInstall install)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(install, EngineInstallJson.Default.EngineInstall);
        if (install.Folder is { } folder && !File.Exists(Path.Combine(folder, EngineInstall.FileName)))
        {
            File.WriteAllBytes(Path.Combine(folder, EngineInstall.FileName), json);
        }

        Directory.CreateDirectory(Folder);
        string draft = FileOf(install.Name) + ".draft";
        File.WriteAllBytes(draft, json);
        File.Move(draft, FileOf(install.Name), overwrite: true);
    }

    /// <summary>Forgets an install.</summary>
    internal void Remove(string name) => File.Delete(FileOf(name));

    private static EngineInstall? Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), EngineInstallJson.Default.EngineInstall);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or JsonException)
        {
            return null; // Another process may be removing it; one that is damaged names nothing that could be removed.
        }
    }

    private string FileOf(string name) => Path.Combine(Folder, name + ".json");
}
