using System.Globalization;
using LlmOps.Native.Libc;

namespace LlmOps.Servers;

/// <summary>Lets go of files that a caller left open for its children: a lock or a pipe held by a server would be held for days.</summary>
internal static class InheritedDescriptors
{
    private const int CloseOnExec = 0x80000; // O_CLOEXEC, octal 02000000: what this process opened itself has it, all of .NET's included

    /// <summary>Closes what was inherited, except the standard streams. Only for a process that was started to run on its own.</summary>
    /// <param name="except">One more that stays; null for none.</param>
    public static void Close(int? except)
    {
        const string Folder = "/proc/self/fdinfo";
        if (!LibcFile.IsUsable)
        {
            return; // Elsewhere there is no such folder.
        }

        foreach (string name in LibcFile.List(Folder) ?? [])
        {
            if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int descriptor)
                && descriptor > 2 && descriptor != except
                && ReadFlags($"{Folder}/{name}") is { } flags && (flags & CloseOnExec) == 0)
            {
                LibcClose.Close(descriptor);
            }
        }
    }

    private static int? ReadFlags(string file)
    {
        ReadOnlySpan<byte> field = "flags:"u8;

        // Null is the one that the listing itself had used.
        ReadOnlySpan<byte> info = LibcFile.Read(file);
        int at = info.IndexOf(field);
        if (at < 0)
        {
            return null;
        }

        int flags = 0;
        foreach (byte letter in info[(at + field.Length)..].TrimStart(" \t"u8))
        {
            if (letter is < (byte)'0' or > (byte)'7')
            {
                break;
            }

            flags = (flags << 3) | (letter - '0');
        }

        return flags;
    }
}
