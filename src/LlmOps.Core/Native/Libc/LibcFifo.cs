using System.Runtime.InteropServices;

namespace LlmOps.Native.Libc;

/// <summary><c>mkfifo(3)</c>: a pipe with a name, for two processes of which neither starts the other.</summary>
internal static partial class LibcFifo
{
    private const uint OwnerOnly = 0x180; // 0600

    /// <summary>Makes a pipe at <paramref name="path"/> that only its owner may open.</summary>
    /// <returns>False where the file system has no pipes, or something is there already.</returns>
    public static bool TryMake(string path) => mkfifo(path, OwnerOnly) == 0;

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, uint mode);
}
