namespace LlmOps.Hardware.Machine;

/// <summary>Readers for the kernel's small text tables. Pure functions of text.</summary>
internal static class KernelTables
{
    /// <summary>The value in bytes of a <c>MemTotal:  131072 kB</c> line, also in the table of a NUMA node (<c>Node 0 MemTotal: …</c>); null when absent.</summary>
    public static long? ParseMemory(string text, string name)
    {
        foreach (ReadOnlySpan<char> line in new TextLines(text))
        {
            int colon = line.IndexOf(':');
            if (colon < name.Length || !line[..colon].EndsWith(name, StringComparison.Ordinal) || (colon > name.Length && line[colon - name.Length - 1] != ' '))
            {
                continue;
            }

            ReadOnlySpan<char> value = line[(colon + 1)..].Trim();
            int end = value.IndexOf(' ');
            bool isKibibytes = end >= 0 && value[end..].Trim() is "kB";
            return SystemFiles.ParseDigits(end < 0 ? value : value[..end]) * (isKibibytes ? Bytes.KiB : 1);
        }

        return null;
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
                || SystemFiles.ParseDigits(ends[0]) is not { } first
                || SystemFiles.ParseDigits(ends[^1]) is not { } last
                || last < first || last > int.MaxValue / 2)
            {
                return null;
            }

            count += (int)(last - first) + 1;
        }

        return count;
    }
}
