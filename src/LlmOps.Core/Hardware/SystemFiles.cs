using System.Text;
using LlmOps.Native.Libc;

namespace LlmOps.Hardware;

/// <summary>Reads the small text files of /proc, /sys and /etc below a root. What is absent or unreadable is null, never an error.</summary>
/// <param name="root">The folder that stands for <c>/</c>.</param>
internal sealed class SystemFiles(string root)
{
    /// <summary>Whether this is the running machine and not a copy of some machine's files.</summary>
    public bool IsLive { get; } = root == "/" || Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)) == Path.TrimEndingDirectorySeparator(Path.GetFullPath("/"));

    /// <summary>Where <paramref name="path"/>, written as on the machine, really is.</summary>
    public string Locate(string path) => IsLive ? path : Path.Join(root, path);

    public bool Exists(string path) => LibcFile.IsUsable ? LibcFile.Exists(Locate(path)) : Path.Exists(Locate(path));

    public string? ReadText(string path) => ReadBytes(path) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>The file's bytes.</summary>
    public byte[]? ReadBytes(string path) => LibcFile.IsUsable ? LibcFile.Read(Locate(path)) : ReadPortably(Locate(path));

    private static byte[]? ReadPortably(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllBytes(file) : null;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // A driver may refuse a read (EIO, ENODATA) although the file is there; that too means "not known".
            return null;
        }
    }

    /// <summary>The file's text without the white space around it; null when nothing is left.</summary>
    public string? ReadValue(string path) => ReadText(path)?.Trim() is { Length: > 0 } text ? text : null;

    /// <summary>The file's whole number, decimal or with <c>0x</c>.</summary>
    public long? ReadNumber(string path) => ParseNumber(ReadValue(path));

    public static long? ParseNumber(string? text)
    {
        if (text is null)
        {
            return null;
        }

        return text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? ParseDigits(text.AsSpan(2), 16)
            : text.StartsWith('-') ? -ParseDigits(text.AsSpan(1))
            : ParseDigits(text);
    }

    /// <summary>Reads digits and nothing else; null for other text and for numbers beyond 63 bits.</summary>
    /// <remarks>By hand, because the framework's parsers read the culture's table of signs first, half a millisecond at each start.</remarks>
    public static long? ParseDigits(ReadOnlySpan<char> text, int radix = 10)
    {
        long number = 0;
        foreach (char letter in text)
        {
            int digit = letter switch { >= '0' and <= '9' => letter - '0', >= 'a' and <= 'f' => letter - 'a' + 10, >= 'A' and <= 'F' => letter - 'A' + 10, _ => radix };
            if (digit >= radix || number > (long.MaxValue - digit) / radix)
            {
                return null;
            }

            number = (number * radix) + digit;
        }

        return text.Length == 0 ? null : number;
    }

    /// <summary>Names in <paramref name="folder"/> that are <paramref name="prefix"/> and a number, by that number: <c>node0</c>, <c>node2</c>, <c>node10</c>.</summary>
    public IReadOnlyList<NumberedEntry> ListNumbered(string folder, string prefix)
    {
        List<NumberedEntry> found = [];
        foreach (string name in List(folder))
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal)
                && ParseDigits(name.AsSpan(prefix.Length)) is { } number and <= int.MaxValue)
            {
                found.Add(new NumberedEntry(name, (int)number));
            }
        }

        found.Sort((a, b) => a.Number.CompareTo(b.Number));
        return found;
    }

    /// <summary>Names of everything in <paramref name="folder"/>, in ordinal order; none when there is no such folder.</summary>
    public IReadOnlyList<string> List(string folder)
    {
        List<string>? entries = LibcFile.IsUsable ? LibcFile.List(Locate(folder)) : ListPortably(Locate(folder));
        entries?.Sort(CompareLetters);
        return entries ?? [];
    }

    private static List<string>? ListPortably(string folder)
    {
        try
        {
            return Directory.Exists(folder) ? [.. Directory.GetFileSystemEntries(folder).Select(entry => Path.GetFileName(entry))] : null;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null;
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
