using System.Text.RegularExpressions;

namespace LlmOps.Engines.Vllm;

/// <summary>Reads which CUDA torch was built for, without importing it.</summary>
internal static partial class TorchBuild
{
    /// <summary>From the local part of its version (<c>2.9.0+cu130</c>), else from <c>torch/version.py</c>; null for a build without CUDA or where nothing says so.</summary>
    public static string? Cuda(string version, string packageFolder)
    {
        if (LocalPart().Match(version) is { Success: true } local)
        {
            string digits = local.Groups[1].Value;
            return $"{digits[..^1]}.{digits[^1]}";
        }

        string file = Path.Combine(packageFolder, "torch", "version.py");
        try
        {
            return File.Exists(file) && Assignment().Match(File.ReadAllText(file)) is { Success: true } said ? said.Groups[1].Value : null;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null; // Not known is what null says.
        }
    }

    [GeneratedRegex(@"\+cu(\d{2,3})\b")]
    private static partial Regex LocalPart();

    // cuda: Optional[str] = '13.0'
    [GeneratedRegex(@"^cuda\b[^=\n]*=\s*['""](\d+\.\d+)['""]", RegexOptions.Multiline)]
    private static partial Regex Assignment();
}
