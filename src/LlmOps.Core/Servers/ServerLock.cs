namespace LlmOps.Servers;

/// <summary>Held while something begins or ends, so that two sessions do not do it at once.</summary>
/// <remarks>
/// The file stays when the lock is let go: deleting it would let two others hold "the" lock on two different files. It lies
/// beside the servers' folders under a name that no server can have.
/// </remarks>
internal sealed class ServerLock : IDisposable
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);

    private readonly FileStream _file;

    private ServerLock(FileStream file) => _file = file;

    /// <summary>The lock of a server's name.</summary>
    public static Task<ServerLock> OfNameAsync(ServerRegistry registry, string name, CancellationToken cancellationToken) =>
        AcquireAsync(registry, $"{name}~lock", $"server '{name}'", cancellationToken);

    /// <summary>The lock of all ports: held from the look at a port until the record that claims it is written.</summary>
    public static Task<ServerLock> OfPortsAsync(ServerRegistry registry, CancellationToken cancellationToken) =>
        AcquireAsync(registry, "~ports~lock", "a server", cancellationToken);

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();

    private static async Task<ServerLock> AcquireAsync(ServerRegistry registry, string fileName, string what, CancellationToken cancellationToken)
    {
        PrivateFile.CreateFolder(registry.Folder);
        string path = Path.Combine(registry.Folder, fileName);
        long deadline = Environment.TickCount64 + (long)s_patience.TotalMilliseconds;
        while (true)
        {
            try
            {
                return new ServerLock(PrivateFile.Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException problem) when (problem.GetType() == typeof(IOException))
            {
                // Exactly IOException is "in use by another"; a missing folder or a full disk has a type of its own or cannot happen here.
                if (Environment.TickCount64 > deadline)
                {
                    throw new LlmOpsException(
                        $"Another process has been starting or stopping {what} for {s_patience.TotalSeconds:0} s; try again when it is done ('{path}' is locked).",
                        "ServerBusy",
                        problem) { Kind = ErrorKind.Timeout };
                }
            }

            await Task.Delay(s_poll, cancellationToken).ConfigureAwait(false);
        }
    }
}
