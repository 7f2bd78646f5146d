using System.IO.MemoryMappedFiles;

namespace LlmOps.Models.Gguf;

/// <summary>The head of a file, mapped: only the pages that are read are loaded.</summary>
internal sealed unsafe class GgufMapping : IDisposable
{
    // Spans end at 2^31-1. A header never comes near; the weights behind it are not looked at.
    private const long LongestHead = int.MaxValue - 65536;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly int _length;
    private byte* _start;

    private GgufMapping(string path, MemoryMappedFile file, MemoryMappedViewAccessor view, long fileLength)
    {
        Path = path;
        FileLength = fileLength;
        _file = file;
        _view = view;
        _length = (int)Math.Min(fileLength, LongestHead);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += _view.PointerOffset;
    }

    public string Path { get; }

    /// <summary>Bytes of the whole file.</summary>
    public long FileLength { get; }

    /// <summary>The head's bytes; valid until disposal.</summary>
    public ReadOnlySpan<byte> Head => _start is not null ? new(_start, _length) : throw new ObjectDisposedException(nameof(GgufMapping));

    /// <exception cref="ModelFormatException">The file is empty or the system does not let us read it.</exception>
    public static GgufMapping Open(string path)
    {
        MemoryMappedFile? file = null;
        try
        {
            // Asked before opening: a pipe has no length either, and opening one would wait for its writer.
            if (new FileInfo(path).Length == 0)
            {
                throw new ModelFormatException(path, "not a model: the file is empty; download it again", "ModelNotGguf");
            }

            FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
            long length = stream.Length;
            file = MemoryMappedFile.CreateFromFile(stream, mapName: null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            MemoryMappedViewAccessor view = file.CreateViewAccessor(0, Math.Min(length, LongestHead), MemoryMappedFileAccess.Read);
            return new GgufMapping(path, file, view, length);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException or ArgumentException)
        {
            file?.Dispose();
            throw new ModelFormatException(path, $"cannot be read: {cause.Message.ReplaceLineEndings(" ")}", "ModelUnreadable", inner: cause);
        }
    }

    public void Dispose()
    {
        if (_start is not null)
        {
            _start = null;
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file.Dispose();
        }
    }
}
