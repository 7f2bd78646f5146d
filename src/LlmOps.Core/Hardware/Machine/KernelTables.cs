using System.Globalization;

namespace LlmOps.Hardware.Machine;

/// <summary>Readers for the kernel's small text tables. Pure functions of text.</summary>
internal static class KernelTables
{
    /// <summary>Reads <c>MemTotal:  131072 kB</c> lines, also those of a NUMA node (<c>Node 0 MemTotal: …</c>), into bytes.</summary>
    public static IReadOnlyDictionary<string, long> ParseMemory(string text)
    {
        Dictionary<string, long> values = new(StringComparer.Ordinal);
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            string[] words = colon < 0 ? [] : line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (words.Length > 0 && long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            {
                string name = line[..colon].Trim();
                values[name[(name.LastIndexOf(' ') + 1)..]] = words.Length > 1 && words[1] == "kB" ? number * Bytes.KiB : number;
            }
        }

        return values;
    }

    /// <summary>The value of <c>NAME="value"</c> in a shell-like file; null when absent or empty.</summary>
    public static string? ParseAssignment(string text, string name)
    {
        foreach (ReadOnlySpan<char> line in new TextLines(text))
        {
            if (line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] == '=')
            {
                string value = line[(name.Length + 1)..].Trim().Trim("\"'").ToString();
                return value.Length == 0 ? null : value;
            }
        }

        return null;
    }

    /// <summary>The value of a <c>name:	value</c> line; null when absent or empty.</summary>
    public static string? ParseField(string text, string name)
    {
        foreach (ReadOnlySpan<char> line in new TextLines(text))
        {
            if (line.StartsWith(name, StringComparison.Ordinal) && line[name.Length..].TrimStart() is [':', .. ReadOnlySpan<char> rest])
            {
                string value = rest.Trim().ToString();
                return value.Length == 0 ? null : value;
            }
        }

        return null;
    }

    /// <summary>How many numbers a kernel list names: <c>0-17,36-53</c> names 36. Null when it is no such list.</summary>
    public static int? CountList(string? list)
    {
        if (string.IsNullOrWhiteSpace(list))
        {
            return null;
        }

        int count = 0;
        foreach (string range in list.Split(',', StringSplitOptions.TrimEntries))
        {
            string[] ends = range.Split('-');
            if (ends.Length > 2
                || !int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
                || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int last)
                || last < first)
            {
                return null;
            }

            count += last - first + 1;
        }

        return count;
    }
}
