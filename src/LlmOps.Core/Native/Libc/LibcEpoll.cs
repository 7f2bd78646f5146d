using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LlmOps.Native.Libc;

/// <summary><c>epoll(7)</c>: waits for many sockets at once. Linux only.</summary>
/// <param name="capacity">The most events that one wait gives.</param>
internal sealed partial class LibcEpoll(int capacity) : IDisposable
{
    /// <summary>There is something to read, or the other side has closed.</summary>
    public const uint Readable = 1;

    /// <summary>There is room to write, or a connection was made.</summary>
    public const uint Writable = 4;

    /// <summary>The other side has closed its half; given with <see cref="Once"/>.</summary>
    public const uint ClosedByPeer = 0x2000;

    /// <summary>Tell of what is there once, and again only when there is more: half the work for sockets that are read to their end each time.</summary>
    public const uint Once = 1u << 31;

    /// <summary>Error or hang-up, of which there is always word.</summary>
    public const uint Broken = 8 | 16;

    private const int Add = 1;
    private const int Delete = 2;
    private const int Modify = 3;
    private const int Interrupted = 4;
    private const int CloseOnExecute = 0x80000;

    /// <summary>The kernel packs <c>struct epoll_event</c> on x86-64 and nowhere else (<c>include/uapi/linux/eventpoll.h</c>, <c>EPOLL_PACKED</c>).</summary>
    private static readonly int s_dataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    private readonly SafeFileHandle _epoll = Open();
    private readonly byte[] _events = GC.AllocateArray<byte>(capacity * (s_dataOffset + 8), pinned: true);

    /// <summary>To be polled: readable while there are events.</summary>
    public int Descriptor => (int)_epoll.DangerousGetHandle();

    /// <summary>Where this can be used.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux() && Environment.Is64BitProcess && BitConverter.IsLittleEndian;

    /// <summary>Begins to watch a descriptor.</summary>
    /// <param name="descriptor">An open descriptor; closing it ends the watch.</param>
    /// <param name="events"><see cref="Readable"/>, <see cref="Writable"/> or both.</param>
    /// <param name="token">What <see cref="Token"/> gives for its events.</param>
    public void Watch(int descriptor, uint events, long token) => Control(Add, descriptor, events, token);

    /// <summary>Watches a descriptor for other events.</summary>
    public void Change(int descriptor, uint events, long token) => Control(Modify, descriptor, events, token);

    /// <summary>Ends a watch.</summary>
    public void Forget(int descriptor) => Control(Delete, descriptor, 0, 0);

    /// <summary>Waits for events.</summary>
    /// <param name="milliseconds">0 does not wait, -1 waits for ever.</param>
    /// <returns>How many events there are; 0 after the time or a signal.</returns>
    public unsafe int Wait(int milliseconds)
    {
        fixed (byte* events = _events)
        {
            int count = epoll_wait(Descriptor, events, capacity, milliseconds);
            return count >= 0 || Marshal.GetLastPInvokeError() == Interrupted ? Math.Max(0, count) : throw Failed("epoll_wait");
        }
    }

    /// <summary>The token of an event of the last wait.</summary>
    public long Token(int index) => BinaryPrimitives.ReadInt64LittleEndian(_events.AsSpan((index * (s_dataOffset + 8)) + s_dataOffset));

    /// <summary>What an event of the last wait says.</summary>
    public uint Events(int index) => BinaryPrimitives.ReadUInt32LittleEndian(_events.AsSpan(index * (s_dataOffset + 8)));

    public void Dispose() => _epoll.Dispose();

    private static SafeFileHandle Open()
    {
        int descriptor = epoll_create1(CloseOnExecute);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Failed("epoll_create1");
    }

    private unsafe void Control(int operation, int descriptor, uint events, long token)
    {
        byte* watched = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(new Span<byte>(watched, 4), events);
        BinaryPrimitives.WriteInt64LittleEndian(new Span<byte>(watched + s_dataOffset, 8), token);
        if (epoll_ctl(Descriptor, operation, descriptor, watched) != 0)
        {
            throw Failed("epoll_ctl");
        }
    }

    private static IOException Failed(string function) => new($"{function} failed: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int epoll_ctl(int epfd, int op, int fd, byte* @event);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int epoll_wait(int epfd, byte* events, int maxevents, int timeout);
}
