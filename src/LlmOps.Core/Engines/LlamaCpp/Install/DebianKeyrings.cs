using System.Runtime.CompilerServices;

namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>Finds keyrings that may know a newer Debian release, each vouched for by one that was trusted before.</summary>
/// <remarks>
/// A release is signed with the keys of the two stable releases before it, so an old machine's keyring may lack both. Every stable
/// release carries the next keys in its own package debian-archive-keyring: climbing from release to release bridges any gap without
/// ever trusting something unsigned.
/// </remarks>
internal sealed class DebianKeyrings(LlamaCppInstallerOptions options, DebianPlatform platform, string folder)
{
    private const string Package = "debian-archive-keyring";
    private static readonly string[] StableSuites = ["stable", "oldstable", "oldoldstable"];
    private int _tries;

    /// <summary>Keyrings to try, the cheapest first. Later ones are fetched only when they are asked for.</summary>
    public async IAsyncEnumerable<string> FindAsync(string mirror, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? known = options.DebianKeyrings.FirstOrDefault(File.Exists);
        if (known is not null)
        {
            yield return known;
        }

        // The machine's own sources may have an update of the keyring, or have it at all (Ubuntu does, signed with Ubuntu's keys).
        if (await FromAsync(AptWorkspace.ForMachine(NewFolder(), options.AptFolder, platform.Architecture), cancellationToken).ConfigureAwait(false) is { } own)
        {
            yield return known = own;
        }

        for (string? newer = known; newer is not null;)
        {
            string before = newer;
            newer = null;
            foreach (string suite in StableSuites)
            {
                AptWorkspace workspace = AptWorkspace.ForRelease(NewFolder(), mirror, suite, before, platform.Architecture);
                string? candidate = await FromAsync(workspace, cancellationToken).ConfigureAwait(false);
                if (candidate is not null && !AreSame(candidate, before))
                {
                    yield return newer = candidate;
                    break;
                }
            }
        }
    }

    private static async Task<string?> FromAsync(AptWorkspace workspace, CancellationToken cancellationToken)
    {
        try
        {
            await workspace.UpdateAsync(cancellationToken).ConfigureAwait(false);
            await workspace.DownloadAsync([Package], cancellationToken).ConfigureAwait(false);
            string root = Path.Combine(workspace.Archives, "root");
            foreach (string package in Directory.EnumerateFiles(workspace.Archives, Package + "_*.deb"))
            {
                await DebianPackage.UnpackAsync(package, root, cancellationToken).ConfigureAwait(false);
            }

            string keyrings = Path.Combine(root, "usr", "share", "keyrings");
            return Directory.Exists(keyrings) ? Directory.EnumerateFiles(keyrings, Package + ".*").Order(StringComparer.Ordinal).FirstOrDefault() : null;
        }
        catch (EngineInstallException)
        {
            return null;   // Not vouched for, or not there: the next candidate may be.
        }
    }

    private static bool AreSame(string one, string other) => File.ReadAllBytes(one).AsSpan().SequenceEqual(File.ReadAllBytes(other));

    private string NewFolder() => Path.Combine(folder, $"keyring-{_tries++}");
}
