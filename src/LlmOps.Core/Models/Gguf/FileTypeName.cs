namespace LlmOps.Models.Gguf;

/// <summary>Names of <c>general.file_type</c>: the recipe by which the whole file was quantised.</summary>
/// <remarks>Source: llama.cpp <c>include/llama.h</c>, <c>enum llama_ftype</c>. Numbers without a name were removed.</remarks>
internal static class FileTypeName
{
    // Set when the loader guessed the recipe from the tensors; the rest of the number is still the recipe.
    private const ulong Guessed = 1024;

    private static readonly string?[] s_names =
    [
        "F32", "F16", "Q4_0", "Q4_1", null, null, null, "Q8_0", "Q5_0", "Q5_1",
        "Q2_K", "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q4_K_S", "Q4_K_M", "Q5_K_S", "Q5_K_M", "Q6_K", "IQ2_XXS",
        "IQ2_XS", "Q2_K_S", "IQ3_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S", "IQ3_M", "IQ2_S", "IQ2_M",
        "IQ4_XS", "IQ1_M", "BF16", null, null, null, "TQ1_0", "TQ2_0", "MXFP4_MOE", "NVFP4",
        "Q1_0", "Q2_0",
    ];

    /// <summary>The name of a file type; null when the number is absent or unknown.</summary>
    public static string? Find(long? fileType)
    {
        ulong number = fileType is { } value ? (ulong)value & ~Guessed : ulong.MaxValue;
        return number < (ulong)s_names.Length ? s_names[number] : null;
    }
}
