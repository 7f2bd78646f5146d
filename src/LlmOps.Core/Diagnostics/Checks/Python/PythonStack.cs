using LlmOps.Engines.Vllm;

namespace LlmOps.Diagnostics.Checks;

/// <summary>All that is installed in an environment of Python, read from its files; nothing of it is started.</summary>
internal sealed class PythonStack
{
    private readonly Dictionary<string, List<PythonDistribution>> _installed = new(StringComparer.Ordinal);

    /// <summary>Reads the names and versions that dist-info folders carry in their own names.</summary>
    public PythonStack(PythonEnvironment environment)
    {
        Environment = environment;
        PackageFolders = PythonEnvironments.PackageFolders(environment.Folder);
        foreach (string folder in PackageFolders)
        {
            foreach (PythonDistribution found in PythonDistribution.In(folder))
            {
                string[] stem = Path.GetFileNameWithoutExtension(found.Folder).Split('-', 2);
                Add(found with { Name = PythonRequirement.Normalise(stem[0]), Version = stem.Length > 1 ? stem[1] : null });
            }

            foreach (string egg in Directory.EnumerateFileSystemEntries(folder, "*.egg-info"))
            {
                string[] stem = Path.GetFileNameWithoutExtension(egg).Split('-');
                Add(new PythonDistribution(PythonRequirement.Normalise(stem[0]), stem.Length > 1 ? stem[1] : null, egg));
            }
        }
    }

    /// <summary>The environment.</summary>
    public PythonEnvironment Environment { get; }

    /// <summary>Where its packages are.</summary>
    public IReadOnlyList<string> PackageFolders { get; }

    /// <summary>Whether anything could be read.</summary>
    public bool IsReadable => _installed.Count > 0;

    /// <summary>Distributions that are there more than once, as after an update that was broken off.</summary>
    public IEnumerable<IReadOnlyList<PythonDistribution>> Duplicates => _installed.Values.Where(found => found.Select(each => Path.GetDirectoryName(each.Folder)).Distinct().Count() < found.Count)
        .Select(found => (IReadOnlyList<PythonDistribution>)[.. found.OrderBy(each => each.Version, StringComparer.Ordinal)]);

    /// <summary>A program of the environment.</summary>
    public string Script(string name) => EnvironmentReader.Script(Environment.Folder, name);

    /// <summary>The command that installs into it. Never without asking: it fetches gigabytes and changes what runs.</summary>
    public RemedyCommand Install(params string[] arguments) => new([Script("python"), "-m", "pip", "install", .. arguments]);

    /// <summary>The version of a distribution; null when it is not there.</summary>
    public string? VersionOf(string name) => _installed.TryGetValue(name, out List<PythonDistribution>? found) ? found[0].Version ?? "0" : null;

    /// <summary>Values of a field in a distribution's metadata: <c>Requires-Dist</c>.</summary>
    public IReadOnlyList<string> Fields(string name, string field)
    {
        string? file = _installed.TryGetValue(name, out List<PythonDistribution>? found) ? Path.Combine(found[0].Folder, "METADATA") : null;
        return file is null || !File.Exists(file) ? []
            : [.. File.ReadLines(file).TakeWhile(line => line.Length > 0).Where(line => line.StartsWith(field + ":", StringComparison.OrdinalIgnoreCase)).Select(line => line[(field.Length + 1)..].Trim())];
    }

    /// <summary>When a distribution was installed last; null when it is not there.</summary>
    public DateTime? InstalledAt(string name) => _installed.TryGetValue(name, out List<PythonDistribution>? found) ? Directory.GetLastWriteTimeUtc(found[0].Folder) : null;

    /// <summary>A file of a package; null when no package folder has it.</summary>
    public string? FindFile(params string[] parts) => PackageFolders.Select(folder => Path.Combine([folder, .. parts])).FirstOrDefault(path => File.Exists(path) || Directory.Exists(path));

    private void Add(PythonDistribution found)
    {
        if (!_installed.TryGetValue(found.Name, out List<PythonDistribution>? list))
        {
            _installed[found.Name] = list = [];
        }

        list.Add(found);
    }
}
