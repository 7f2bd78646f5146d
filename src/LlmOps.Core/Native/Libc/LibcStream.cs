using System.Runtime.InteropServices;

namespace LlmOps.Native.Libc;

/// <summary><c>socket(2)</c>, <c>connect(2)</c>, <c>send(2)</c>, <c>recv(2)</c>: one TCP connection that blocks, on Linux.</summary>
/// <remarks>
/// The first connection of .NET's sockets loads ten assemblies and an engine for asynchronous work, which takes a new process longer than
/// a small model takes to load. Nothing here throws.
/// </remarks>
internal sealed unsafe partial class LibcStream : IDisposable
{
    // The same on x64 and arm64: include/uapi/asm-generic/socket.h, include/linux/net.h.
    private const int StreamCloseOnExec = 1 | 0x80000;
    private const int SocketLevel = 1;
    private const int ReceiveTimeout = 20;
    private const int SendTimeout = 21;
    private const int NoSignal = 0x4000;
    private const int BothWays = 2;

    private readonly Lock _lock = new();
    private readonly long _deadline;
    private int _descriptor;

    private LibcStream(int descriptor, long deadline) => (_descriptor, _deadline) = (descriptor, deadline);

    /// <summary>Connects.</summary>
    /// <param name="host">An address in figures; <see cref="LibcAddress.Write"/> tells whether it is one.</param>
    /// <param name="port">The TCP port.</param>
    /// <param name="limit">How long connecting and all that follows may take.</param>
    /// <returns>Null when nobody answers there in time.</returns>
    public static LibcStream? Connect(string host, int port, TimeSpan limit)
    {
        byte* address = stackalloc byte[LibcAddress.MaxLength];
        (int length, int family) = LibcAddress.Write(host, port, new Span<byte>(address, LibcAddress.MaxLength));
        int descriptor = length > 0 ? socket(family, StreamCloseOnExec, 0) : -1;
        if (descriptor < 0)
        {
            return null;
        }

        LibcStream stream = new(descriptor, Environment.TickCount64 + (long)limit.TotalMilliseconds);
        bool connected = stream.SetTimeout(SendTimeout) && connect(descriptor, address, length) == 0;
        bool interrupted = !connected && Marshal.GetLastPInvokeError() == LibcError.Interrupted;
        if (connected)
        {
            return stream;
        }

        stream.Dispose();

        // The runtime's own signals interrupt a call that has a time limit (signal(7)); a new socket is the way that always works.
        TimeSpan left = TimeSpan.FromMilliseconds(stream._deadline - Environment.TickCount64);
        return interrupted && left > TimeSpan.Zero ? Connect(host, port, left) : null;
    }

    /// <summary>Sends all of <paramref name="bytes"/>.</summary>
    /// <returns>False when that failed or took too long.</returns>
    public bool Send(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            int sent = 0;
            while (sent < bytes.Length)
            {
                nint count = SetTimeout(SendTimeout) ? send(_descriptor, start + sent, bytes.Length - sent, NoSignal) : 0;
                if (count == 0 || (count < 0 && Marshal.GetLastPInvokeError() != LibcError.Interrupted))
                {
                    return false;
                }

                sent += (int)Math.Max(count, 0);
            }
        }

        return true;
    }

    /// <summary>Waits for bytes.</summary>
    /// <returns>How many came; 0 at the end of the stream, below 0 when that failed or took too long.</returns>
    public int Receive(Span<byte> to)
    {
        fixed (byte* start = to)
        {
            nint count;
            do
            {
                if (!SetTimeout(ReceiveTimeout))
                {
                    return -1;
                }

                count = recv(_descriptor, start, to.Length, 0);
            }
            while (count < 0 && Marshal.GetLastPInvokeError() == LibcError.Interrupted);

            return (int)count;
        }
    }

    /// <summary>Ends the wait of another thread in <see cref="Send"/> or <see cref="Receive"/>.</summary>
    public void Interrupt()
    {
        lock (_lock)
        {
            if (_descriptor >= 0)
            {
                _ = shutdown(_descriptor, BothWays);
            }
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_lock)
        {
            if (_descriptor >= 0)
            {
                _ = close(_descriptor);
                _descriptor = -1;
            }
        }
    }

    // Source: socket(7): a timeval of zero would wait for ever.
    private bool SetTimeout(int option)
    {
        long left = _deadline - Environment.TickCount64;
        long* time = stackalloc long[2] { left / 1000, left % 1000 * 1000 };
        return left > 0 && setsockopt(_descriptor, SocketLevel, option, time, 16) == 0;
    }

    [LibraryImport(LibcFile.Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport(LibcFile.Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int connect(int descriptor, byte* address, int length);

    [LibraryImport(LibcFile.Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int setsockopt(int descriptor, int level, int option, void* value, int length);

    [LibraryImport(LibcFile.Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint send(int descriptor, byte* bytes, nint length, int flags);

    [LibraryImport(LibcFile.Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint recv(int descriptor, byte* bytes, nint length, int flags);

    [LibraryImport(LibcFile.Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int shutdown(int descriptor, int how);

    [LibraryImport(LibcFile.Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int close(int descriptor);
}
