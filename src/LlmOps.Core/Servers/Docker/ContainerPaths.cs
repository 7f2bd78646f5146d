namespace LlmOps.Servers.Docker;

/// <summary>Gives every file of this machine that an engine reads a place in the container.</summary>
/// <param name="model">The model's file or folder.</param>
internal sealed class ContainerPaths(string model)
{
    /// <summary>Where the folder of the model is.</summary>
    public const string Models = "/models";

    /// <summary>Where the API key is; not beside the model, since who serves models must not serve keys.</summary>
    public const string KeyFile = "/run/secrets/llmops-api-key";

    private const string Files = "/llmops";

    private readonly List<ContainerMount> _mounts = [];

    /// <summary>What has to be mounted for the places given so far.</summary>
    public IReadOnlyList<ContainerMount> Mounts => _mounts;

    /// <summary>The model's place.</summary>
    public string OfModel()
    {
        string source = Path.GetFullPath(model);
        if (Directory.Exists(source))
        {
            return Mount(source, $"{Models}/{Path.GetFileName(Path.TrimEndingDirectorySeparator(source))}");
        }

        string folder = Path.GetDirectoryName(source)!;
        string[] parts = Parts(source);
        if (Array.Exists(parts, part => File.ResolveLinkTarget(part, returnFinalTarget: true) is not null))
        {
            // A link, as in the Hugging Face cache, points out of the folder and so out of the container.
            foreach (string part in parts)
            {
                Mount(File.ResolveLinkTarget(part, returnFinalTarget: true)?.FullName ?? part, $"{Models}/{Path.GetFileName(part)}");
            }
        }
        else
        {
            Mount(folder, Models);
        }

        return $"{Models}/{Path.GetFileName(source)}";
    }

    /// <summary>The place of another file.</summary>
    public string OfFile(string path) => Mount(Path.GetFullPath(path), $"{Files}/{Path.GetFileName(path)}");

    /// <summary>The key file's place.</summary>
    public string OfKeyFile(string path) => Mount(Path.GetFullPath(path), KeyFile);

    /// <summary>An argument in terms of the container: one that names a file of this machine names its place.</summary>
    public string OfArgument(string argument)
    {
        int equals = argument.StartsWith('-') ? argument.IndexOf('=', StringComparison.Ordinal) : -1;
        string value = argument[(equals + 1)..];
        return Path.IsPathRooted(value) && Path.Exists(value) ? argument[..(equals + 1)] + OfFile(value) : argument;
    }

    private static string[] Parts(string model)
    {
        // Split models are named NAME-00001-of-00003.gguf; the engine opens the others by itself.
        string name = Path.GetFileName(model);
        int mark = name.LastIndexOf("-of-", StringComparison.Ordinal);
        string folder = Path.GetDirectoryName(model)!;
        if (mark < 6 || !Directory.Exists(folder))
        {
            return File.Exists(model) ? [model] : [];
        }

        return Directory.GetFiles(folder, $"{name[..(mark - 5)]}*{name[mark..]}");
    }

    private string Mount(string source, string target)
    {
        for (int number = 2; _mounts.Find(other => other.Target == target && other.Source != source) is not null; number++)
        {
            target = $"{Path.GetDirectoryName(target)}/{number}-{Path.GetFileName(source)}";
        }

        ContainerMount mount = new(source, target);
        if (!_mounts.Contains(mount))
        {
            _mounts.Add(mount);
        }

        return target;
    }
}
