using System.Text.RegularExpressions;
using LlmOps.Processes;

namespace LlmOps.Diagnostics.Checks;

/// <summary>A shared library that a file of the engine is linked with.</summary>
/// <param name="User">The file that wants it.</param>
/// <param name="Name">Its name: <c>libcudart.so.13</c>, or what it lacks: <c>GLIBC_2.38</c>.</param>
/// <param name="Path">Where the loader finds it; null when it does not.</param>
internal sealed record LinkedLibrary(string User, string Name, string? Path);

/// <summary>The shared libraries of a llama-server and its backends, as the loader resolves them.</summary>
internal static partial class LinkedLibraries
{
    /// <summary>Asks the loader (<c>ldd</c>); null when it cannot be asked: no ldd, or the engine is started by a script.</summary>
    public static async Task<IReadOnlyList<LinkedLibrary>?> ReadAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        string? binary = scope.Engine?.Path ?? scope.Context.EnginePath;
        if (binary is null || scope.IsVllm || scope.IsInContainer || scope.Tools.Find("ldd") is not { } ldd || !await IsBinaryAsync(binary, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        string folder = System.IO.Path.GetDirectoryName(binary)!;
        string[] users = [binary, .. Directory.EnumerateFiles(folder, "libggml-*.so").Order(StringComparer.Ordinal)];
        ProcessResult[] answers = await Task.WhenAll(users.Select(user => scope.Tools.AskAsync(ldd, [user], cancellationToken))).ConfigureAwait(false);
        return [.. users.Zip(answers).SelectMany(pair => Parse(pair.First, pair.Second.StandardOutput + pair.Second.StandardError))];
    }

    /// <summary>The CUDA that the engine is linked with; null when it is with none.</summary>
    public static async Task<string?> CudaOfAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        IReadOnlyList<LinkedLibrary>? libraries = await ReadAsync(scope, cancellationToken).ConfigureAwait(false);
        return libraries?.Select(library => CudaRuntime().Match(library.Name)).FirstOrDefault(match => match.Success)?.Groups[1].Value;
    }

    /// <summary>Reads what ldd of glibc or of musl prints.</summary>
    internal static IEnumerable<LinkedLibrary> Parse(string user, string text)
    {
        foreach (string line in text.Split('\n'))
        {
            if (Resolved().Match(line) is { Success: true } match)
            {
                yield return new LinkedLibrary(user, match.Groups[1].Value, match.Groups[2].Value is "not found" ? null : match.Groups[2].Value);
            }
            else if (MuslMissing().Match(line) is { Success: true } missing)
            {
                yield return new LinkedLibrary(user, missing.Groups[1].Value, null);
            }
            else if (VersionMissing().Match(line) is { Success: true } version)
            {
                yield return new LinkedLibrary(user, version.Groups[1].Value, null);
            }
        }
    }

    // ELF's magic number; a script starts with "#!".
    private static async Task<bool> IsBinaryAsync(string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        await using FileStream file = File.OpenRead(path);
        byte[] magic = new byte[4];
        return await file.ReadAtLeastAsync(magic, magic.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) == 4 && magic is [0x7F, (byte)'E', (byte)'L', (byte)'F'];
    }

    //     libmtmd.so => not found    |    libggml.so.0 => /usr/lib/libggml.so.0 (0x00007f…)
    [GeneratedRegex(@"^\s*(\S+) => (not found|/\S+)")]
    private static partial Regex Resolved();

    // Error loading shared library libmtmd.so: No such file or directory (needed by …)
    [GeneratedRegex(@"^Error loading shared library (\S+?):")]
    private static partial Regex MuslMissing();

    // llama-server: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by …)
    [GeneratedRegex(@"version `((?:GLIBC|GLIBCXX|CXXABI)_[\d.]+)' not found")]
    private static partial Regex VersionMissing();

    [GeneratedRegex(@"^libcudart\.so\.(\d{2})")]
    private static partial Regex CudaRuntime();
}
