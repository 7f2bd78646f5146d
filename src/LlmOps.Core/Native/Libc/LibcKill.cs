using System.Runtime.InteropServices;

namespace LlmOps.Native.Libc;

/// <summary><c>kill(2)</c>: sends a signal to a process or, for a negative id, to a process group.</summary>
internal static partial class LibcKill
{
    /// <summary>SIGTERM on every platform that .NET runs on.</summary>
    public const int Terminate = 15;

    /// <summary>SIGKILL on every platform that .NET runs on.</summary>
    public const int Kill = 9;

    private const int NotPermitted = 1;
    private const int NoSuchProcess = 3;

    /// <summary>Sends <paramref name="signal"/> to <paramref name="target"/>.</summary>
    /// <param name="target">A process id, or the negated id of a process group. 0, 1 and -1 (everything) are refused.</param>
    /// <param name="signal">The signal's number.</param>
    /// <returns>False when there is no such process or group any more.</returns>
    /// <exception cref="LlmOpsException">The target belongs to somebody else.</exception>
    public static bool Send(int target, int signal)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Math.Abs((long)target), 2, nameof(target));
        if (kill(target, signal) == 0)
        {
            return true;
        }

        int error = Marshal.GetLastPInvokeError();
        return error switch
        {
            NoSuchProcess => false,
            NotPermitted => throw new LlmOpsException(
                $"Process {Math.Abs(target)} belongs to another user and cannot be signalled; run as that user.", "SignalNotPermitted")
                { Kind = ErrorKind.ServerFailed },
            _ => throw new LlmOpsException(
                $"Signal {signal} could not be sent to process {Math.Abs(target)}: {Marshal.GetPInvokeErrorMessage(error)}.", "SignalFailed")
                { Kind = ErrorKind.ServerFailed },
        };
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int sig);
}
