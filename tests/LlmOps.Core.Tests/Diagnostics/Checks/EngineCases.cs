using System.Text;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Hardware;
using LlmOps.Models;
using static LlmOps.Core.Tests.Diagnostics.Checks.CheckCase;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>Machines for the checks of engines.</summary>
internal static class EngineCases
{
    public static IReadOnlyList<CheckCase> All { get; } =
    [
        Pass("engine.runs", "llama.cpp 0.7.0 is there", machine => machine.LlamaCpp()),
        Pass("engine.runs", "container's image", machine => { machine.Plan(); machine.Config = machine.Config! with { Runtime = RuntimeNames.Docker }; }),
        Warn("engine.runs", "passed over: /usr/local/bin/llama-server does not start", machine => { machine.LlamaCpp(); machine.Engine = machine.Engine! with { PassedOver = ["/usr/local/bin/llama-server does not start"] }; }),
        Fail("engine.runs", "llmops install", _ => { }),
        Fail("engine.runs", "does not run", machine => machine.EngineProblem = "llama-server: error while loading shared libraries: libmtmd.so"),
        Fail("engine.runs", "cannot run", machine => { machine.Vllm(); machine.Engine = machine.Engine! with { Problems = ["its Python /nowhere/python3.10 is gone"] }; }),
        Fail("engine.runs", "llmops install vllm", machine => machine.Model = KernelCases.Quantized("awq")),
        Skip("engine.runs", "only its topology", machine => machine.IsOther = true),

        Pass("engine.backend", "CUDA0: RTX 3090", machine => { machine.Cards(1); machine.LlamaCpp(new EngineDevice("CUDA0", "RTX 3090", null, null)); }),
        Pass("engine.backend", "no GPU", machine => machine.LlamaCpp()),
        Fail("engine.backend", "sees none of this machine's GPUs", machine => { machine.Cards(1); machine.LlamaCpp(); }),
        Skip("engine.backend", "no engine", _ => { }),

        Pass("engine.flags", "arguments", machine => { machine.LlamaCpp(); machine.Plan(options: ("contextLength", 4096L)); }),
        Fail("engine.flags", "--cache-ram", machine => { machine.Engine = Engines.EngineFixtures.LlamaServer("b3277"); machine.Plan(options: ("cacheRamMiB", 4096L)); }),
        Skip("engine.flags", "needs an engine", _ => { }),

        Pass("engine.format", "llama.cpp runs Gguf", machine => { machine.LlamaCpp(); machine.Model = Gguf("llama"); }),
        Fail("engine.format", "use llama.cpp", machine => { machine.Vllm(); machine.Model = Gguf("llama"); }),
        Skip("engine.format", "needs an engine", _ => { }),

        Pass("engine.version", "has what plans use", machine => machine.LlamaCpp()),
        Pass("engine.version", "vLLM 0.21.0 is known", machine => machine.Vllm()),
        Warn("engine.version", "--jinja", machine => machine.Engine = Engines.EngineFixtures.LlamaServer("b3277")),
        Warn("engine.version", "known are versions up to", machine => machine.Vllm("0.99.0")),
        Skip("engine.version", "no engine", _ => { }),

        Pass("engine.libraries", "2 libraries", machine => Binary(machine, "\tlibmtmd.so.0 => /usr/local/lib/libmtmd.so.0 (0x00007f)\n\tlibc.so.6 => /lib/libc.so.6 (0x00007f)")),
        Pass("engine.libraries", "2 libraries", machine => { Binary(machine, "\tlibc.so.6 => /lib/libc.so.6 (0x00007f)", ("libggml-cuda.so", "\tlibcuda.so.1 => not found")); machine.Topology = machine.Topology with { Gpus = [] }; }),
        Fail("engine.libraries", "echo /usr/local/lib | sudo install -D -m 644 /dev/stdin /etc/ld.so.conf.d/llama.conf; then sudo ldconfig", machine => { Binary(machine, "\tlibmtmd.so => not found"); machine.Files.Write("/usr/local/lib/libmtmd.so", ""); }),
        Fail("engine.libraries", "apt-get install -y libgomp1", machine => Binary(machine, "\tlibgomp.so.1 => not found")),
        Fail("engine.libraries", "libggml-cuda.so wants libcuda.so.1", machine => { machine.Cards(1); Binary(machine, "\tlibc.so.6 => /lib/libc.so.6 (0x00007f)", ("libggml-cuda.so", "\tlibcuda.so.1 => not found")); }),
        Fail("engine.libraries", "cuda-cudart-13-0", machine => { machine.Cards(1); Binary(machine, "\tlibcudart.so.13 => not found"); }),
        Fail("engine.libraries", "the build is for a newer distribution than Ubuntu 22.04.5 LTS", machine => Binary(machine, "llama-server: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by llama-server)")),
        Fail("engine.libraries", "unpack the whole release", machine => Binary(machine, "Error loading shared library libmtmd.so.0: No such file or directory (needed by /opt/llama-server)")),
        Skip("engine.libraries", "could be asked", _ => { }),

        Pass("engine.mixed-libraries", "/opt/llama", machine => Binary(machine, "\tlibllama.so.0 => /opt/llama/libllama.so.0 (0x1)\n\tlibggml.so.0 => /opt/llama/libggml.so.0 (0x1)")),
        Warn("engine.mixed-libraries", "/usr/local/lib/libggml.so.0", machine => Binary(machine, "\tlibllama.so.0 => /opt/llama/libllama.so.0 (0x1)\n\tlibggml.so.0 => /usr/local/lib/libggml.so.0 (0x1)")),
        Skip("engine.mixed-libraries", "no shared libraries", _ => { }),

        Pass("engine.architecture", "knows the architecture qwen3moe", machine => Knowing(machine, "qwen3moe")),
        Fail("engine.architecture", "use a newer llama.cpp", machine => Knowing(machine, "qwen99")),
        Skip("engine.architecture", "needs a GGUF model", _ => { }),
    ];

    /// <summary>An engine's binary as ldd describes it.</summary>
    public static void Binary(CheckMachine machine, string says, params (string Backend, string Says)[] backends)
    {
        machine.Files.Write("/opt/llama/llama-server", "\u007fELF, as far as its first four letters go");
        StringBuilder cases = new("case \"$1\" in\n");
        foreach ((string backend, string said) in backends)
        {
            machine.Files.Write("/opt/llama/" + backend, "\u007fELF");
            cases.Append(System.Globalization.CultureInfo.InvariantCulture, $"*/{backend}) printf '%s\\n' \"{said}\"; exit 0;;\n");
        }

        machine.Program("ldd", says, body: cases.Append("esac").ToString());
        machine.LlamaCpp();
        machine.Engine = machine.Engine! with { Path = machine.Files.Locate("/opt/llama/llama-server") };
    }

    private static void Knowing(CheckMachine machine, string wanted)
    {
        machine.Files.Write("/opt/llama/libllama.so.0", "\u007fELF\0llama\0qwen3moe\0gemma3\0");
        Binary(machine, $"\tlibllama.so.0 => {machine.Files.Locate("/opt/llama/libllama.so.0")} (0x1)");
        machine.Model = Gguf(wanted);
    }

    internal static ModelDescription Gguf(string architecture) => new() { Path = "/models/model.gguf", Format = ModelFormat.Gguf, Architecture = architecture, Name = "model", Quantization = "Q4_K_M", SizeBytes = 4L << 30 };
}
