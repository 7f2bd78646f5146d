using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace LlmOps.Core.Tests.Engines.LlamaCpp.Install;

/// <summary>Serves what GitHub's releases API would, for one release with one archive.</summary>
internal sealed class ReleaseServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly byte[] _archive;
    private readonly string _list;

    public ReleaseServer(byte[] archive, string name = "llama-b6123-bin-ubuntu-x64.tar.gz", string? digest = "right")
    {
        using (TcpListener port = new(IPAddress.Loopback, 0))
        {
            port.Start();
            Address = new Uri($"http://127.0.0.1:{((IPEndPoint)port.LocalEndpoint).Port}/");
        }

        _archive = archive;
        string hash = digest is "right" ? "sha256:" + Convert.ToHexStringLower(SHA256.HashData(archive)) : digest ?? "";
        string digestField = digest is null ? "null" : $"\"{hash}\"";
        _list = $$"""
            [ { "tag_name": "b6124", "assets": [] },
              { "tag_name": "b6123", "assets": [
                { "name": "llama-b6123-bin-macos-arm64.tar.gz", "size": 1, "digest": "sha256:00", "browser_download_url": "{{Address}}no" },
                { "name": "{{name}}", "size": {{archive.Length}}, "digest": {{digestField}}, "browser_download_url": "{{Address}}archive" } ] } ]
            """;
        _listener.Prefixes.Add(Address.AbsoluteUri);
        _listener.Start();
        _ = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>Answers the list with this status instead.</summary>
    public int ListStatus { get; init; } = 200;

    /// <summary>Answers the list with this instead.</summary>
    public string? ListText { get; init; }

    /// <summary>Sends half of the archive and then waits for this.</summary>
    public Task? Stall { get; init; }

    public int ArchivesServed { get; private set; }

    public void Dispose() => _listener.Close();

    /// <summary>A gzipped tar of text files that may not be executed; <c>a -&gt; b</c> is a link.</summary>
    public static byte[] TarGz(params (string Path, string Text)[] files)
    {
        using MemoryStream bytes = new();
        using (GZipStream zip = new(bytes, CompressionLevel.Fastest, leaveOpen: true))
        using (TarWriter tar = new(zip, TarEntryFormat.Pax))
        {
            foreach ((string path, string text) in files)
            {
                tar.WriteEntry(path.Split(" -> ") is [var link, var target]
                    ? new PaxTarEntry(TarEntryType.SymbolicLink, link) { LinkName = target }
                    : new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
            }
        }

        return bytes.ToArray();
    }

    /// <summary>The same as a zip.</summary>
    public static byte[] Zip(params (string Path, string Text)[] files)
    {
        using MemoryStream bytes = new();
        using (ZipArchive zip = new(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string path, string text) in files)
            {
                using StreamWriter writer = new(zip.CreateEntry(path).Open());
                writer.Write(text);
            }
        }

        return bytes.ToArray();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception ended) when (ended is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            _ = AnswerAsync(context);
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        string path = context.Request.Url!.AbsolutePath;
        bool isList = path == "/repos/ggml-org/llama.cpp/releases" && context.Request.UserAgent is { Length: > 0 };
        byte[] body = isList ? Encoding.UTF8.GetBytes(ListText ?? _list) : path == "/archive" ? _archive : [];
        context.Response.StatusCode = isList ? ListStatus : path == "/archive" ? 200 : 404;
        context.Response.ContentLength64 = body.Length;
        ArchivesServed += isList ? 0 : 1;
        try
        {
            if (!isList && Stall is not null)
            {
                await context.Response.OutputStream.WriteAsync(body.AsMemory(0, body.Length / 2));
                await context.Response.OutputStream.FlushAsync();
                await Stall;
                body = body[(body.Length / 2)..];
            }

            await context.Response.OutputStream.WriteAsync(body);
            context.Response.Close();
        }
        catch (Exception gone) when (gone is HttpListenerException or ObjectDisposedException or InvalidOperationException)
        {
            // The test ended or cancelled the request.
        }
    }
}
