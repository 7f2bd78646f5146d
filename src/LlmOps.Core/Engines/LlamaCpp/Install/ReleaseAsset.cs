using System.Text.Json;

namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>One file of a llama.cpp release.</summary>
/// <param name="Tag">The release's name: <c>b6123</c>, <c>v0.7.0</c>.</param>
/// <param name="Name">The file's name.</param>
/// <param name="Address">Where it is downloaded.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">The hash that the release publishes for it, lower case hexadecimal.</param>
internal sealed record ReleaseAsset(string Tag, string Name, Uri Address, long Size, string Sha256)
{
    private static readonly string[] Extensions = [".tar.gz", ".zip"];

    /// <summary>The first file of the newest release that has one for <paramref name="build"/>. A release under way has none yet.</summary>
    /// <param name="json">GitHub's answer to "list releases", newest first, or one release (docs.github.com/rest/releases).</param>
    /// <param name="build">For instance <c>ubuntu-x64</c>.</param>
    /// <exception cref="EngineInstallException">The answer is not such a list, or no file fits, or it has no hash.</exception>
    public static ReleaseAsset Choose(string json, string build)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            foreach (JsonElement release in root.ValueKind == JsonValueKind.Object ? [root] : root.EnumerateArray().ToArray())
            {
                string tag = release.GetProperty("tag_name").GetString()!;
                foreach (JsonElement asset in release.GetProperty("assets").EnumerateArray())
                {
                    string name = asset.GetProperty("name").GetString()!;
                    if (Extensions.Any(extension => name.StartsWith("llama-", StringComparison.Ordinal) && name.EndsWith($"-bin-{build}{extension}", StringComparison.Ordinal)))
                    {
                        return new ReleaseAsset(tag, name, new Uri(asset.GetProperty("browser_download_url").GetString()!), asset.GetProperty("size").GetInt64(), HashOf(asset, name));
                    }
                }
            }
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentNullException)
        {
            throw new EngineInstallException("the answer is not a list of releases", problem);
        }

        throw new EngineInstallException($"no recent release has a file for {build}");
    }

    private static string HashOf(JsonElement asset, string name) =>
        asset.TryGetProperty("digest", out JsonElement digest) && digest.GetString() is { } text && text.StartsWith("sha256:", StringComparison.Ordinal)
            ? text["sha256:".Length..].ToLowerInvariant()
            : throw new EngineInstallException($"{name} has no published sha256, so it cannot be checked");
}
