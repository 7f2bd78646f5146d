using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LlmOps.Native.Libc;

/// <summary><c>recvmsg(2)</c>: reads from a socket and says when the kernel received the last of the bytes. Linux only.</summary>
internal static partial class LibcReceive
{
    private const int SocketLevel = 1;

    /// <summary><c>SO_TIMESTAMPNS</c>, <c>SCM_TIMESTAMPNS</c>: <c>include/uapi/asm-generic/socket.h</c>.</summary>
    private const int TimestampNanoseconds = 35;

    private const int DoNotWait = 0x40;
    private const int LeaveThere = 0x2;

    /// <summary>
    /// The number of the call, 0 where it is not known here: <c>arch/x86/entry/syscalls/syscall_64.tbl</c>, <c>include/uapi/asm-generic/unistd.h</c>.
    /// The C library's own function first prepares to be cancelled, at two locked instructions a call, and no thread is cancelled here.
    /// </summary>
    private static readonly nint s_number = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 47,
        Architecture.Arm64 => 212,
        _ => 0,
    };

    /// <summary>Asks the kernel to keep the arrival time of each segment.</summary>
    /// <returns>False when this kernel does not; reads then give no time.</returns>
    public static bool EnableTimestamps(Socket socket)
    {
        try
        {
            socket.SetRawSocketOption(SocketLevel, TimestampNanoseconds, [1, 0, 0, 0]);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Reads what is there.</summary>
    /// <param name="descriptor">A stream socket.</param>
    /// <param name="buffer">Where to.</param>
    /// <param name="leave">Whether the bytes stay in the kernel's queue, and so are read again by the next call (<c>MSG_PEEK</c>).</param>
    /// <param name="receivedAt">When the last byte reached this machine, in nanoseconds of the real-time clock; 0 when not known.</param>
    /// <returns>Bytes read, 0 at the end of the stream, or the negated <c>errno</c>.</returns>
    /// <remarks>Segments that the kernel joined in its queue have the time of the last (<c>net/ipv4/tcp_input.c</c>, <c>tcp_try_coalesce</c>).</remarks>
    [SkipLocalsInit]
    public static unsafe int Receive(int descriptor, Span<byte> buffer, bool leave, out long receivedAt)
    {
        long* control = stackalloc long[8];
        fixed (byte* start = buffer)
        {
            Vector vector = new() { Start = start, Length = (nuint)buffer.Length };
            Message message = new() { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = 64 };
            int flags = leave ? DoNotWait | LeaveThere : DoNotWait;
            nint count = s_number == 0 ? recvmsg(descriptor, &message, flags) : syscall(s_number, descriptor, &message, flags);
            receivedAt = 0;
            if (count < 0)
            {
                // Nothing of the runtime runs between the call and this: see the attribute.
                return -Marshal.GetLastSystemError();
            }

            // struct cmsghdr: length, then level and type in one word, then the timespec.
            if (message.ControlLength >= 32 && control[1] == (((long)TimestampNanoseconds << 32) | SocketLevel))
            {
                receivedAt = (control[2] * 1_000_000_000) + control[3];
            }

            return (int)count;
        }
    }

    // Without a transition of the garbage collector, which waits for the call: it never blocks.
    [SuppressGCTransition]
    [LibraryImport("libc")]
    private static unsafe partial nint recvmsg(int sockfd, Message* msg, int flags);

    [SuppressGCTransition]
    [LibraryImport("libc")]
    private static unsafe partial nint syscall(nint number, nint sockfd, Message* msg, nint flags);

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct Vector
    {
        public byte* Start;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct Message
    {
        public void* Name;
        public nuint NameLength;
        public Vector* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public nint Flags;
    }
}
