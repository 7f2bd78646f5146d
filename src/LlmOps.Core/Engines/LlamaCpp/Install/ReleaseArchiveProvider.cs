using System.Formats.Tar;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>Obtains llama.cpp as the archive of its newest release on GitHub, checked against the hash published with it.</summary>
internal sealed class ReleaseArchiveProvider(LlamaCppInstallerOptions options) : IEngineProvider
{
    private const string Releases = "repos/ggml-org/llama.cpp/releases";

    /// <summary>Where the releases that may be used are listed: the newest, or the one that was named.</summary>
    public static Uri AddressOf(LlamaCppInstallerOptions options) => new(options.ReleaseApi, options.Version is not { } version ? $"{Releases}?per_page=10"
        : $"{Releases}/tags/{(char.IsAsciiDigit(version[0]) ? "v" : string.Empty)}{Uri.EscapeDataString(version)}");

    /// <inheritdoc/>
    public async Task<InstalledEngine> InstallAsync(EngineCache cache, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        Uri address = AddressOf(options);
        try
        {
            using HttpClient http = Client(TimeSpan.FromMinutes(30));
            return await InstallAsync(http, address, cache, progress, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is HttpRequestException or EngineInstallException or InvalidDataException or IOException
            || (problem is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new EngineInstallException($"llama.cpp's release from {address.Authority}: {problem.Message}", problem);
        }
    }

    /// <summary>A client that says who asks: GitHub refuses others.</summary>
    public static HttpClient Client(TimeSpan timeout)
    {
        HttpClient http = new() { Timeout = timeout };
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("LlmOps", null));
        return http;
    }

    private async Task<InstalledEngine> InstallAsync(HttpClient http, Uri address, EngineCache cache, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        progress?.Report($"Looking for a llama.cpp release for {options.ReleaseBuild}");
        ReleaseAsset asset = ReleaseAsset.Choose(await http.GetStringAsync(address, cancellationToken).ConfigureAwait(false), options.ReleaseBuild);
        string version = asset.Tag.TrimStart('v');
        string final = cache.PathOf(options.InstallName?.Invoke(version) ?? $"{Path.GetFileName(version)}-release-{options.ReleaseBuild}");
        string staging = cache.CreateStaging();
        string archive = Path.Combine(staging, "archive");
        string staged = Path.Combine(staging, "install");

        progress?.Report($"Downloading {asset.Name}, {Bytes.Format(asset.Size)}");
        await DownloadAsync(http, asset, archive, cancellationToken).ConfigureAwait(false);

        progress?.Report($"Unpacking llama.cpp {asset.Tag}");
        string root = Directory.CreateDirectory(Path.Combine(staged, "root")).FullName;
        await UnpackAsync(archive, asset.Name, root, cancellationToken).ConfigureAwait(false);
        string server = PlacePrograms(root, Path.Combine(staged, "bin"));
        await EngineTrial.RunAsync(server, [], cancellationToken).ConfigureAwait(false);
        return cache.Commit(staged, new InstallManifest
        {
            Version = version,
            Source = EngineSource.ReleaseArchive,
            Origin = asset.Address.AbsoluteUri,
            Folder = final,
            Server = Path.GetRelativePath(staged, server),
            Files = [$"{asset.Name} sha256:{asset.Sha256}"],
            InstalledAt = options.Time.GetUtcNow(),
        });
    }

    private static async Task DownloadAsync(HttpClient http, ReleaseAsset asset, string path, CancellationToken cancellationToken)
    {
        await using FileStream file = new(path, FileMode.Create, FileAccess.ReadWrite);
        await using (Stream body = await http.GetStreamAsync(asset.Address, cancellationToken).ConfigureAwait(false))
        {
            await body.CopyToAsync(file, cancellationToken).ConfigureAwait(false);
        }

        file.Position = 0;
        string hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken).ConfigureAwait(false));
        if (hash != asset.Sha256)
        {
            throw new EngineInstallException($"{asset.Name} has sha256 {hash}, but the release says {asset.Sha256}; it was not used");
        }
    }

    // Both readers refuse entries and links that would leave the folder; the archive is checked, but its author is not us.
    private static async Task UnpackAsync(string archive, string name, string root, CancellationToken cancellationToken)
    {
        await using FileStream file = File.OpenRead(archive);
        if (name.EndsWith(".zip", StringComparison.Ordinal))
        {
            await ZipFile.ExtractToDirectoryAsync(file, root, cancellationToken).ConfigureAwait(false);
            return;
        }

        await using GZipStream tar = new(file, CompressionMode.Decompress);
        await TarFile.ExtractToDirectoryAsync(tar, root, overwriteFiles: false, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes llama-server and its sibling tools reachable in <paramref name="bin"/>, as in every install.</summary>
    /// <returns>The full path of llama-server there.</returns>
    private static string PlacePrograms(string root, string bin)
    {
        string name = OperatingSystem.IsWindows() ? "llama-server.exe" : "llama-server";
        string server = Directory.EnumerateFiles(root, name, SearchOption.AllDirectories).FirstOrDefault()
            ?? throw new EngineInstallException($"the archive holds no {name}");
        string folder = Path.GetDirectoryName(server)!;
        if (OperatingSystem.IsWindows())
        {
            Directory.Move(folder, bin);   // Windows looks for libraries beside the program and restricts links.
            return Path.Combine(bin, name);
        }

        // Programs find their libraries and backends beside /proc/self/exe, which links do not change.
        Directory.CreateDirectory(bin);
        foreach (string program in Directory.EnumerateFiles(folder, "llama-*"))
        {
            // Archives made on other systems may have lost the permission to execute.
            File.SetUnixFileMode(program, File.GetUnixFileMode(program) | UnixFileMode.UserExecute);
            File.CreateSymbolicLink(Path.Combine(bin, Path.GetFileName(program)), Path.GetRelativePath(bin, program));
        }

        return Path.Combine(bin, name);
    }
}
