using LlmOps.Configuration;
using LlmOps.Hardware;
using static LlmOps.Core.Tests.Diagnostics.Checks.CheckCase;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>Machines for the checks of Python and what it compiles.</summary>
internal static class PythonCases
{
    private const string Folder = "/home/me/miniconda3/envs/caovan-vllm";
    private const string Registry = PythonMachine.Packages + "/vllm/model_executor/models/registry.py";
    private const string Caovan = "{\"caovan\":true,\"caovan_mode\":\"auto\"}";

    private static readonly (string, string)[] s_usual = [("vllm", "0.21.0"), ("torch", "2.9.0+cu130"), ("transformers", "5.1.0")];

    public static IReadOnlyList<CheckCase> All { get; } =
    [
        Pass("python.environment", "whole", machine => machine.Install(s_usual)),
        Fail("python.environment", "torch, which vllm needs, is not installed", machine => machine.Install(("vllm", "0.21.0"), ("transformers", "5.1.0"))),
        Skip("python.environment", "no vLLM", _ => { }),

        Pass("python.version", "3.10.20", machine => machine.Caovan()),
        Fail("python.version", "conda install -y -p", machine => machine.InstallWith("3.10.0", s_usual)),
        Warn("python.version", "tested with Python 3.10.20", machine => machine.InstallWith("3.10.12", [.. s_usual, ("caovan_vllm_sm75_turbo3", "0.4.13")])),
        Fail("python.version", "it requires >=3.10,<3.14", machine => { machine.Package("vllm", "0.21.0", "Requires-Python: >=3.10,<3.14"); machine.InstallWith("3.9.2", ("torch", "2.9.0"), ("transformers", "5.1.0")); }),
        Skip("python.version", "no vLLM", _ => { }),

        Pass("python.packages", "2 packages", machine => { Needing(machine); machine.Install(("torch", "2.9.0+cu130"), ("transformers", "4.57.3")); }),
        Fail("python.packages", "torch is 2.8.0, needed is ==2.9.0", machine => { Needing(machine); machine.Install(("torch", "2.8.0"), ("transformers", "4.57.3")); }),
        Fail("python.packages", "transformers is missing", machine => { Needing(machine); machine.Install(("torch", "2.9.0")); }),
        Warn("python.packages", "transformers is 5.1.0, needed is <5,>=4.56.0", machine => { Needing(machine); machine.Install(("torch", "2.9.0"), ("transformers", "5.1.0")); }),
        Skip("python.packages", "does not say what it needs", machine => machine.Install(s_usual)),

        Pass("python.duplicates", "twice", machine => machine.Install(s_usual)),
        Warn("python.duplicates", "torch (2.8.0 and 2.9.0+cu130)", machine => machine.Install([.. s_usual, ("torch", "2.8.0")])),
        Skip("python.duplicates", "no vLLM", _ => { }),

        Pass("python.torch", "CUDA 13.0", machine => { machine.Cards(2); machine.Install(s_usual); }),
        Fail("python.torch", "https://download.pytorch.org/whl/cu130", machine => { machine.Cards(2); machine.Install(("vllm", "0.21.0"), ("torch", "2.9.0+cpu"), ("transformers", "5.1.0")); }),
        Fail("python.torch", "not built for NVIDIA cards", machine => { machine.Cards(2); machine.Install(("vllm", "0.21.0"), ("torch", "2.9.0"), ("transformers", "5.1.0")); machine.Files.Write(PythonMachine.Packages + "/torch/version.py", "cuda: Optional[str] = None\n"); }),
        Fail("python.torch", "not built for AMD cards", machine => { machine.Cards(2, "MI210", vendor: GpuVendor.Amd); machine.Install(s_usual); }),
        Skip("python.torch", "no card", machine => machine.Install(s_usual)),

        Pass("python.flashinfer", "flashinfer-jit-cache 0.5.2+cu130", machine => machine.Install([.. s_usual, ("flashinfer_python", "0.5.2"), ("flashinfer_jit_cache", "0.5.2+cu130")])),
        Fail("python.flashinfer", "flashinfer-cubin==0.5.2", machine => machine.Install([.. s_usual, ("flashinfer_python", "0.5.2"), ("flashinfer_cubin", "0.4.1")])),
        Fail("python.flashinfer", "https://flashinfer.ai/whl/cu130", machine => machine.Install([.. s_usual, ("flashinfer_python", "0.5.2"), ("flashinfer_jit_cache", "0.5.2+cu128")])),
        Skip("python.flashinfer", "not installed", machine => machine.Install(s_usual)),

        Pass("python.plugin", "is what starts", machine => { machine.Caovan(); machine.Plan(EngineNames.Vllm, ("additionalConfig", Caovan)); }),
        Fail("python.plugin", "not installed: caovan-vllm-sm75-turbo3", machine => { machine.Install(s_usual); machine.Plan(EngineNames.Vllm, ("additionalConfig", Caovan)); }),
        Fail("python.plugin", "VLLM_PLUGINS=other", machine => { machine.Caovan(); machine.Plan(EngineNames.Vllm, ("additionalConfig", Caovan)); machine.Variables["VLLM_PLUGINS"] = "other"; }),
        Warn("python.plugin", "its launcher is not what starts", machine => { machine.Caovan(); machine.Read(); machine.Plan(EngineNames.Vllm, ("additionalConfig", Caovan)); }),
        Skip("python.plugin", "no plugin", machine => machine.Install(s_usual)),

        Pass("python.plugin-version", "0.4.13", machine => machine.Caovan()),
        Fail("python.plugin-version", "made for vLLM 0.21; here is 0.24.0", machine => { machine.Install(("vllm", "0.24.0"), ("torch", "2.9.0"), ("transformers", "5.1.0"), ("caovan_vllm_sm75_turbo3", "0.4.13")); }),
        Fail("python.plugin-version", "calls itself 0.4.9", machine => { machine.Caovan(); machine.Files.Write(PythonMachine.Packages + "/caovan_vllm_sm75_turbo3/__init__.py", "__version__ = '0.4.9'\n"); }),
        Fail("python.plugin-version", "folder caovan_vllm_sm75_turbo3 is gone", machine => { machine.Caovan(); Directory.Delete(machine.Files.Locate(PythonMachine.Packages + "/caovan_vllm_sm75_turbo3"), recursive: true); }),
        Skip("python.plugin-version", "no plugin", machine => machine.Install(s_usual)),

        Pass("python.model-class", "knows Qwen3MoeForCausalLM", machine => Model(machine, "Qwen3MoeForCausalLM")),
        Fail("python.model-class", "does not know Qwen99ForCausalLM", machine => Model(machine, "Qwen99ForCausalLM")),
        Skip("python.model-class", "needs a model folder", machine => machine.Install(s_usual)),
        Pass("python.model-type", "qwen3_5 is known", machine => { Model(machine, "Any"); machine.Files.Write(PythonMachine.Packages + "/transformers/models/qwen3_5/__init__.py", ""); }),
        Fail("python.model-type", "model's type qwen3_5", machine => { Model(machine, "Any"); machine.Files.Write(PythonMachine.Packages + "/transformers/models/llama/__init__.py", ""); }),
        Skip("python.model-type", "needs a model folder", machine => machine.Install(s_usual)),

        Pass("python.paths", "nothing stands before", machine => machine.Install(s_usual)),
        Fail("python.paths", "unset PYTHONHOME", machine => { machine.Install(s_usual); machine.Variables["PYTHONHOME"] = "/usr"; }),
        Warn("python.paths", "unset PYTHONPATH", machine => { machine.Install(s_usual); machine.Files.Write("/other/torch/__init__.py", ""); machine.Variables["PYTHONPATH"] = machine.Files.Locate("/other"); }),
        Warn("python.paths", "PYTHONNOUSERSITE=1", machine => { machine.Install(s_usual); machine.Files.Write("/home/me/.local/lib/python3.10/site-packages/torch/__init__.py", ""); }),
        Skip("python.paths", "no vLLM", _ => { }),

        Pass("python.compiler", "/stand-ins/gcc", machine => { machine.Install(s_usual); machine.Program("gcc"); }),
        Fail("python.compiler", "apt-get install -y build-essential", machine => machine.Install(s_usual)),
        Skip("python.compiler", "no vLLM", _ => { }),
        Pass("python.headers", "include/python3.10/Python.h", machine => machine.Install(s_usual)),
        Fail("python.headers", "conda install -y --force-reinstall", machine => { machine.Install(s_usual); File.Delete(machine.Files.Locate(Folder + "/include/python3.10/Python.h")); }),
        Fail("python.headers", "apt-get install -y python3.10-dev", machine =>
        {
            machine.Install(s_usual);
            File.Delete(machine.Files.Locate(Folder + "/include/python3.10/Python.h"));
            Directory.Delete(machine.Files.Locate(Folder + "/conda-meta"), recursive: true);
            machine.Files.Write(Folder + "/pyvenv.cfg", $"home = {machine.Files.Locate("/usr/bin")}\nversion = 3.10.12\n");
            machine.Read();
        }),
        Skip("python.headers", "no vLLM", _ => { }),

        Pass("python.nvcc", "is 13.0, torch is built with 13.0", machine => { machine.Cards(2); machine.Caovan(); }),
        Fail("python.nvcc", "-c nvidia cuda-toolkit=13.0", machine => { machine.Cards(2); machine.Caovan("13.3"); }),
        Fail("python.nvcc", "another major version", machine => { machine.Cards(2); machine.Caovan("12.8"); }),
        Pass("python.nvcc", "fits torch", machine => { machine.Cards(2); machine.Install([.. s_usual, ("flashinfer_python", "0.5.2")]); machine.Toolkit("13.3"); }),
        Warn("python.nvcc", "flashinfer-jit-cache==0.5.2", machine => { machine.Cards(2); machine.Install([.. s_usual, ("flashinfer_python", "0.5.2")]); }),
        Skip("python.nvcc", "nothing here is compiled", machine => { machine.Cards(2); machine.Install(s_usual); }),

        Pass("python.host-compiler", "accepts gcc up to 15", machine => machine.Caovan()),
        Fail("python.host-compiler", "apt-get install -y g++-13", machine => { machine.Caovan(); machine.Toolkit("12.4", newestGcc: 13); machine.Program("g++", "14"); }),
        Skip("python.host-compiler", "no CUDA toolkit", machine => machine.Install(s_usual)),

        Pass("python.named-files", "CUDA_HOME=/usr/local/cuda", machine => { machine.Caovan(); machine.Variables["CUDA_HOME"] = "/usr/local/cuda"; }),
        Fail("python.named-files", "a colon at the start", machine => { machine.Install(s_usual); machine.Variables["CUDA_HOME"] = ":/usr/local/cuda"; }) with { Says = "CUDA_HOME=:/usr/local/cuda" },
        Fail("python.named-files", "TRITON_PTXAS_BLACKWELL_PATH", machine => { machine.Cards(1, "NVIDIA GB10", "12.1"); machine.Install(s_usual); machine.Variables["TRITON_PTXAS_BLACKWELL_PATH"] = "/nowhere/ptxas"; }),
        Skip("python.named-files", "no variable", machine => { machine.Cards(2, "NVIDIA GeForce RTX 2080 Ti", "7.5"); machine.Install(s_usual); machine.Variables["TRITON_PTXAS_BLACKWELL_PATH"] = "/nowhere/ptxas"; }),

        Pass("python.compile-cache", "younger", machine => Cached(machine, installedDaysAgo: 20)),
        Warn("python.compile-cache", "rm -rf --", machine => Cached(machine, installedDaysAgo: 0)),
        Skip("python.compile-cache", "nothing was compiled", machine => machine.Install(s_usual)),
        Pass("python.compile-lock", "no compilation was broken off", machine => { machine.Install(s_usual); machine.Files.Write("/home/me/.cache/torch_extensions/py310_cu130/caovan/x.so", ""); }),
        Warn("python.compile-lock", "py310_cu130/caovan/lock", machine => { machine.Install(s_usual); machine.Files.Write("/home/me/.cache/torch_extensions/py310_cu130/caovan/lock", ""); }),
        Skip("python.compile-lock", "no extension yet", machine => machine.Install(s_usual)),
    ];

