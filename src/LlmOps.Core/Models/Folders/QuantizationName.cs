namespace LlmOps.Models.Folders;

/// <summary>The usual short name of a quantisation: <c>AWQ 4-bit</c>, <c>FP8</c>, <c>NVFP4</c>, <c>W8A8</c>, <c>BF16</c>.</summary>
internal static class QuantizationName
{
    /// <param name="info">How the folder is quantised; null when it is not.</param>
    /// <param name="mainType">The element type that most bytes have.</param>
    public static string Of(QuantizationInfo? info, string mainType) => info switch
    {
        null => mainType switch { "F8_E4M3" or "F8_E5M2" => "FP8", _ => mainType },
        { IsFloat: true, WeightBits: 8 } => "FP8",
        { Method: "mxfp4" or "gpt_oss_mxfp4" } => "MXFP4",
        { Format: { } format } when format.Contains("mxfp4", StringComparison.OrdinalIgnoreCase) => "MXFP4",
        { Method: "bitsandbytes", Format: { } format } => $"bitsandbytes {format.ToUpperInvariant()}",
        { IsFloat: true, WeightBits: 4 } => "NVFP4",
        { Method: "compressed-tensors", WeightBits: { } bits } => $"W{bits}A{info.ActivationBits ?? 16}",
        { WeightBits: { } bits } => $"{Title(info.Method)} {bits}-bit",
        _ => Title(info.Method),
    };

    private static string Title(string method) => method switch
    {
        "awq" or "gptq" or "aqlm" or "hqq" or "exl2" or "exl3" => method.ToUpperInvariant(),
        "auto-round" => "AutoRound",
        _ => method,
    };
}
