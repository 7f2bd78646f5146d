using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmOps.Diagnostics.Checks;

/// <summary>A version of CUDA: <c>13.0</c>.</summary>
/// <param name="Major">The first part: programs of one major version run with each other.</param>
/// <param name="Minor">The second part.</param>
internal readonly partial record struct CudaVersion(int Major, int Minor)
{
    /// <summary>The version that <paramref name="text"/> starts with; null when it is none. A major version alone counts as its first.</summary>
    public static CudaVersion? Parse(string? text) => text is not null && Shape().Match(text) is { Success: true } match
        ? new CudaVersion(int.Parse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture), match.Groups[2].Success ? int.Parse(match.Groups[2].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : 0)
        : null;

    /// <summary>The oldest driver that runs programs of a major version on Linux.</summary>
    /// <remarks>Source: CUDA Toolkit Release Notes, "CUDA Toolkit and Minimum Required Driver Version for CUDA Minor Version Compatibility".</remarks>
    public static string DriverFloor(int major) => major switch { >= 13 => "580", 12 => "525", 11 => "450", _ => "the same age" };

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}");

    [GeneratedRegex(@"^(\d{1,3})(?:\.(\d{1,3}))?")]
    private static partial Regex Shape();
}
