using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.Win32.SafeHandles;

namespace LlmOps.Models.Folders;

/// <summary>Reads the small files of a model folder.</summary>
internal static class FolderFile
{
    // Larger than any real one: the largest are indices of models with hundreds of thousands of tensors, and tokenizers.
    private const long Longest = 512L << 20;

    /// <exception cref="ModelFormatException">The system does not let us read it.</exception>
    public static SafeFileHandle Open(string path)
    {
        try
        {
            // Asked first: opening a pipe would wait for its writer.
            FileAttributes kind = File.GetAttributes(path);
            if ((kind & FileAttributes.Directory) != 0)
            {
                throw new ModelFormatException(path, "is a folder where a file belongs", "ModelUnreadable");
            }

            if (!OperatingSystem.IsWindows() && new FileInfo(path) is { Length: 0, LinkTarget: null })
            {
                throw new ModelFormatException(path, "the file is empty; download it again", "ModelTruncated", 0);
            }

            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new ModelFormatException(path, $"cannot be read: {cause.Message.ReplaceLineEndings(" ")}", "ModelUnreadable", inner: cause);
        }
    }

    /// <summary>Fills <paramref name="into"/> from <paramref name="offset"/> on.</summary>
    /// <returns>Bytes read: fewer than asked where the file ends.</returns>
    public static int Read(SafeFileHandle file, Span<byte> into, long offset)
    {
        int total = 0;
        while (total < into.Length)
        {
            int got = RandomAccess.Read(file, into[total..], offset + total);
            if (got == 0)
            {
                break;
            }

            total += got;
        }

        return total;
    }

    /// <summary>All of a file.</summary>
    /// <exception cref="ModelFormatException">It cannot be read, or is far larger than such files are.</exception>
    public static byte[] ReadAll(string path)
    {
        using SafeFileHandle file = Open(path);
        try
        {
            long length = RandomAccess.GetLength(file);
            if (length > Longest)
            {
                throw new ModelFormatException(path, $"has {length} bytes; a file of this name has {Longest} at most", "ModelInvalid", Longest);
            }

            byte[] bytes = new byte[length];
            int got = Read(file, bytes, 0);
            return got == bytes.Length ? bytes : bytes[..got];
        }
        catch (IOException cause)
        {
            throw new ModelFormatException(path, $"cannot be read: {cause.Message.ReplaceLineEndings(" ")}", "ModelUnreadable", inner: cause);
        }
    }

    /// <summary>A JSON document as Python writes them.</summary>
    /// <exception cref="ModelFormatException">It cannot be read or is damaged.</exception>
    public static JsonElement ReadJson(string path)
    {
        byte[] bytes = ReadAll(path);
        ReadOnlyMemory<byte> text = bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsMemory(3) : bytes;
        RequireText(bytes, path);
        PythonJson.Mend(bytes);
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new ModelFormatException(path, "damaged JSON at offset 0: an object belongs here; download the file again", "ModelInvalid", 0);
        }
        catch (JsonException cause)
        {
            long offset = OffsetOf(text.Span, cause.LineNumber ?? 0, cause.BytePositionInLine ?? 0);
            throw new ModelFormatException(
                path,
                offset >= text.Length ? $"the JSON ends unfinished at offset {offset}; download the file again" : $"damaged JSON at offset {offset}; download the file again",
                offset >= text.Length ? "ModelTruncated" : "ModelInvalid",
                offset,
                cause);
        }
    }

    private static void RequireText(ReadOnlySpan<byte> bytes, string path)
    {
        if (Utf8.IsValid(bytes))
        {
            return;
        }

        int offset = 0;
        while (Rune.DecodeFromUtf8(bytes[offset..], out _, out int length) == OperationStatus.Done)
        {
            offset += length;
        }

        throw new ModelFormatException(path, $"damaged text at offset {offset}: it is not UTF-8; download the file again", "ModelInvalid", offset);
    }

    private static long OffsetOf(ReadOnlySpan<byte> text, long line, long position)
    {
        long offset = 0;
        while (line-- > 0 && text[(int)offset..].IndexOf((byte)'\n') is >= 0 and int end)
        {
            offset += end + 1;
        }

        return Math.Min(offset + position, text.Length);
    }
}
