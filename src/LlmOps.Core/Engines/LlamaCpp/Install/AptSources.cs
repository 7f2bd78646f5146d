using System.Text.RegularExpressions;

namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>One place that the machine's apt fetches binary packages from.</summary>
internal sealed record AptSource(string Uri, IReadOnlyList<string> Suites, IReadOnlyList<string> Components);

/// <summary>Reads apt's source lists, in both of its formats (sources.list(5)).</summary>
internal static partial class AptSources
{
    /// <summary>All enabled sources below <paramref name="aptFolder"/>; files that cannot be read are left out.</summary>
    public static IReadOnlyList<AptSource> Read(string aptFolder)
    {
        string parts = Path.Combine(aptFolder, "sources.list.d");
        IEnumerable<string> files = Directory.Exists(parts) ? Directory.EnumerateFiles(parts).Order(StringComparer.Ordinal) : [];
        return [.. files.Prepend(Path.Combine(aptFolder, "sources.list")).SelectMany(ReadFile)];
    }

    /// <summary>The one-line format: <c>deb [options] uri suite component…</c>.</summary>
    public static IEnumerable<AptSource> ParseList(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            string[] words = Words(Options().Replace(line.Split('#')[0], " "));
            if (words.Length >= 3 && words[0] == "deb")
            {
                yield return new AptSource(words[1], [words[2]], words[3..]);
            }
        }
    }

    /// <summary>The deb822 format: stanzas of fields, parted by empty lines.</summary>
    public static IEnumerable<AptSource> ParseStanzas(string text)
    {
        foreach (Dictionary<string, string> stanza in Stanzas(text))
        {
            bool enabled = !stanza.TryGetValue("Enabled", out string? flag)
                || flag.Trim().ToLowerInvariant() is not ("no" or "false" or "without" or "off" or "disable" or "0");
            if (enabled && Field(stanza, "Types").Contains("deb"))
            {
                foreach (string uri in Field(stanza, "URIs"))
                {
                    yield return new AptSource(uri, Field(stanza, "Suites"), Field(stanza, "Components"));
                }
            }
        }
    }

    private static IEnumerable<Dictionary<string, string>> Stanzas(string text)
    {
        Dictionary<string, string> stanza = new(StringComparer.OrdinalIgnoreCase);
        string last = string.Empty;
        foreach (string line in text.Split('\n').Append(string.Empty).Where(line => !line.StartsWith('#')))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (string.IsNullOrWhiteSpace(line))
            {
                yield return stanza;
                stanza = new(StringComparer.OrdinalIgnoreCase);
            }
            else if (char.IsWhiteSpace(line[0]) && stanza.ContainsKey(last))
            {
                stanza[last] += " " + line;
            }
            else if (colon > 0)
            {
                last = line[..colon].Trim();
                stanza[last] = line[(colon + 1)..];
            }
        }
    }

    private static IEnumerable<AptSource> ReadFile(string path)
    {
        try
        {
            return Path.GetExtension(path) switch
            {
                ".list" => ParseList(File.ReadAllText(path)),
                ".sources" => ParseStanzas(File.ReadAllText(path)),
                _ => [],   // apt ignores other names, for instance "x.list.disabled".
            };
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string[] Field(Dictionary<string, string> stanza, string name) =>
        stanza.TryGetValue(name, out string? value) ? Words(value) : [];

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex(@"\[[^\]]*\]")]
    private static partial Regex Options();
}
