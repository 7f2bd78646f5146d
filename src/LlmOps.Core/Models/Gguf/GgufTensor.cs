namespace LlmOps.Models.Gguf;

/// <summary>One tensor of a file's index. The name stays in the file.</summary>
/// <param name="NameOffset">Offset of the name's first byte.</param>
/// <param name="NameLength">Bytes of the name.</param>
/// <param name="Type">Its element type's number.</param>
/// <param name="Rows">Elements of the second and later dimensions, multiplied; 1 for a vector.</param>
/// <param name="Elements">Elements in all.</param>
/// <param name="Bytes">Bytes of data.</param>
/// <param name="DataOffset">Offset of the data from the start of the data section.</param>
internal readonly record struct GgufTensor(long NameOffset, int NameLength, uint Type, long Rows, long Elements, long Bytes, long DataOffset);
