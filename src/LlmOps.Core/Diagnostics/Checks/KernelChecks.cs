using LlmOps.Engines.Vllm;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning.Vllm;

namespace LlmOps.Diagnostics.Checks;

/// <summary>Whether the engine's kernels run on the cards: compute capability against engine, types, quantisation and attention.</summary>
internal static class KernelChecks
{
    private static readonly string[] s_flashAttention = ["FLASH_ATTN", "FLASH_ATTN_VLLM_V1"];

    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfTools("gpu.compute-capability", "the engine's build has kernels for the cards", CapabilityAsync),
        Check.OfFacts("gpu.data-type", "the cards compute with the type that the configuration asks for (bf16 needs 8.0)", DataType),
        Check.OfFacts("gpu.kv-cache-type", "the cards have kernels for the type of the KV cache (fp8)", KvCacheType),
        Check.OfFacts("gpu.quantization", "the cards have kernels for the model's quantisation (Marlin needs 7.5, fp8 arithmetic 8.9)", Quantization),
        Check.OfFacts("gpu.attention", "the cards have the attention kernels that are asked for (FlashAttention 2, FlashInfer)", Attention),
    ];

    // What will run: the engine's version, an image's tag, or the environment that was found. Of a plan for another machine nobody knows.
    private static VllmVersion? Version(CheckScope scope) =>
        scope.IsInContainer ? VllmVersion.Parse(scope.Config!.Image?.Split(':')[^1])
        : VllmVersion.Parse(scope.Engine?.Python is not null || scope.IsVllm ? scope.Engine?.Version : null) ?? VllmVersion.Parse(scope.Python?.VersionOf("vllm"));

    private static GpuDevice? Weakest(CheckScope scope) => scope.NvidiaCards.Where(card => CheckScope.CapabilityOf(card) > 0).MinBy(CheckScope.CapabilityOf);

    private static async Task<Finding> CapabilityAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        if (Weakest(scope) is not { } card)
        {
            return Finding.Skip("no NVIDIA card says its compute capability");
        }

        double capability = CheckScope.CapabilityOf(card);
        if (Version(scope) is { } version)
        {
            return VllmBackends.CardProblem(card, capability, version) is { } problem
                ? Finding.Fail("vLLM does not run on the card", problem, "'no kernel image is available for execution on the device' once the model is loaded", "use llama.cpp for this card, an older vLLM, or leave the card out of the configuration")
                : Finding.Pass($"vLLM {version} runs on compute capability {card.ComputeCapability}", CheckScope.NameOf(card));
        }

        string? cuda = await LinkedLibraries.CudaOfAsync(scope, cancellationToken).ConfigureAwait(false);
        return CudaVersion.Parse(cuda) is not { } built ? Finding.Skip("the engine is not linked with CUDA, or cannot be looked at")
            : built.Major >= 13 && capability < 7.5
                ? Finding.Fail($"a build for CUDA {built.Major} has no kernels for the card", $"{CheckScope.NameOf(card)} has compute capability {card.ComputeCapability}; the engine is linked with libcudart.so.{cuda}", "CUDA 13 dropped Maxwell, Pascal and Volta: 'no kernel image is available for execution on the device'", "use a build for CUDA 12, or leave the card out of the configuration")
                : Finding.Pass($"CUDA {built.Major} has kernels for compute capability {card.ComputeCapability}", CheckScope.NameOf(card));
    }

    private static Finding DataType(CheckScope scope)
    {
        string? wanted = scope.Config?.Options.Get(VllmOptions.DataType) as string;
        string? type = wanted is null or "auto" ? scope.Model?.DataType : wanted;
        return !scope.IsVllm || type is null || Weakest(scope) is not { } card ? Finding.Skip("needs vLLM, a model or configuration, and an NVIDIA card")
            : type is "bfloat16" && CheckScope.CapabilityOf(card) < 8 && wanted == "bfloat16"
                ? Finding.Fail("the card does not compute with bfloat16", $"{CheckScope.NameOf(card)} has compute capability {card.ComputeCapability}, dtype is {type}", "vLLM ends: 'Bfloat16 is only supported on GPUs with compute capability of at least 8.0'", "set dtype: half")
            : type is "bfloat16" && CheckScope.CapabilityOf(card) < 8 && scope.Config is not null
                ? Finding.Warn("the model's type is bfloat16, which the card does not compute with", $"{CheckScope.NameOf(card)} has compute capability {card.ComputeCapability}", "versions before 0.20 end over it, later ones change it to half by themselves", "set dtype: half")
                : Finding.Pass($"the cards compute with {type}{(type == "bfloat16" && CheckScope.CapabilityOf(card) < 8 ? " once dtype is half, which plans set" : string.Empty)}", CheckScope.NameOf(card));
    }

    private static Finding KvCacheType(CheckScope scope)
    {
        string? type = scope.Config?.Options[VllmOptions.KvCacheType.Name] as string;
        if (!scope.IsVllm || type is null || Weakest(scope) is not { } card)
        {
            return Finding.Skip("needs vLLM, a configuration that says it, and an NVIDIA card");
        }

        double capability = CheckScope.CapabilityOf(card);
        bool isFp8 = type.StartsWith("fp8", StringComparison.Ordinal);
        if (isFp8 && capability is >= 7.5 and < 8 && Version(scope) is null)
        {
            return Finding.Skip($"which vLLM will run is not known, and on compute capability {card.ComputeCapability} a KV cache of eight-bit floats needs 0.23 or older");
        }

        return isFp8 && VllmBackends.Fp8Problem(card, capability, Version(scope) ?? VllmVersion.Newest) is { } problem
            ? Finding.Fail("the card has no kernels for a KV cache of eight-bit floats", $"kv-cache-dtype {type}: {problem}", "the server ends at its first step: 'type fp8e4nv not supported in this architecture'", capability < 7.5 ? "set kvCacheType: auto" : "set kvCacheType: auto, or use vLLM 0.23 or older on such cards")
            : Finding.Pass($"the cards have kernels for a KV cache of type {type}", CheckScope.NameOf(card));
    }

    private static Finding Quantization(CheckScope scope)
    {
        QuantizationInfo? quantization = scope.Model?.QuantizationDetail;
        return !scope.IsVllm || quantization is null || Weakest(scope) is not { } card ? Finding.Skip("needs vLLM, a quantised model folder and an NVIDIA card")
            : VllmBackends.LowestFor(quantization) is { } lowest && CheckScope.CapabilityOf(card) < lowest
                ? Finding.Fail("the card has no kernels for the model's quantisation", $"{scope.Model!.Quantization} needs compute capability {RemedyText.Number(lowest)}; {CheckScope.NameOf(card)} has {card.ComputeCapability}", "vLLM ends: 'The quantization method is not supported for the current GPU'", VllmBackends.OtherQuantization(CheckScope.CapabilityOf(card)))
                : Finding.Pass("the cards have kernels for the model's quantisation", $"{scope.Model!.Quantization} on compute capability {card.ComputeCapability}{(CheckScope.CapabilityOf(card) < 8 ? ", by Marlin's kernels" : string.Empty)}");
    }

    private static Finding Attention(CheckScope scope)
    {
        if ((!scope.IsVllm && scope.Python is null) || Weakest(scope) is not { } card)
        {
            return Finding.Skip("needs vLLM and an NVIDIA card");
        }

        double capability = CheckScope.CapabilityOf(card);
        string? wanted = scope.Config?.Options[VllmOptions.AttentionBackend.Name] as string ?? scope.Variable("VLLM_ATTENTION_BACKEND");
        string forced = wanted is null ? string.Empty : $"asked for: {wanted}; ";
        VllmVersion? version = Version(scope);
        string serves = version is null ? "FLASHINFER up to vLLM 0.23, TRITON_ATTN since" : capability < 7.5 || version.Value.IsAtLeast(24) ? "TRITON_ATTN" : "FLASHINFER";
        return wanted is not null && s_flashAttention.Contains(wanted) && capability < 8
            ? Finding.Fail("FlashAttention 2 is asked for on a card that has no kernels for it", $"{forced}{CheckScope.NameOf(card)} has compute capability {card.ComputeCapability}", "it needs 8.0; forced on older cards it ends at the first request: 'illegal memory access'",
                $"leave the attention backend to vLLM, or set it to {serves}; unset VLLM_ATTENTION_BACKEND and VLLM_USE_FLASH_ATTN")
            : wanted == "FLASHINFER" && capability < 8 && version?.IsAtLeast(24) == true
                ? Finding.Fail("FlashInfer is asked for on a card that it no longer serves", $"{forced}vLLM {version}, compute capability {card.ComputeCapability}", "its floor is 8.0 since vLLM 0.24", "set the attention backend to TRITON_ATTN, or use vLLM 0.23")
            : capability < 8
                ? Finding.Pass(
                    $"compute capability {card.ComputeCapability} has no FlashAttention 2, and needs none",
                    $"{forced}the log's line 'Cannot use FA version 2 is not supported due to FA2 is only supported on devices with compute capability >= 8' is no fault, though it says ERROR: {(version is null ? "vLLM" : $"vLLM {version}")} takes {serves} there")
                : Finding.Pass("the cards have every attention kernel", $"{forced}compute capability {card.ComputeCapability}");
    }
}
