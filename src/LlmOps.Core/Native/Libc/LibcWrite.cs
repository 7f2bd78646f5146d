using System.Runtime.InteropServices;

namespace LlmOps.Native.Libc;

/// <summary><c>write(2)</c>.</summary>
internal static unsafe partial class LibcWrite
{
    private const string Library = "libc.so.6";

    /// <summary>Writes to an open descriptor until everything is written or a write fails.</summary>
    /// <returns>How many bytes were written.</returns>
    public static int Write(int descriptor, byte[] content)
    {
        int done = 0;
        fixed (byte* start = content)
        {
            nint took = 1;
            while (done < content.Length && took > 0)
            {
                took = write(descriptor, start + done, content.Length - done);
                done += (int)Math.Max(took, 0);
            }
        }

        return done;
    }

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint write(int descriptor, byte* buffer, nint count);
}
