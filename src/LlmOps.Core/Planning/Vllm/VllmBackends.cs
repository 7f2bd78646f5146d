using LlmOps.Engines.Vllm;
using LlmOps.Hardware;

namespace LlmOps.Planning.Vllm;

/// <summary>Which attention kernels run on which cards, and what types of keys and values they take.</summary>
/// <remarks>
/// vLLM's order: FLASH_ATTN, FLASHINFER, TRITON_ATTN, FLEX_ATTENTION; on Blackwell FLASHINFER first. FlashAttention 2 needs 8.0. FlashInfer served 7.5 until
/// 0.23; its floor is 8.0 since 0.24 (PR 45375), and with it went eight-bit keys and values there (issue 47549). Triton's need 8.9.
/// </remarks>
internal static class VllmBackends
{
    /// <summary>The backend to name; null leaves it to vLLM.</summary>
    public static (string? Backend, string Reason) Choose(VllmFacts facts)
    {
        double capability = facts.Capability;
        if (facts.Cards[0].Vendor != GpuVendor.Nvidia)
        {
            return (null, "vLLM chooses among ROCm's kernels by itself");
        }

        if (capability is <= 0 or >= 8)
        {
            return (null, capability >= 10 ? "vLLM's own first choice on Blackwell is FLASHINFER" : "vLLM's own first choice is FLASH_ATTN");
        }

        string? weakest = facts.Weakest.ComputeCapability;
        return capability < 7.5 ? ("TRITON_ATTN", $"FlashAttention 2 needs compute capability 8.0 and FlashInfer 7.5; {weakest} has Triton's kernels")
            : facts.Version.IsAtLeast(24) ? ("TRITON_ATTN", $"FlashAttention 2 needs compute capability 8.0 and FlashInfer too since 0.24; {weakest} has Triton's kernels")
            : ("FLASHINFER", $"FlashAttention 2 needs compute capability 8.0, and its notice in the log is no fault; FlashInfer serves {weakest} up to vLLM 0.23");
    }

    /// <summary>Why keys and values cannot be eight-bit floats here; null when they can.</summary>
    public static string? Fp8Problem(VllmFacts facts) => facts.Cards.Count == 0 ? null : Fp8Problem(facts.Weakest, facts.Capability, facts.Version);

    /// <summary>The same for a card of that compute capability.</summary>
    public static string? Fp8Problem(GpuDevice card, double capability, VllmVersion version) =>
        card.Vendor != GpuVendor.Nvidia || capability <= 0 ? null
            : capability < 7.5 ? $"compute capability {card.ComputeCapability} has no kernels for eight-bit keys and values"
            : capability < 8 && version.IsAtLeast(24) ? $"vLLM {version} dropped eight-bit keys and values on compute capability {card.ComputeCapability}: FlashInfer needs 8.0 since 0.24, and Triton's kernels need 8.9"
            : null;

    /// <summary>Why the version does not run on the cards at all; null when it does.</summary>
    public static string? CardProblem(VllmFacts facts) => facts.Cards.Count == 0 ? null : CardProblem(facts.Weakest, facts.Capability, facts.Version);

    /// <summary>The same for a card of that compute capability.</summary>
    public static string? CardProblem(GpuDevice card, double capability, VllmVersion version) =>
        capability is > 0 and < 7.5 && card.Vendor == GpuVendor.Nvidia && (version.IsAtLeast(20) || capability < 7)
            ? $"vLLM {version} does not run on compute capability {card.ComputeCapability} ({card.Name}): its builds for CUDA 13 dropped Volta and Pascal"
            : null;

    /// <summary>The lowest compute capability that weights of this quantisation need; null where any will do.</summary>
    /// <remarks>
    /// Marlin's kernels for AWQ, GPTQ, FP8 and NVFP4 weights run on 7.5; GPTQ has older ones (ExLlama's, 6.0), bitsandbytes runs on 7.0
    /// (vllm <c>layers/quantization/*</c>, <c>get_min_capability</c>).
    /// </remarks>
    public static double? LowestFor(Models.QuantizationInfo? quantization) => quantization?.Method switch
    {
        null => null,
        "gptq" => 6.0,
        "bitsandbytes" => 7.0,
        "awq" or "awq_marlin" or "gptq_marlin" or "auto-round" or "inc" or "fp8" or "modelopt" or "modelopt_fp4" or "nvfp4" => 7.5,
        "mxfp4" or "gpt_oss_mxfp4" => 8.0,
        "compressed-tensors" => quantization.ActivationBits is null ? 7.5 : quantization.IsFloat ? 8.9 : 7.5,
        _ => null,
    };

    /// <summary>What to take instead on a card of that compute capability.</summary>
    public static string OtherQuantization(double capability) =>
        capability < 7.5 ? "take the model in 16 bits, GPTQ or bitsandbytes, which such cards have kernels for, or as GGUF with llama.cpp" : "take the model in another quantisation (AWQ and GPTQ run from 7.5 on), or as GGUF with llama.cpp";
}
