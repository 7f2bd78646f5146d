using System.Runtime.InteropServices;

namespace LlmOps.Native.Libc;

/// <summary><c>waitpid(2)</c>: waits for a child that .NET did not start and therefore does not collect.</summary>
internal static unsafe partial class LibcWait
{
    private const int Interrupted = 4; // EINTR
    private const int SignalMask = 0x7f;

    /// <summary>Blocks until the child has ended, and collects it.</summary>
    /// <param name="pid">A child of this process.</param>
    /// <returns>Its exit code, or 128 + n when signal n ended it, as shells and .NET say it; null when there is no such child.</returns>
    public static int? ForExit(int pid)
    {
        int status = 0;
        int result;
        do
        {
            result = waitpid(pid, &status, 0);
        }
        while (result < 0 && Marshal.GetLastPInvokeError() == Interrupted);

        int signal = status & SignalMask;
        return result != pid ? null : signal != 0 ? 128 + signal : (status >> 8) & 0xff;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int pid, int* status, int options);
}
