using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace LlmOps.Native.Libc;

/// <summary><c>bind(2)</c> and <c>listen(2)</c> for a moment: whether a server could listen on an address, on Linux.</summary>
/// <remarks>Asked before each start, where .NET's sockets would take longer to load than everything else that is looked at.</remarks>
internal static unsafe partial class LibcListen
{
    private const int StreamCloseOnExec = 1 | 0x80000;
    private const int SocketLevel = 1;
    private const int ReuseAddress = 2;
    private const int Version6 = 10;
    private const int IPv6Level = 41;
    private const int Version6Only = 26;

    /// <summary>Listens and lets go at once.</summary>
    /// <param name="host">An address.</param>
    /// <param name="port">The TCP port; 0 for any that is free.</param>
    /// <returns>What came of it; null where it cannot be told this way: the address is a name, or this is no Linux.</returns>
    public static SocketError? TryListen(string host, int port)
    {
        if (!LibcAddress.IsUsable)
        {
            return null;
        }

        byte* address = stackalloc byte[LibcAddress.MaxLength];
        (int length, int family) = LibcAddress.Write(host, port, new Span<byte>(address, LibcAddress.MaxLength));
        if (length == 0)
        {
            return null;
        }

        int descriptor = socket(family, StreamCloseOnExec, 0);
        if (descriptor < 0)
        {
            return LibcError.ToSocketError(Marshal.GetLastPInvokeError());
        }

        // As .NET and the engines do: a port whose last connections are only waiting to be forgotten is free.
        int yes = 1;
        _ = setsockopt(descriptor, SocketLevel, ReuseAddress, &yes, sizeof(int));
        if (family == Version6)
        {
            _ = setsockopt(descriptor, IPv6Level, Version6Only, &yes, sizeof(int));
        }

        bool listens = bind(descriptor, address, length) == 0 && listen(descriptor, 1) == 0;
        int error = Marshal.GetLastPInvokeError();
        _ = close(descriptor);
        return listens ? SocketError.Success : LibcError.ToSocketError(error);
    }

    [LibraryImport(LibcFile.Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport(LibcFile.Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int setsockopt(int descriptor, int level, int option, void* value, int length);

    [LibraryImport(LibcFile.Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int bind(int descriptor, byte* address, int length);

    [LibraryImport(LibcFile.Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int listen(int descriptor, int waiting);

    [LibraryImport(LibcFile.Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int close(int descriptor);
}
