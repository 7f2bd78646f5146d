using System.Globalization;

namespace LlmOps.Hardware;

/// <summary>Reads the small text files of /proc, /sys and /etc below a root. What is absent or unreadable is null, never an error.</summary>
/// <param name="root">The folder that stands for <c>/</c>.</param>
internal sealed class SystemFiles(string root)
{
    /// <summary>Whether this is the running machine and not a copy of some machine's files.</summary>
    public bool IsLive { get; } = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)) == Path.TrimEndingDirectorySeparator(Path.GetFullPath("/"));

    /// <summary>Where <paramref name="path"/>, written as on the machine, really is.</summary>
    public string Locate(string path) => IsLive ? path : Path.Join(root, path);

    public bool Exists(string path) => Path.Exists(Locate(path));

    public string? ReadText(string path)
    {
        string file = Locate(path);
        if (!File.Exists(file))
        {
            return null;
        }

        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // A driver may refuse a read (EIO, ENODATA) although the file is there; that too means "not known".
            return null;
        }
    }

    /// <summary>The file's bytes.</summary>
    public byte[]? ReadBytes(string path)
    {
        string file = Locate(path);
        try
        {
            return File.Exists(file) ? File.ReadAllBytes(file) : null;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The file's text without the white space around it; null when nothing is left.</summary>
    public string? ReadValue(string path) => ReadText(path)?.Trim() is { Length: > 0 } text ? text : null;

    /// <summary>The file's whole number, decimal or with <c>0x</c>.</summary>
    public long? ReadNumber(string path) => ParseNumber(ReadValue(path));

    public static long? ParseNumber(string? text)
    {
        bool isHex = text?.StartsWith("0x", StringComparison.OrdinalIgnoreCase) == true;
        ReadOnlySpan<char> digits = isHex ? text.AsSpan(2) : text;
        NumberStyles style = isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.AllowLeadingSign;
        return long.TryParse(digits, style, CultureInfo.InvariantCulture, out long number) ? number : null;
    }

    /// <summary>Names in <paramref name="folder"/> that are <paramref name="prefix"/> and a number, by that number: <c>node0</c>, <c>node2</c>, <c>node10</c>.</summary>
    public IReadOnlyList<NumberedEntry> ListNumbered(string folder, string prefix)
    {
        List<NumberedEntry> found = [];
        foreach (string name in List(folder))
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal)
                && int.TryParse(name.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                found.Add(new NumberedEntry(name, number));
            }
        }

        found.Sort((a, b) => a.Number.CompareTo(b.Number));
        return found;
    }

    /// <summary>Names of everything in <paramref name="folder"/>, in ordinal order; none when there is no such folder.</summary>
    public IReadOnlyList<string> List(string folder)
    {
        string place = Locate(folder);
        if (!Directory.Exists(place))
        {
            return [];
        }

        try
        {
            string[] entries = Directory.GetFileSystemEntries(place);
            for (int at = 0; at < entries.Length; at++)
            {
                entries[at] = Path.GetFileName(entries[at]);
            }

            Array.Sort(entries, CompareLetters);
            return entries;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Compares letter by letter. The framework's ordinal comparison uses vectors and so is compiled as it runs, a millisecond at each start.</summary>
    public static int CompareLetters(string a, string b)
    {
        int length = Math.Min(a.Length, b.Length);
        for (int at = 0; at < length; at++)
        {
            if (a[at] != b[at])
            {
                return a[at] - b[at];
            }
        }

        return a.Length - b.Length;
    }

    /// <summary>The full path that the link at <paramref name="path"/> leads to; null when it is no link.</summary>
    public string? ResolveLink(string path)
    {
        try
        {
            return new DirectoryInfo(Locate(path)).ResolveLinkTarget(returnFinalTarget: false)?.FullName;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>A name that ends in a number. A class and no tuple, because lists of classes are compiled ahead of time and lists of tuples as they run.</summary>
/// <param name="Name">The whole name: <c>node10</c>.</param>
/// <param name="Number">Its number.</param>
internal sealed record NumberedEntry(string Name, int Number);
