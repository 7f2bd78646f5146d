using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmOps.Engines.LlamaCpp;

/// <summary>Reads <c>llama-server --version</c>: semantic versions since August 2026, build numbers before.</summary>
internal static partial class VersionText
{
    /// <summary>Version, build and commit as far as <paramref name="text"/> tells them; null when it is not llama.cpp's.</summary>
    public static EngineVersion? Parse(string text)
    {
        if (Semantic().Match(text) is { Success: true } semantic)
        {
            return new EngineVersion(semantic.Groups[1].Value, Number(semantic.Groups[2].Value), semantic.Groups[3].Value);
        }

        if (Build().Match(text) is { Success: true } build)
        {
            return new EngineVersion("b" + build.Groups[1].Value, Number(build.Groups[1].Value), build.Groups[2].Value);
        }

        return null;
    }

    private static int? Number(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    // version: 0.7.0 (build 11669, commit Debian)
    [GeneratedRegex(@"^version: (\d+\.\d+\.\d+\S*) \(build (\d+), commit ([^)]*)\)", RegexOptions.Multiline)]
    private static partial Regex Semantic();

    // version: 9439 (47f6423ed)
    [GeneratedRegex(@"^version: (\d+) \(([^)]*)\)", RegexOptions.Multiline)]
    private static partial Regex Build();
}

/// <summary>What a version line tells.</summary>
internal sealed record EngineVersion(string Version, int? Build, string? Commit);
