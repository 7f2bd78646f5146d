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
        if (!Directory.Exists(Folder))
        {
            return;
        }

        foreach (string file in Directory.GetFiles(Folder))
        {
            if (int.TryParse(Path.GetFileName(file), NumberStyles.None, CultureInfo.InvariantCulture, out int descriptor)
                && descriptor > 2 && descriptor != except
                && ReadFlags(file) is { } flags && (flags & CloseOnExec) == 0)
            {
                LibcClose.Close(descriptor);
            }
        }
    }

    private static int? ReadFlags(string file)
    {
        const string Field = "flags:";
        try
        {
            foreach (string line in File.ReadLines(file))
            {
                if (line.StartsWith(Field, StringComparison.Ordinal))
                {
                    return Convert.ToInt32(line[Field.Length..].Trim(), 8);
                }
            }
        }
        catch (IOException)
        {
            // The one that the listing itself had used.
        }

        return null;
    }
}
