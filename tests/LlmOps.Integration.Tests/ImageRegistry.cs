using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace LlmOps.Integration.Tests;

/// <summary>A registry with one image of one small file, from which a real Docker engine pulls.</summary>
/// <remarks>Source: distribution/distribution <c>docs/content/spec/api.md</c> and <c>manifest-v2-2.md</c>.</remarks>
internal sealed class ImageRegistry : IDisposable
{
    private const string ManifestType = "application/vnd.docker.distribution.manifest.v2+json";
    private readonly HttpListener _listener = new();
    private readonly Dictionary<string, byte[]> _blobs = [];
    private readonly byte[] _manifest;

    public ImageRegistry()
    {
        int port = FreePorts.Next();
        byte[] tar = Tar();
        byte[] layer = Gzip(tar);
        string architecture = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64";
        byte[] config = Encoding.UTF8.GetBytes($$$"""{"architecture":"{{{architecture}}}","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["{{{Digest(tar)}}}"]}}""");
        _blobs[Digest(layer)] = layer;
        _blobs[Digest(config)] = config;
        _manifest = Encoding.UTF8.GetBytes($$"""
            {"schemaVersion":2,"mediaType":"{{ManifestType}}",
             "config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":{{config.Length}},"digest":"{{Digest(config)}}"},
             "layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":{{layer.Length}},"digest":"{{Digest(layer)}}"}]}
            """);
        Image = $"127.0.0.1:{port}/llama-server:tiny";
        _listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        _listener.Start();
        _ = ServeAsync();
    }

    /// <summary>The image's name.</summary>
    public string Image { get; }

    /// <summary>What identifies it.</summary>
    public string ManifestDigest => Digest(_manifest);

    public void Dispose() => _listener.Close();

    private static byte[] Tar()
    {
        using MemoryStream bytes = new();
        using (TarWriter tar = new(bytes, TarEntryFormat.Ustar, leaveOpen: true))
        {
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, "llama-server") { DataStream = new MemoryStream(Encoding.UTF8.GetBytes("not a program")) });
        }

        return bytes.ToArray();
    }

    private static byte[] Gzip(byte[] content)
    {
        using MemoryStream bytes = new();
        using (GZipStream zip = new(bytes, CompressionLevel.Fastest, leaveOpen: true))
        {
            zip.Write(content);
        }

        return bytes.ToArray();
    }

    private static string Digest(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    private async Task ServeAsync()
    {
        while (true)
        {
            try
            {
                Answer(await _listener.GetContextAsync());
            }
            catch (Exception ended) when (ended is HttpListenerException or ObjectDisposedException)
            {
                if (!_listener.IsListening)
                {
                    return;
                }
            }
        }
    }

    private void Answer(HttpListenerContext context)
    {
        string path = context.Request.Url!.AbsolutePath;
        string last = path.Split('/')[^1];
        bool isManifest = path.Contains("/manifests/", StringComparison.Ordinal) && (last == "tiny" || last == ManifestDigest);
        byte[]? body = path == "/v2/" ? "{}"u8.ToArray() : isManifest ? _manifest : _blobs.GetValueOrDefault(last);
        context.Response.StatusCode = body is null ? 404 : 200;
        context.Response.ContentType = isManifest ? ManifestType : "application/octet-stream";
        context.Response.ContentLength64 = body?.Length ?? 0;
        if (body is not null)
        {
            context.Response.Headers["Docker-Content-Digest"] = Digest(body);
            if (context.Request.HttpMethod != "HEAD")
            {
                context.Response.OutputStream.Write(body);
            }
        }

        context.Response.Close();
    }
}