    private static void Needing(CheckMachine machine) => machine.Package(
        "vllm", "0.21.0", "Requires-Dist: torch==2.9.0\nRequires-Dist: transformers<5,>=4.56.0\nRequires-Dist: ray[cgraph]>=2.48; extra == \"ray\"\nRequires-Dist: pywin32>=300; sys_platform == \"win32\"");

    private static void Model(CheckMachine machine, string modelClass)
    {
        machine.Install(s_usual);
        machine.Files.Write(Registry, "_TEXT_GENERATION_MODELS = {\n    \"Qwen3MoeForCausalLM\": (\"qwen3_moe\", \"Qwen3MoeForCausalLM\"),\n}\n");
        machine.Model = KernelCases.Quantized("awq") with { ModelClass = modelClass };
    }

    private static void Cached(CheckMachine machine, int installedDaysAgo)
    {
        machine.Install(s_usual);
        string cache = machine.Files.Locate("/home/me/.cache/vllm/torch_compile_cache");
        Directory.CreateDirectory(Path.Combine(cache, "b640711b1e"));
        DateTime now = DateTime.UtcNow;
        Directory.SetLastWriteTimeUtc(Path.Combine(cache, "b640711b1e"), now.AddDays(-10));
        Directory.SetLastWriteTimeUtc(cache, now.AddDays(-10));
        foreach (string info in Directory.EnumerateDirectories(machine.Files.Locate(PythonMachine.Packages), "*.dist-info"))
        {
            Directory.SetLastWriteTimeUtc(info, now.AddDays(-installedDaysAgo));
        }
    }
}
