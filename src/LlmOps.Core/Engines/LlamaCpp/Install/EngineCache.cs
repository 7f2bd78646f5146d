using LlmOps.Processes;

namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>The folder of installs: finds complete ones, and lets one process at a time add one, all or nothing.</summary>
/// <remarks>
/// An install is made in a staging folder beside its final place and moved there with one rename; its manifest is written before the
/// rename. Whatever is interrupted leaves only a staging folder, which the holder of the lock removes, or its next holder.
/// </remarks>
internal sealed class EngineCache(string folder, IReadOnlyList<string> extras)
{
    private const string StagingPrefix = ".staging-";
    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(200);

    /// <summary>The complete install that has all the extras wanted and the fewest others; of several, the newest.</summary>
    public InstalledEngine? FindComplete()
    {
        if (!Directory.Exists(folder))
        {
            return null;
        }

        IEnumerable<InstallManifest> complete =
            from path in Directory.EnumerateDirectories(folder)
            where !Path.GetFileName(path).StartsWith('.')
            let manifest = InstallManifest.Read(path)
            where manifest is not null && IsComplete(manifest, path)
            orderby manifest.Extras.Count, manifest.InstalledAt descending
            select manifest;
        return complete.FirstOrDefault() is { } newest ? ToEngine(newest) with { Source = EngineSource.Cache } : null;
    }

    /// <summary>Waits until no other process installs. The system drops the lock when its holder dies.</summary>
    public async Task<IDisposable> LockAsync(IProgress<string>? progress, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        for (bool told = false; ; told = true)
        {
            try
            {
                FileStream held = new(Path.Combine(folder, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                RemoveStaging();
                return new Lease(this, held);
            }
            catch (IOException problem) when (IsHeldElsewhere(problem))
            {
                if (!told)
                {
                    progress?.Report("Waiting for another install of llama.cpp to finish");
                }

                await Task.Delay(LockPoll, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The full path that the install called <paramref name="name"/> has or will have.</summary>
    public string PathOf(string name) => Path.Combine(folder, name);

    /// <summary>A new empty folder on the same file system as the installs. Only for a holder of the lock.</summary>
    public string CreateStaging() => Directory.CreateDirectory(Path.Combine(folder, StagingPrefix + Guid.NewGuid().ToString("N"))).FullName;

    /// <summary>Makes <paramref name="staged"/> the install that <paramref name="manifest"/> describes. Only for a holder of the lock.</summary>
    public InstalledEngine Commit(string staged, InstallManifest manifest)
    {
        manifest.Write(staged);
        if (Directory.Exists(manifest.Folder))
        {
            // Moved, not deleted in place: a server that still runs from it keeps its open files.
            Directory.Move(manifest.Folder, Path.Combine(CreateStaging(), "replaced"));
        }

        Directory.Move(staged, manifest.Folder);
        return ToEngine(manifest);
    }

    // .NET reports a lock held elsewhere as the raw error: EWOULDBLOCK on Linux and macOS, ERROR_SHARING_VIOLATION on Windows.
    private static bool IsHeldElsewhere(IOException problem) => problem.HResult is 11 or 35 or unchecked((int)0x80070020);

    private bool IsComplete(InstallManifest manifest, string path) =>
        string.Equals(manifest.Folder, path, StringComparison.Ordinal)
        && manifest.Platform == InstallManifest.ThisPlatform
        && extras.All(manifest.Extras.Contains)
        && ExecutableFinder.IsExecutable(Path.Combine(path, manifest.Server));

    private static InstalledEngine ToEngine(InstallManifest manifest)
    {
        string server = Path.Combine(manifest.Folder, manifest.Server);
        return new InstalledEngine(server, manifest.Source, manifest.Version, Path.GetDirectoryName(server)!);
    }

    private void RemoveStaging()
    {
        foreach (string leftover in Directory.EnumerateDirectories(folder, StagingPrefix + "*"))
        {
            try
            {
                Directory.Delete(leftover, recursive: true);
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                // Never taken for an install, so it only costs space; the next install tries again.
            }
        }
    }

    private sealed class Lease(EngineCache cache, FileStream held) : IDisposable
    {
        public void Dispose()
        {
            cache.RemoveStaging();
            held.Dispose();
        }
    }
}
