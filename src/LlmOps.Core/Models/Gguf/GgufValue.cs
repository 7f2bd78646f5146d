namespace LlmOps.Models.Gguf;

/// <summary>Where a metadata value lies in the file. It stays there until somebody asks for it.</summary>
/// <param name="Type">The value's type.</param>
/// <param name="ElementType">The elements' type, for arrays.</param>
/// <param name="Count">Elements of an array; 1 otherwise.</param>
/// <param name="Offset">Offset of the value: of a string's length, of an array's first element.</param>
internal readonly record struct GgufValue(GgufValueType Type, GgufValueType ElementType, int Count, long Offset);
