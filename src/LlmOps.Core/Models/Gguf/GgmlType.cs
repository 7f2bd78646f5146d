namespace LlmOps.Models.Gguf;

/// <summary>How ggml stores elements of one type: in blocks of a fixed number of elements and bytes.</summary>
/// <param name="Name">The type's usual name.</param>
/// <param name="BlockElements">Elements in a block.</param>
/// <param name="BlockBytes">Bytes of a block.</param>
internal sealed record GgmlType(string Name, int BlockElements, int BlockBytes)
{
    // Source: ggml include/ggml.h (numbers) and src/ggml-common.h (blocks). 4, 5, 31-33 and 36-38 were removed from GGUF.
    private static readonly GgmlType?[] s_types =
    [
        new("F32", 1, 4),
        new("F16", 1, 2),
        new("Q4_0", 32, 18),
        new("Q4_1", 32, 20),
        null,
        null,
        new("Q5_0", 32, 22),
        new("Q5_1", 32, 24),
        new("Q8_0", 32, 34),
        new("Q8_1", 32, 36),
        new("Q2_K", 256, 84),
        new("Q3_K", 256, 110),
        new("Q4_K", 256, 144),
        new("Q5_K", 256, 176),
        new("Q6_K", 256, 210),
        new("Q8_K", 256, 292),
        new("IQ2_XXS", 256, 66),
        new("IQ2_XS", 256, 74),
        new("IQ3_XXS", 256, 98),
        new("IQ1_S", 256, 50),
        new("IQ4_NL", 32, 18),
        new("IQ3_S", 256, 110),
        new("IQ2_S", 256, 82),
        new("IQ4_XS", 256, 136),
        new("I8", 1, 1),
        new("I16", 1, 2),
        new("I32", 1, 4),
        new("I64", 1, 8),
        new("F64", 1, 8),
        new("IQ1_M", 256, 56),
        new("BF16", 1, 2),
        null,
        null,
        null,
        new("TQ1_0", 256, 54),
        new("TQ2_0", 256, 66),
        null,
        null,
        null,
        new("MXFP4", 32, 17),
        new("NVFP4", 64, 36),
        new("Q1_0", 128, 18),
        new("Q2_0", 64, 18),
    ];

    /// <summary>How many type numbers are known, counting the removed ones.</summary>
    public static int Count => s_types.Length;

    /// <summary>The type of that number; null when there is none.</summary>
    public static GgmlType? Find(uint number) => number < (uint)s_types.Length ? s_types[number] : null;
}
