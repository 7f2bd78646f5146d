using LlmOps.Processes;

namespace LlmOps.Integration.Tests;

/// <summary>The unpacked engine as an archive that container engines import.</summary>
internal static class Archive
{
    /// <summary>The unpacked root file system of the engine in the cache; null when there is none.</summary>
    public static string? FindEngine()
    {
        string root = Path.Combine(LlmOpsFolders.Cache, "engines", "llama.cpp");
        return Directory.Exists(root)
            ? Directory.GetDirectories(root).Select(found => Path.Combine(found, "root")).FirstOrDefault(found => File.Exists(Path.Combine(found, "usr/bin/llama-server")))
            : null;
    }

    /// <summary>Writes the archive.</summary>
    /// <param name="engine">From <see cref="FindEngine"/>.</param>
    /// <param name="folder">Where to.</param>
    /// <returns>Its path.</returns>
    public static async Task<string> OfEngineAsync(string engine, string folder)
    {
        string links = Directory.CreateDirectory(Path.Combine(folder, "links")).FullName;
        foreach (string name in new[] { "lib", "lib64", "bin" })
        {
            File.CreateSymbolicLink(Path.Combine(links, name), $"usr/{name}");
        }

        Directory.CreateDirectory(Path.Combine(links, "tmp"));
        string archive = Path.Combine(folder, "image.tar");
        ProcessResult packed = await ProcessRunner.RunAsync(
            new ProcessRequest("tar", ["--exclude=usr/share/doc", "-cf", archive, "-C", engine, "./usr", "./etc", "-C", links, "./lib", "./lib64", "./bin", "./tmp"]) { Timeout = TimeSpan.FromSeconds(60) },
            CancellationToken.None);
        return packed.ExitCode == 0 ? archive : throw new InvalidOperationException($"tar: {packed.StandardError.Trim()}");
    }
}
