using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LlmOps.Native.Libc;

/// <summary><c>eventfd(2)</c>: a descriptor by which one thread wakes another, and a wait for it that is precise to microseconds. Linux only.</summary>
internal sealed partial class LibcEvent : IDisposable
{
    private const int NonBlockingCloseOnExecute = 0x80800;
    private const short PollIn = 1;

    private readonly SafeFileHandle _handle = Open();

    /// <summary>To be watched.</summary>
    public int Descriptor => (int)_handle.DangerousGetHandle();

    /// <summary>Wakes whoever waits, now or next.</summary>
    public unsafe void Set()
    {
        ulong one = 1;
        _ = write(Descriptor, &one, 8);
    }

    /// <summary>Forgets earlier calls of <see cref="Set"/>.</summary>
    public unsafe void Reset()
    {
        ulong count;
        _ = read(Descriptor, &count, 8);
    }

    /// <summary>Waits until <see cref="Set"/> is called or the time is over.</summary>
    /// <param name="nanoseconds">Less than a second.</param>
    public void Wait(long nanoseconds) => WaitFor(Descriptor, nanoseconds);

    /// <summary>Waits until a descriptor can be read or the time is over.</summary>
    /// <param name="descriptor">Any descriptor that can be polled.</param>
    /// <param name="nanoseconds">How long at most.</param>
    public static unsafe void WaitFor(int descriptor, long nanoseconds)
    {
        PollDescriptor poll = new() { Descriptor = descriptor, Events = PollIn };
        long* time = stackalloc long[2];
        (time[0], time[1]) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
        _ = ppoll(&poll, 1, time, null);
    }

    public void Dispose() => _handle.Dispose();

    private static SafeFileHandle Open()
    {
        int descriptor = eventfd(0, NonBlockingCloseOnExecute);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException($"eventfd failed: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initval, int flags);

    [LibraryImport("libc")]
    private static unsafe partial nint write(int fd, void* buf, nuint count);

    [LibraryImport("libc")]
    private static unsafe partial nint read(int fd, void* buf, nuint count);

    [LibraryImport("libc")]
    private static unsafe partial int ppoll(PollDescriptor* fds, nuint nfds, long* tmo_p, void* sigmask);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
