namespace LlmOps.Engines.Vllm;

/// <summary>An installed distribution of Python, read from its <c>*.dist-info</c> folder.</summary>
/// <param name="Name">Its name, normalised: small letters, dashes.</param>
/// <param name="Version">Its version; null when its METADATA is missing or says none.</param>
/// <param name="Folder">The dist-info folder.</param>
/// <remarks>Source: the core metadata and entry points specifications, packaging.python.org.</remarks>
internal sealed record PythonDistribution(string Name, string? Version, string Folder)
{
    /// <summary>The folder that it is installed in.</summary>
    public string PackageFolder => Path.GetDirectoryName(Folder)!;

    /// <summary>Every distribution in <paramref name="packageFolder"/>.</summary>
    public static IEnumerable<PythonDistribution> In(string packageFolder)
    {
        foreach (string folder in Directory.EnumerateDirectories(packageFolder, "*.dist-info", PythonEnvironments.Readable))
        {
            string stem = Path.GetFileNameWithoutExtension(folder);
            string name = Normalise(stem.Split('-')[0]);
            yield return new PythonDistribution(name, null, folder);
        }
    }

    /// <summary>The same with its version read.</summary>
    public PythonDistribution Read()
    {
        foreach (string line in Lines("METADATA"))
        {
            if (line.Length == 0)
            {
                break; // The description follows.
            }

            if (line.StartsWith("Version:", StringComparison.OrdinalIgnoreCase))
            {
                return this with { Version = line["Version:".Length..].Trim() };
            }
        }

        return this;
    }

    /// <summary>Entry points by group: <c>vllm.general_plugins</c> → names.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> EntryPoints()
    {
        Dictionary<string, IReadOnlyList<string>> groups = new(StringComparer.Ordinal);
        string? group = null;
        foreach (string raw in Lines("entry_points.txt"))
        {
            string line = raw.Trim();
            if (line.StartsWith('[') && line.EndsWith(']'))
            {
                group = line[1..^1].Trim();
            }
            else if (group is not null && line.Length > 0 && line[0] is not ('#' or ';'))
            {
                groups[group] = [.. groups.GetValueOrDefault(group) ?? [], line.Split('=')[0].Trim()];
            }
        }

        return groups;
    }

    private static string Normalise(string name) => name.ToLowerInvariant().Replace('_', '-').Replace('.', '-');

    private string[] Lines(string file)
    {
        string path = Path.Combine(Folder, file);
        try
        {
            return File.Exists(path) ? File.ReadAllLines(path) : [];
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return []; // Named by its caller as a distribution without a version.
        }
    }
}
