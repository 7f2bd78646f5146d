using System.Text.RegularExpressions;

namespace LlmOps.Diagnostics;

/// <summary>Finds the folder that has a library which the loader did not find.</summary>
internal static partial class LibraryAdvice
{
    // Where builds, releases and images put llama.cpp's libraries, seen from the folder of the binary.
    private static readonly string[] s_besideBinary = [".", "lib", "../lib", "../lib64", "../lib/x86_64-linux-gnu", "../lib/aarch64-linux-gnu", "../bin", "../../bin"];

    private static readonly string[] s_systemFolders =
        ["/app", "/usr/local/lib", "/usr/local/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/cuda/lib64", "/opt/cuda/lib64", "/opt/llama.cpp", "/opt/llama.cpp/build/bin"];

    /// <summary>Which folder to name, for <c>libmtmd.so.0</c> or the like.</summary>
    public static string? Find(FaultFinding finding, FaultContext context)
    {
        if (!finding.Facts.TryGetValue("library", out string? library))
        {
            return null;
        }

        string? binary = context.EnginePath ?? (Binary().Match(finding.Line) is { Success: true } match ? match.Groups["path"].Value : null);
        return FolderOf(library, binary, path => path) is { } folder ? $"{library} is in {folder}: set LD_LIBRARY_PATH={folder} (in the configuration: environment: {{ LD_LIBRARY_PATH: {folder} }})."
            : binary is not null ? $"{library} is not near {binary}: unpack the whole release or build, not the binary alone." : null;
    }

    /// <summary>The folder that has <paramref name="library"/>, near the binary or where systems keep such; null when none has.</summary>
    /// <param name="library">Its file name: <c>libmtmd.so.0</c>.</param>
    /// <param name="binary">The program that wants it; null when not known.</param>
    /// <param name="locate">Where a folder of the machine really is.</param>
    internal static string? FolderOf(string library, string? binary, Func<string, string> locate)
    {
        string[] near = binary is not null && Path.GetDirectoryName(Resolve(binary)) is { Length: > 0 } folder ? [.. s_besideBinary.Select(part => Path.GetFullPath(part, folder))] : [];
        int end = library.IndexOf(".so", StringComparison.Ordinal);
        string stem = end > 0 ? library[..end] : library;
        bool Has(string candidate) => Directory.Exists(candidate) && (File.Exists(Path.Combine(candidate, library)) || Directory.EnumerateFiles(candidate, stem + ".so*").Any());
        return near.FirstOrDefault(Has) ?? Array.Find(s_systemFolders, candidate => Has(locate(candidate)));
    }

    private static string Resolve(string binary)
    {
        string full = Path.GetFullPath(binary);
        return File.Exists(full) ? File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full : full;
    }

    [GeneratedRegex(@"(?<path>/\S*llama-server\S*?): error while loading", RegexOptions.ExplicitCapture)]
    private static partial Regex Binary();
}
