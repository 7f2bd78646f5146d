using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmOps.Diagnostics.Checks;

/// <summary>What a distribution of Python needs: <c>torch==2.9.0; platform_machine == "x86_64"</c>.</summary>
/// <param name="Name">The distribution, normalised.</param>
/// <param name="Specifiers">What its version must satisfy: <c>==2.9.0</c>, <c>&gt;=4.56,&lt;5</c>; empty for any.</param>
/// <remarks>Sources: dependency and version specifiers, packaging.python.org. Markers that are not understood count as not met: a doubt is no finding.</remarks>
internal sealed partial record PythonRequirement(string Name, IReadOnlyList<string> Specifiers)
{
    /// <summary>Reads a <c>Requires-Dist</c>; null for what is optional or for other machines.</summary>
    public static PythonRequirement? Parse(string text, string? pythonVersion)
    {
        string[] halves = text.Split(';', 2);
        return Head().Match(halves[0]) is { Success: true } match && (halves.Length == 1 || Holds(halves[1], pythonVersion))
            ? new PythonRequirement(Normalise(match.Groups["name"].Value), [.. match.Groups["spec"].Value.Trim('(', ')', ' ').Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(spec => spec.Replace(" ", string.Empty, StringComparison.Ordinal))])
            : null;
    }

    /// <summary>Whether <paramref name="version"/> satisfies it.</summary>
    public bool Accepts(string version) => Specifiers.All(specifier => Satisfies(version, specifier));

    /// <summary>The name as distributions are compared by.</summary>
    public static string Normalise(string name) => Separators().Replace(name, "-").ToLowerInvariant();

    /// <summary>Whether a version satisfies one specifier: <c>&gt;=3.10</c>.</summary>
    public static bool Satisfies(string version, string specifier)
    {
        string sign = new([.. specifier.TakeWhile(letter => "=<>!~".Contains(letter))]);
        string wanted = specifier[sign.Length..];
        bool isPrefix = wanted.EndsWith(".*", StringComparison.Ordinal);
        int[] have = Numbers(version);
        int[] want = Numbers(isPrefix ? wanted[..^2] : wanted);
        if (want.Length == 0 || have.Length == 0)
        {
            return true;
        }

        // The local part (+cu130) matters only where it is asked for.
        int order = Compare(have, want);
        bool isSame = isPrefix ? StartsWith(have, want) : order == 0 && (!wanted.Contains('+') || version.Split('+').Last() == wanted.Split('+').Last());
        return sign switch
        {
            "==" or "===" => isSame,
            "!=" => !isSame,
            ">=" => order >= 0,
            "<=" => order <= 0,
            ">" => order > 0,
            "<" => order < 0,
            "~=" => order >= 0 && StartsWith(have, want[..^1]),
            _ => true,
        };
    }

    private static int[] Numbers(string version) => Release().Match(version) is { Success: true } match
        ? [.. match.Value.Split('.').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0)] : [];

    private static int Compare(int[] a, int[] b)
    {
        for (int at = 0; at < Math.Max(a.Length, b.Length); at++)
        {
            int difference = a.ElementAtOrDefault(at).CompareTo(b.ElementAtOrDefault(at));
            if (difference != 0)
            {
                return difference;
            }
        }

        return 0;
    }

    private static bool StartsWith(int[] have, int[] want) => want.Select((number, at) => have.ElementAtOrDefault(at) == number).All(same => same);

    private static bool Holds(string marker, string? pythonVersion) =>
        !marker.Contains("extra", StringComparison.Ordinal) && marker.Replace("(", string.Empty, StringComparison.Ordinal).Replace(")", string.Empty, StringComparison.Ordinal)
            .Split(" or ").Any(either => either.Split(" and ").All(term => Term(term, pythonVersion)));

    private static bool Term(string term, string? pythonVersion)
    {
        if (Comparison().Match(term) is not { Success: true } match)
        {
            return false;
        }

        string sign = match.Groups["sign"].Value;
        string value = match.Groups["value"].Value;
        string? have = match.Groups["variable"].Value switch
        {
            "sys_platform" => "linux",
            "platform_system" => "Linux",
            "os_name" => "posix",
            "implementation_name" => "cpython",
            "platform_machine" => System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "aarch64" : "x86_64",
            "python_version" or "python_full_version" => pythonVersion,
            _ => null,
        };
        return have is not null && (match.Groups["variable"].Value.StartsWith("python", StringComparison.Ordinal)
            ? Satisfies(match.Groups["variable"].Value == "python_version" ? string.Join('.', have.Split('.').Take(2)) : have, sign + value)
            : sign == "==" ? have == value : sign == "!=" && have != value);
    }

    [GeneratedRegex(@"^\s*(?<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?<spec>.*)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Head();

    [GeneratedRegex(@"^\s*(?<variable>[a-z_]+)\s*(?<sign>===|==|!=|>=|<=|<|>|~=)\s*[""'](?<value>[^""']*)[""']\s*$", RegexOptions.ExplicitCapture)]
    private static partial Regex Comparison();

    [GeneratedRegex(@"^\d+(?:\.\d+)*")]
    private static partial Regex Release();

    [GeneratedRegex("[-_.]+")]
    private static partial Regex Separators();
}
