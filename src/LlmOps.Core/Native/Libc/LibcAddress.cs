using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace LlmOps.Native.Libc;

/// <summary><c>struct sockaddr_in</c> and <c>sockaddr_in6</c> from a literal address, as Linux lays them out (<c>include/uapi/linux/in.h</c>, <c>in6.h</c>).</summary>
internal static unsafe partial class LibcAddress
{
    /// <summary>The longer of the two.</summary>
    public const int MaxLength = 28;

    private const int Version4 = 2;
    private const int Version6 = 10;

    /// <summary>Whether sockets of libc can be used here by the layouts and numbers that this folder knows.</summary>
    public static bool IsUsable { get; } = OperatingSystem.IsLinux() && nint.Size == 8 && BitConverter.IsLittleEndian;

    /// <summary>Writes an address.</summary>
    /// <param name="host">An address in figures, without brackets.</param>
    /// <param name="port">The TCP port.</param>
    /// <param name="to">At least <see cref="MaxLength"/> bytes.</param>
    /// <returns>How many bytes it takes, and the family; zeros for a name or an address with a zone.</returns>
    public static (int Length, int Family) Write(string host, int port, Span<byte> to)
    {
        to[..MaxLength].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(to[2..], (ushort)port);
        byte[] text = new byte[Encoding.UTF8.GetMaxByteCount(host.Length) + 1];
        _ = Encoding.UTF8.GetBytes(host, 0, host.Length, text, 0);
        fixed (byte* start = to)
        fixed (byte* source = text)
        {
            (int length, int family) = inet_pton(Version4, source, start + 4) == 1 ? (16, Version4)
                : inet_pton(Version6, source, start + 8) == 1 ? (MaxLength, Version6)
                : (0, 0);
            start[0] = (byte)family;
            return (length, family);
        }
    }

    [LibraryImport(LibcFile.Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int inet_pton(int family, byte* source, byte* destination);
}
