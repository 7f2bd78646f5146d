namespace LlmOps.Servers.Docker;

/// <summary>The GPUs that the Container Device Interface of this machine has names for.</summary>
/// <param name="text">The text of its NVIDIA specifications.</param>
internal sealed class CdiDevices(string text)
{
    private static readonly string[] s_folders = ["/etc/cdi", "/var/run/cdi"];

    /// <summary>None: another machine, or one without it.</summary>
    public static CdiDevices None { get; } = new(string.Empty);

    /// <summary>Those of this machine.</summary>
    public static CdiDevices Read() => new(string.Join(
        '\n',
        s_folders.Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder))
            .Where(file => Path.GetExtension(file) is ".yaml" or ".yml" or ".json")
            .Select(File.ReadAllText)
            .Where(content => content.Contains("nvidia.com/gpu", StringComparison.Ordinal))));

    /// <summary>Whether it has this name, a UUID or an index.</summary>
    public bool Has(string name) => text
        .Split('\n')
        .Select(line => line.Trim().TrimStart('-').Trim().TrimEnd(','))
        .Any(line => line.Replace("\"", string.Empty, StringComparison.Ordinal).Replace("'", string.Empty, StringComparison.Ordinal)
            .Replace(" ", string.Empty, StringComparison.Ordinal) == $"name:{name}");
}
