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
        string path = Path.Combine(registry.Folder, fileName);
        long deadline = Environment.TickCount64 + (long)s_patience.TotalMilliseconds;
        while (true)
        {
            try
            {
                PrivateFile.CreateFolder(registry.Folder);
                return new ServerLock(PrivateFile.Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (Exception problem) when (problem is UnauthorizedAccessException || (problem is IOException failure && !IsInUse(failure)))
            {
                throw new LlmOpsException(
                    $"The folder '{registry.Folder}', where servers are recorded, cannot be written to ({problem.Message.TrimEnd('.')}); mend it, or name another state folder by XDG_STATE_HOME.",
                    "StateFolderNotWritable",
                    problem);
            }
            catch (IOException problem)
            {
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

    /// <summary>Whether another process holds the file: EWOULDBLOCK (11 on Linux, 35 on macOS), or a sharing violation on Windows.</summary>
    private static bool IsInUse(IOException problem) =>
        problem.GetType() == typeof(IOException) && problem.HResult is 11 or 35 or unchecked((int)0x80070020);
}
