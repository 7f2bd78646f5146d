using System.Net.Sockets;

namespace LlmOps.Native.Libc;

/// <summary>Linux's numbers of errors of sockets (<c>include/uapi/asm-generic/errno.h</c>).</summary>
internal static class LibcError
{
    public const int Interrupted = 4;

    public const int TryAgain = 11;

    /// <summary>The exception that .NET has for a number.</summary>
    public static SocketException ToException(int number) => new((int)(number switch
    {
        32 or 104 => SocketError.ConnectionReset,
        103 => SocketError.ConnectionAborted,
        110 => SocketError.TimedOut,
        111 => SocketError.ConnectionRefused,
        112 or 113 => SocketError.HostUnreachable,
        _ => SocketError.SocketError,
    }));
}
