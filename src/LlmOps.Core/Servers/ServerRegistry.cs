using System.IO.Enumeration;

namespace LlmOps.Servers;

/// <summary>The servers that are known: a folder each on disk, so that every session sees the same ones.</summary>
/// <param name="folder">The folder that holds the servers' folders. Need not be there yet.</param>
public sealed class ServerRegistry(string folder)
{
    /// <summary>The user's registry, in <see cref="LlmOpsFolders.Servers"/>.</summary>
    public static ServerRegistry Default => new(LlmOpsFolders.Servers);

    /// <summary>The folder that holds the servers' folders.</summary>
    public string Folder { get; } = Path.GetFullPath(folder);

    /// <summary>All servers, by name. One whose record is damaged is listed as failed, with the damage as its reason.</summary>
    /// <remarks>Containers of ours are listed also when their folder is lost, or belongs to a user whose folders cannot be seen.</remarks>
    public IReadOnlyList<LlmServer> List()
    {
        List<LlmServer> servers = [];
        foreach (string path in Directory.Exists(Folder) ? Directory.GetDirectories(Folder) : [])
        {
            if (ServerName.IsValid(Path.GetFileName(path)))
            {
                servers.Add(ServerView.Read(new ServerFolder(path)));
            }
        }

        servers.AddRange(ServerRuntimes.FindUnrecorded(this));
        servers.Sort((one, other) => string.Compare(one.Name, other.Name, StringComparison.OrdinalIgnoreCase) is not 0 and var order ? order : string.CompareOrdinal(one.Name, other.Name));
        return servers;
    }

    /// <summary>The server of that name.</summary>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="LlmOpsException">The name cannot be one; id <c>ServerNameInvalid</c>.</exception>
    public LlmServer? Find(string name) => FolderOf(name) is { Exists: true } found
        ? ServerView.Read(found)
        : ServerRuntimes.FindUnrecorded(this).FirstOrDefault(server => server.Name == name);

    /// <summary>The servers whose names match a pattern with <c>*</c> and <c>?</c>, upper and lower case alike.</summary>
    public IReadOnlyList<LlmServer> Match(string wildcardPattern) =>
        [.. List().Where(server => FileSystemName.MatchesSimpleExpression(wildcardPattern, server.Name, ignoreCase: true))];

    /// <summary>The server of that name.</summary>
    /// <exception cref="LlmOpsException">There is none; id <c>ServerNotFound</c>.</exception>
    public LlmServer Require(string name) => Find(name) ?? throw NotFound(name);

    internal ServerFolder FolderOf(string name) => new(Path.Combine(Folder, ServerName.Require(name)));

    /// <summary>The folder of the server of that name; one that is only known by its container gets one.</summary>
    internal ServerFolder RequireFolder(string name)
    {
        ServerFolder folder = FolderOf(name);
        return folder.Exists || ServerRuntimes.Adopt(this, name) ? folder : throw NotFound(name);
    }

    private LlmOpsException NotFound(string name) => new(
        $"There is no server named '{name}' in '{Folder}'; list the servers to see what is there.", "ServerNotFound") { Kind = ErrorKind.NotFound };
}
