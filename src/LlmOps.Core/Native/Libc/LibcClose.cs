using System.Runtime.InteropServices;

namespace LlmOps.Native.Libc;

/// <summary><c>close(2)</c>: closes a file descriptor that this process inherited and does not know otherwise.</summary>
internal static partial class LibcClose
{
    /// <summary>Closes <paramref name="descriptor"/>.</summary>
    /// <param name="descriptor">Not one of the three standard streams.</param>
    /// <returns>False when it is not open.</returns>
    public static bool Close(int descriptor)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(descriptor, 3);
        return close(descriptor) == 0;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int fd);
}
