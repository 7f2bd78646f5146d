using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace LlmOps.Models.Gguf;

/// <summary>A file's bytes, seen through a window that follows the reader: token arrays pass through it and are not kept.</summary>
/// <remarks>
/// Not mapped into memory: a mapped file that another program cuts short kills the process (SIGBUS), which nothing can catch. Reading a header
/// of 10 MiB this way takes no longer, as copying pages costs less than mapping them one by one.
/// </remarks>
internal sealed class GgufSource : IDisposable
{
    private const int WindowSize = 256 << 10;

    // What a look at a place far off loads: one value is wanted then, not what follows.
    private const int SmallRead = 16 << 10;

    private readonly SafeFileHandle _file;
    private byte[] _window = ArrayPool<byte>.Shared.Rent(WindowSize);
    private long _start;
    private int _count;

    private GgufSource(string path, SafeFileHandle file, long length)
    {
        Path = path;
        _file = file;
        Length = length;
    }

    public string Path { get; }

    /// <summary>Bytes of the whole file, when it was opened.</summary>
    public long Length { get; }

    /// <exception cref="ModelFormatException">The file is empty or the system does not let us read it.</exception>
    public static GgufSource Open(string path)
    {
        SafeFileHandle? file = null;
        try
        {
            // Asked before opening: a pipe has no length either, and opening one would wait for its writer.
            if (new FileInfo(path).Length == 0)
            {
                throw new ModelFormatException(path, "not a model: the file is empty; download it again", "ModelNotGguf");
            }

            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return new GgufSource(path, file, RandomAccess.GetLength(file));
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            file?.Dispose();
            throw new ModelFormatException(path, $"cannot be read: {cause.Message.ReplaceLineEndings(" ")}", "ModelUnreadable", inner: cause);
        }
    }

    /// <summary>Bytes of the file; valid until the next call. The caller has compared both numbers with <see cref="Length"/>.</summary>
    /// <exception cref="ModelFormatException">The file is shorter than it was when it was opened.</exception>
    public ReadOnlySpan<byte> At(long offset, int size)
    {
        if (offset < _start || offset + size > _start + _count)
        {
            Load(offset, size);
        }

        return _window.AsSpan((int)(offset - _start), size);
    }

    /// <summary>All that is loaded from <paramref name="offset"/> on: at least <paramref name="size"/> bytes.</summary>
    public ReadOnlySpan<byte> From(long offset, int size)
    {
        At(offset, size);
        return _window.AsSpan((int)(offset - _start), _count - (int)(offset - _start));
    }

    public void Dispose()
    {
        _file.Dispose();
        if (_window.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_window);
            _window = [];
            _count = 0;
        }
    }

    private void Load(long offset, int size)
    {
        ObjectDisposedException.ThrowIf(_file.IsClosed, this);
        if (size > _window.Length)
        {
            ArrayPool<byte>.Shared.Return(_window);
            _window = ArrayPool<byte>.Shared.Rent(size);
        }

        bool goesOn = offset >= _start && offset <= _start + (2L * WindowSize);
        int wanted = (int)Math.Min(goesOn ? _window.Length : Math.Max(size, SmallRead), Length - offset);
        _start = offset;
        _count = 0;
        try
        {
            while (_count < wanted)
            {
                int got = RandomAccess.Read(_file, _window.AsSpan(_count, wanted - _count), offset + _count);
                if (got == 0)
                {
                    break;
                }

                _count += got;
            }
        }
        catch (IOException cause)
        {
            throw new ModelFormatException(Path, $"cannot be read at offset {offset}: {cause.Message.ReplaceLineEndings(" ")}", "ModelUnreadable", offset, cause);
        }

        if (_count < size)
        {
            throw new ModelFormatException(
                Path, $"the file became shorter while it was read: it ends at offset {offset + _count}; read it again once it is complete", "ModelTruncated", offset + _count);
        }
    }
}
