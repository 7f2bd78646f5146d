using LlmOps.Configuration;
using LlmOps.Models;
using static LlmOps.Core.Tests.Diagnostics.Checks.CheckCase;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>Machines for the checks of what runs on which cards.</summary>
internal static class KernelCases
{
    public static IReadOnlyList<CheckCase> All { get; } =
    [
        Pass("gpu.compute-capability", "vLLM 0.21.0 runs on compute capability 7.5", machine => { machine.Cards(2, "NVIDIA GeForce RTX 2080 Ti", "7.5"); machine.Vllm(); }),
        Fail("gpu.compute-capability", "does not run on compute capability 6.1 (Tesla P40)", machine => { machine.Cards(1, "Tesla P40", "6.1"); machine.Vllm(); }),
        Fail("gpu.compute-capability", "a build for CUDA 13", machine => { machine.Cards(1, "Tesla P40", "6.1"); EngineCases.Binary(machine, "\tlibcudart.so.13 => /usr/local/cuda/lib64/libcudart.so.13 (0x00007f)"); }),
        Pass("gpu.compute-capability", "CUDA 12 has kernels", machine => { machine.Cards(1, "Tesla P40", "6.1"); EngineCases.Binary(machine, "\tlibcudart.so.12 => /usr/local/cuda/lib64/libcudart.so.12 (0x00007f)"); }),
        Skip("gpu.compute-capability", "no NVIDIA card", _ => { }),

        Pass("gpu.data-type", "half", machine => Turing(machine, options: ("dtype", "half"))),
        Fail("gpu.data-type", "bfloat16", machine => Turing(machine, options: ("dtype", "bfloat16"))),
        Warn("gpu.data-type", "set dtype: half", machine => { Turing(machine, options: ("dtype", "auto")); machine.Model = Quantized("awq") with { DataType = "bfloat16" }; }),
        Skip("gpu.data-type", "needs vLLM", machine => machine.Cards(1)),

        Pass("gpu.kv-cache-type", "fp8", machine => Turing(machine, options: ("kvCacheType", "fp8"))),
        Fail("gpu.kv-cache-type", "FlashInfer needs 8.0 since 0.24", machine => Turing(machine, "0.24.0", ("kvCacheType", "fp8"))),
        Skip("gpu.kv-cache-type", "which vLLM will run is not known", machine => { Turing(machine, options: ("kvCacheType", "fp8")); machine.Engine = null; }),
        Skip("gpu.kv-cache-type", "needs vLLM", machine => machine.Cards(1)),

        Pass("gpu.quantization", "by Marlin's kernels", machine => { Turing(machine); machine.Model = Quantized("awq"); }),
        Fail("gpu.quantization", "needs compute capability 8", machine => { Turing(machine); machine.Model = Quantized("mxfp4"); }),
        Skip("gpu.quantization", "needs vLLM", machine => machine.Cards(1)),

        Pass("gpu.attention", "is no fault", machine => Turing(machine)),
        Pass("gpu.attention", "every attention kernel", machine => { machine.Cards(1); machine.Vllm(); }),
        Fail("gpu.attention", "set it to FLASHINFER", machine => Turing(machine, options: ("attentionBackend", "FLASH_ATTN"))),
        Fail("gpu.attention", "no longer serves", machine => { Turing(machine, "0.24.0"); machine.Variables["VLLM_ATTENTION_BACKEND"] = "FLASHINFER"; }),
        Pass("gpu.attention", "FLASHINFER up to vLLM 0.23", machine => { Turing(machine, options: ("attentionBackend", "FLASHINFER")); machine.Engine = null; machine.IsOther = true; }),
        Skip("gpu.attention", "needs vLLM", machine => machine.Cards(1)),
    ];

    /// <summary>A quantised model folder.</summary>
    public static ModelDescription Quantized(string method) => new()
    {
        Path = "/models/model",
        Format = ModelFormat.Safetensors,
        Architecture = "qwen3_5",
        Name = "model",
        Quantization = method.ToUpperInvariant(),
        QuantizationDetail = new QuantizationInfo(method, 4, IsFloat: false) { Source = "config.json" },
        SizeBytes = 19 * CheckMachine.GiB,
    };

    private static void Turing(CheckMachine machine, string version = "0.21.0", params (string Name, object Value)[] options)
    {
        machine.Cards(2, "NVIDIA GeForce RTX 2080 Ti", "7.5");
        machine.Vllm(version);
        machine.Plan(EngineNames.Vllm, options);
    }
}
