using System.Net.Sockets;

namespace LlmOps.Native.Libc;

/// <summary>Linux's numbers of errors of sockets (<c>include/uapi/asm-generic/errno.h</c>).</summary>
internal static class LibcError
{
    public const int Interrupted = 4;

    public const int TryAgain = 11;

    /// <summary>The exception that .NET has for a number.</summary>
    public static SocketException ToException(int number) => new((int)ToSocketError(number));

    /// <summary>What .NET calls a number.</summary>
    public static SocketError ToSocketError(int number) => number switch
    {
        1 or 13 => SocketError.AccessDenied,
        32 or 104 => SocketError.ConnectionReset,
        97 => SocketError.AddressFamilyNotSupported,
        98 => SocketError.AddressAlreadyInUse,
        99 => SocketError.AddressNotAvailable,
        103 => SocketError.ConnectionAborted,
        110 => SocketError.TimedOut,
        111 => SocketError.ConnectionRefused,
        112 or 113 => SocketError.HostUnreachable,
        _ => SocketError.SocketError,
    };
}
