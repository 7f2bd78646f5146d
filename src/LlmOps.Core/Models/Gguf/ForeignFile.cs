using System.Buffers.Binary;

namespace LlmOps.Models.Gguf;

/// <summary>Says what a file that is no GGUF file looks like: people often have one of these in its place.</summary>
internal static class ForeignFile
{
    public static ModelFormatException Explain(string path)
    {
        Span<byte> start = stackalloc byte[512];
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
            start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            return new ModelFormatException(path, $"cannot be read: {cause.Message.ReplaceLineEndings(" ")}", "ModelUnreadable", inner: cause);
        }

        return new ModelFormatException(path, $"not a GGUF file: {Describe(start)}", "ModelNotGguf", 0);
    }

    private static string Describe(ReadOnlySpan<byte> start)
    {
        ReadOnlySpan<byte> text = start.TrimStart(" \t\r\n"u8);
        if (text.StartsWith("<!"u8) || text.StartsWith("<html"u8) || text.StartsWith("<HTML"u8) || text.StartsWith("<?xml"u8))
        {
            return "it is a web page, probably a download that wanted a login; download the file itself";
        }

        if (text.StartsWith("version https://git-lfs"u8))
        {
            return "it is a git-lfs pointer; run `git lfs pull` in its repository";
        }

        if (IsSafetensors(start))
        {
            return "it is a safetensors file; give its model folder to vLLM, or convert it with llama.cpp's convert_hf_to_gguf.py";
        }

        return start switch
        {
            [(byte)'P', (byte)'K', 3, 4, ..] => "it is a zip archive, or a PyTorch checkpoint; unpack it, or convert it to GGUF",
            [0x1F, 0x8B, ..] or [0x28, 0xB5, 0x2F, 0xFD, ..] or [0xFD, (byte)'7', (byte)'z', ..] => "it is compressed; unpack it",
            [0, 5, 0x16, 7, ..] => "it holds macOS file attributes (a ._ file); take the file without the ._",
            [(byte)'l' or (byte)'t', (byte)'m' or (byte)'j', (byte)'g', (byte)'g', ..] or [(byte)'a', (byte)'l', (byte)'g', (byte)'g', ..] =>
                "it has the format from before GGUF (ggml); get the model as GGUF",
            [(byte)'{', ..] => "it is JSON, probably an error message in place of the file; look into it and download again",
            _ when start.IndexOfAnyExcept((byte)0) < 0 => "it begins with zeros, like an unfinished download; download it again",
            _ => $"it begins with the bytes {Convert.ToHexString(start[..Math.Min(4, start.Length)])}; name a .gguf file, or download it again",
        };
    }

    /// <summary>Safetensors begin with the length of their JSON header in eight bytes.</summary>
    private static bool IsSafetensors(ReadOnlySpan<byte> start) =>
        start.Length > 9 && start[8] == (byte)'{' && BinaryPrimitives.ReadUInt64LittleEndian(start) is > 1 and < 100_000_000;
}
