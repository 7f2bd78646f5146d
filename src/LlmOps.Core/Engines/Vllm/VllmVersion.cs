using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmOps.Engines.Vllm;

/// <summary>A version of vLLM: <c>0.21.0</c>, <c>0.21.0rc1.dev16+g1a2b</c>, <c>v0.21.0</c>.</summary>
/// <param name="Minor">The part that moves with each release; vLLM's first part has always been 0.</param>
/// <param name="Patch">The part after it.</param>
/// <param name="Major">The first part.</param>
internal readonly partial record struct VllmVersion(int Major, int Minor, int Patch) : IComparable<VllmVersion>
{
    /// <summary>The newest release whose flags are known here.</summary>
    public static VllmVersion Newest { get; } = new(0, 27, 0);

    /// <summary>The last release known to serve eight-bit keys and values on compute capability 7.5; 0.24 and later lost them.</summary>
    public static VllmVersion ForOldCards { get; } = new(0, 21, 0);

    /// <summary>The last release whose builds are for CUDA 12, which compute capability 7.0 needs.</summary>
    public static VllmVersion ForVolta { get; } = new(0, 19, 0);

    /// <summary>The version that <paramref name="text"/> starts with; null when it is none. Candidates and development builds count as their release.</summary>
    public static VllmVersion? Parse(string? text)
    {
        if (text is null || Shape().Match(text) is not { Success: true } match)
        {
            return null;
        }

        return new VllmVersion(Number(match.Groups[1]), Number(match.Groups[2]), match.Groups[3].Success ? Number(match.Groups[3]) : 0);

        static int Number(Group group) => int.Parse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
    }

    /// <summary>Whether this is <paramref name="minor"/> of the first part 0 or later.</summary>
    public bool IsAtLeast(int minor) => Major > 0 || Minor >= minor;

    /// <inheritdoc/>
    public int CompareTo(VllmVersion other) => (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}.{Patch}");

    [GeneratedRegex(@"^v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?")]
    private static partial Regex Shape();
}
