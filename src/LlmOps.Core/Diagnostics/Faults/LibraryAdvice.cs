using System.Text.RegularExpressions;

namespace LlmOps.Diagnostics;

/// <summary>Finds the folder that has a library which the loader did not find.</summary>
internal static partial class LibraryAdvice
{
    // Where builds, releases and images put llama.cpp's libraries, seen from the folder of the binary.
    private static readonly string[] s_besideBinary = [".", "lib", "../lib", "../lib64", "../lib/x86_64-linux-gnu", "../lib/aarch64-linux-gnu", "../bin", "../../bin"];

    private static readonly string[] s_systemFolders =
        ["/app", "/usr/local/lib", "/usr/local/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/opt/llama.cpp", "/opt/llama.cpp/build/bin"];

    /// <summary>Which folder to name, for <c>libmtmd.so.0</c> or the like.</summary>
    public static string? Find(FaultFinding finding, FaultContext context)
    {
        if (!finding.Facts.TryGetValue("library", out string? library))
        {
            return null;
        }

        string? binary = context.EnginePath ?? (Binary().Match(finding.Line) is { Success: true } match ? match.Groups["path"].Value : null);
        string[] near = binary is not null && Path.GetDirectoryName(Resolve(binary)) is { Length: > 0 } folder ? [.. s_besideBinary.Select(part => Path.GetFullPath(part, folder))] : [];
        int end = library.IndexOf(".so", StringComparison.Ordinal);
        string stem = end > 0 ? library[..end] : library;
        foreach (string candidate in near.Concat(s_systemFolders).Distinct().Where(Directory.Exists))
        {
            if (File.Exists(Path.Combine(candidate, library)) || Directory.EnumerateFiles(candidate, stem + ".so*").Any())
            {
                return $"{library} is in {candidate}: set LD_LIBRARY_PATH={candidate} (in the configuration: environment: {{ LD_LIBRARY_PATH: {candidate} }}).";
            }
        }

        return near.Length > 0 ? $"{library} is not near {binary}: unpack the whole release or build, not the binary alone." : null;
    }

    private static string Resolve(string binary)
    {
        string full = Path.GetFullPath(binary);
        return File.Exists(full) ? File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full : full;
    }

    [GeneratedRegex(@"(?<path>/\S*llama-server\S*?): error while loading", RegexOptions.ExplicitCapture)]
    private static partial Regex Binary();
}
