namespace LlmOps.Hardware.Machine;

/// <summary>One line of /proc/self/mountinfo.</summary>
/// <param name="Root">The folder of the file system that is mounted.</param>
/// <param name="MountPoint">Where it is mounted.</param>
/// <param name="FileSystem">Its type: <c>cgroup2</c>, <c>tmpfs</c>.</param>
/// <param name="Options">The file system's own options.</param>
internal sealed record Mount(string Root, string MountPoint, string FileSystem, string Options)
{
    private const string SizeOption = "size=";

    /// <summary>Numbers of the block device: <c>8:1</c>; of a file system without one, some number of the kernel's.</summary>
    public string Device { get; init; } = string.Empty;

    /// <summary>How this mount is used: <c>rw,noexec</c>.</summary>
    public string Flags { get; init; } = string.Empty;

    /// <summary>The size that a tmpfs was mounted with (<c>size=65536k</c>), in bytes; null without one.</summary>
    public long? TmpfsBytes
    {
        get
        {
            foreach (string option in Options.Split(','))
            {
                if (option.StartsWith(SizeOption, StringComparison.Ordinal))
                {
                    // The kernel writes KiB.
                    string size = option[SizeOption.Length..];
                    return size.EndsWith('k') ? SystemFiles.ParseDigits(size.AsSpan(0, size.Length - 1)) * Bytes.KiB : Bytes.TryParse(size, out long bytes) ? bytes : null;
                }
            }

            return null;
        }
    }
}

/// <summary>Reads /proc/self/mountinfo.</summary>
internal static class MountTable
{
    public static IReadOnlyList<Mount> Read(SystemFiles files) => Parse(files.ReadText("/proc/self/mountinfo") ?? string.Empty);

    /// <summary>Reads the table: <c>36 35 98:0 /root /point rw,noatime master:1 - type source options</c>; a dash ends the optional fields.</summary>
    /// <remarks>Source: the kernel's Documentation/filesystems/proc.rst, section 3.5.</remarks>
    internal static IReadOnlyList<Mount> Parse(string text)
    {
        List<Mount> mounts = [];
        foreach (string line in text.Split('\n'))
        {
            string[] fields = line.Split(' ');
            int dash = Math.Min(6, fields.Length);
            while (dash < fields.Length && fields[dash] != "-")
            {
                dash++;
            }

            if (fields.Length >= dash + 4)
            {
                mounts.Add(new Mount(Unescape(fields[3]), Unescape(fields[4]), fields[dash + 1], fields[dash + 3]) { Device = fields[2], Flags = fields[5] });
            }
        }

        return mounts;
    }

    /// <summary>The kernel writes white space and backslashes as three octal digits.</summary>
    private static string Unescape(string text)
    {
        int backslash;
        int from = 0;
        while ((backslash = text.IndexOf('\\', from)) >= 0 && backslash + 4 <= text.Length)
        {
            char original = (char)(((text[backslash + 1] - '0') << 6) | ((text[backslash + 2] - '0') << 3) | (text[backslash + 3] - '0'));
            text = string.Concat(text.AsSpan(0, backslash), new ReadOnlySpan<char>(in original), text.AsSpan(backslash + 4));
            from = backslash + 1;
        }

        return text;
    }
}
