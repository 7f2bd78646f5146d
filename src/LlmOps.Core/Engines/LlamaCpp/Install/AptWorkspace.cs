using System.Globalization;
using System.Text.RegularExpressions;
using LlmOps.Processes;

namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>apt-get could not do it.</summary>
/// <param name="message">apt's own words.</param>
/// <param name="keyMissing">Whether the index is signed with keys that the keyring lacks.</param>
internal sealed class AptFailedException(string message, bool keyMissing) : EngineInstallException(message)
{
    public bool KeyMissing { get; } = keyMissing;
}

/// <summary>A package file that apt would fetch.</summary>
internal sealed record AptDownload(string FileName, long Size);

/// <summary>Runs apt-get with lists, cache and status of its own: it needs no root, and the system's apt never notices.</summary>
/// <remarks>
/// The machine's own apt configuration (proxies, certificates, validity of indexes) is still read; see apt.conf(5). Only what would
/// touch the system or weaken the signature check is put back to its default afterwards.
/// </remarks>
internal sealed partial class AptWorkspace
{
    private readonly string _folder;
    private readonly string _configuration;

    private AptWorkspace(string folder)
    {
        _folder = folder;
        _configuration = Path.Combine(folder, "apt.conf");
        Archives = Path.Combine(folder, "archives");
        Directory.CreateDirectory(Path.Combine(folder, "state", "lists", "partial"));
        Directory.CreateDirectory(Path.Combine(Archives, "partial"));
        File.WriteAllText(Path.Combine(folder, "status"), string.Empty);
    }

    /// <summary>Where downloaded packages lie.</summary>
    public string Archives { get; }

    /// <summary>A workspace that sees one release of one mirror and believes one keyring.</summary>
    public static AptWorkspace ForRelease(string folder, string mirror, string release, string keyring, string architecture)
    {
        AptWorkspace workspace = new(folder);
        string sources = Path.Combine(folder, "sources.list");
        File.WriteAllText(sources, $"deb [arch={architecture} target=Packages] {mirror} {release} main\n");
        File.WriteAllText(workspace._configuration, AptConfiguration.Private(folder, architecture) + AptConfiguration.Sources(sources, keyring));
        return workspace;
    }

    /// <summary>A workspace that sees and believes what the machine's own apt does.</summary>
    public static AptWorkspace ForMachine(string folder, string aptFolder, string architecture)
    {
        AptWorkspace workspace = new(folder);
        File.WriteAllText(workspace._configuration, AptConfiguration.Private(folder, architecture) + $"Dir::Etc \"{aptFolder}\";\n");
        return workspace;
    }

    /// <summary>Fetches the index and checks its signature.</summary>
    public Task UpdateAsync(CancellationToken cancellationToken) => RunAsync(["update", "-q"], cancellationToken);

    /// <summary>The package files that <paramref name="packages"/> need, dependencies included.</summary>
    public async Task<IReadOnlyList<AptDownload>> PlanAsync(IReadOnlyList<string> packages, CancellationToken cancellationToken)
    {
        string uris = await RunAsync(["install", "--print-uris", "-qq", "-y", "--no-install-recommends", .. packages], cancellationToken).ConfigureAwait(false);
        return [.. from Match line in UriLine().Matches(uris)
                   select new AptDownload(line.Groups["file"].Value, long.Parse(line.Groups["size"].ValueSpan, CultureInfo.InvariantCulture))];
    }

    /// <summary>Fetches <paramref name="packages"/> and their dependencies and checks each against the signed index.</summary>
    public Task DownloadAsync(IReadOnlyList<string> packages, CancellationToken cancellationToken) =>
        RunAsync(["install", "--download-only", "-q", "-y", "--no-install-recommends", .. packages], cancellationToken);

    private async Task<string> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        ProcessRequest request = new("apt-get", ["-c", _configuration, .. arguments])
        {
            WorkingDirectory = _folder,
            Environment = new Dictionary<string, string?> { ["LC_ALL"] = "C", ["DEBIAN_FRONTEND"] = "noninteractive" },
        };
        ProcessResult result = await ProcessRunner.RunAsync(request, cancellationToken).ConfigureAwait(false);
        string[] complaints = [.. result.StandardError.Split('\n').Where(line => line.Length > 3 && line[1] == ':').Select(line => line[3..])];
        string? missing = complaints.FirstOrDefault(line => MissingKey().IsMatch(line));

        // A failed fetch is only a warning to apt, with exit code 0: the index that it would go on with is one that is not there.
        string? unfetched = complaints.FirstOrDefault(line => line.StartsWith("Failed to fetch", StringComparison.Ordinal));
        if (result.ExitCode != 0 || unfetched is not null)
        {
            string reason = missing ?? unfetched ?? result.StandardError.Split('\n').FirstOrDefault(line => line.StartsWith("E: ", StringComparison.Ordinal))?[3..]
                ?? $"apt-get {arguments[0]} ended with exit code {result.ExitCode}";
            throw new AptFailedException(reason, keyMissing: missing is not null);
        }

        return result.StandardOutput;
    }

    [GeneratedRegex(@"^'[^']+' (?<file>\S+) (?<size>\d+)", RegexOptions.Multiline)]
    private static partial Regex UriLine();

    // gpgv says NO_PUBKEY; sqv, which checks signatures from Debian 13 on, says "Missing key".
    [GeneratedRegex("NO_PUBKEY|Missing key")]
    private static partial Regex MissingKey();
}
