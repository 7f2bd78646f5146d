using System.Buffers;
using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace LlmOps.Models.Folders;

/// <summary>The header of one safetensors file, checked against the file's length. Weights are never read.</summary>
/// <remarks>Format: huggingface/safetensors <c>README.md</c>: eight bytes of length, that much JSON, data without holes.</remarks>
internal sealed class SafetensorsFile
{
    private const int LengthBytes = 8;

    // The limit of the reference implementation (MAX_HEADER_SIZE).
    private const long LongestHeader = 100_000_000;

    private SafetensorsFile(string path, IReadOnlyList<SafetensorsTensor> tensors, long missingBytes)
    {
        Path = path;
        Tensors = tensors;
        MissingBytes = missingBytes;
    }

    public string Path { get; }

    public IReadOnlyList<SafetensorsTensor> Tensors { get; }

    /// <summary>Bytes of data that the header promises and the file does not have.</summary>
    public long MissingBytes { get; }

    /// <exception cref="ModelFormatException">The file is no safetensors file, its header is damaged or cut short.</exception>
    public static SafetensorsFile Open(string path)
    {
        byte[]? rented = null;
        try
        {
            using SafeFileHandle file = FolderFile.Open(path);
            long length = RandomAccess.GetLength(file);
            byte[] start = new byte[LengthBytes + 1];
            int got = FolderFile.Read(file, start, 0);
            if (got < start.Length)
            {
                throw got == 0
                    ? new ModelFormatException(path, "the file is empty; download it again", "ModelTruncated", 0)
                    : new ModelFormatException(path, $"the file ends inside its header: {got} bytes are there; download it again", "ModelTruncated", got);
            }

            ulong claimed = BinaryPrimitives.ReadUInt64LittleEndian(start);
            if (claimed > LongestHeader || start[LengthBytes] != (byte)'{')
            {
                throw Foreign(path, claimed, start);
            }

            if ((long)claimed > length - LengthBytes)
            {
                throw new ModelFormatException(
                    path, $"the file ends inside its header: {claimed} bytes of header at offset 8, {length - LengthBytes} remain; download it again", "ModelTruncated", length);
            }

            rented = ArrayPool<byte>.Shared.Rent((int)claimed);
            Span<byte> header = rented.AsSpan(0, (int)claimed);
            got = FolderFile.Read(file, header, LengthBytes);
            if (got < header.Length)
            {
                throw new ModelFormatException(path, "the file became shorter while it was read; read it again once it is complete", "ModelTruncated", LengthBytes + got);
            }

            List<SafetensorsTensor> tensors = SafetensorsHeader.Read(header, path);
            return new SafetensorsFile(path, tensors, CheckData(path, tensors, length - LengthBytes - (long)claimed));
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    /// <summary>Checks that the tensors lie side by side, and tells how much of their data is missing.</summary>
    private static long CheckData(string path, List<SafetensorsTensor> tensors, long present)
    {
        long end = 0;
        foreach (SafetensorsTensor tensor in tensors.OrderBy(tensor => tensor.Begin).ThenBy(tensor => tensor.End))
        {
            if (tensor.Begin != end)
            {
                throw new ModelFormatException(
                    path,
                    $"damaged safetensors header: the data of {tensor.Name} begins at {tensor.Begin}, that before it ends at {end}; download the file again",
                    "ModelInvalid",
                    tensor.Begin);
            }

            end = tensor.End;
        }

        return present <= end ? end - present : throw new ModelFormatException(
            path, $"{present - end} bytes follow the last tensor at data offset {end}, so header and data are not of one file; download it again", "ModelInvalid", end);
    }

    private static ModelFormatException Foreign(string path, ulong claimed, ReadOnlySpan<byte> start) =>
        start.StartsWith("version "u8)
            ? new ModelFormatException(path, "not a safetensors file: it is a git-lfs pointer; run `git lfs pull` in its repository", "ModelNotSafetensors", 0)
            : start[LengthBytes] != (byte)'{'
                ? new ModelFormatException(path, $"not a safetensors file: it begins with the bytes {Convert.ToHexString(start)}; download it again", "ModelNotSafetensors", 0)
                : new ModelFormatException(path, $"damaged safetensors header: it claims {claimed} bytes, {LongestHeader} are the most; download the file again", "ModelInvalid", 0);
}
