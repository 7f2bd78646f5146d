using LlmOps.Configuration;
using LlmOps.Core.Tests.Hardware;
using LlmOps.Engines;
using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>The machines of three people who wrote down how they got there, as they were in the end: surveyed through a stand-in driver, with their programs and settings.</summary>
internal static class SeedMachines
{
    /// <summary>blog.motorbottle.site/archives/754: two of five cards, docker.</summary>
    public static async Task DockerAsync(CheckMachine machine, int port)
    {
        await SurveyAsync(machine, "five-cards-dual-xeon", "580.65.06");
        machine.Program("docker", "29.1.0");
        machine.Program("nvidia-ctk");
        machine.Files.Write("/etc/docker/daemon.json", "{\"runtimes\":{\"nvidia\":{\"path\":\"nvidia-container-runtime\"}}}").Write("/dev/char/195:0", "")
            .Write("/proc/sys/kernel/numa_balancing", "1\n").Write("/models/edited_chat_template.jinja", "{%- set system_roles = ['system', 'developer'] %}{% for message in messages %}{% if message.role in system_roles %}a{% elif message.role == 'user' %}b{% elif message.role == 'assistant' %}c{% elif message.role == 'tool' %}d{% else %}{{ raise_exception('Unexpected message role.') }}{% endif %}{% endfor %}");
        machine.Plan(options:
        [
            ("contextLength", 262144L), ("parallel", 2L), ("gpuLayers", 99L), ("flashAttention", "on"), ("batchSize", 4096L), ("ubatchSize", 2048L), ("memoryMap", false), ("memoryLock", true), ("splitMode", "layer"),
            ("kvCacheTypeK", "q8_0"), ("kvCacheTypeV", "q8_0"), ("jinja", true), ("chatTemplateFile", machine.Files.Locate("/models/edited_chat_template.jinja")),
        ]);
        machine.Config = machine.Config! with
        {
            Runtime = RuntimeNames.Docker,
            Image = "ghcr.io/ggml-org/llama.cpp:server-cuda",
            Devices = [.. machine.Topology.Gpus.Where(gpu => gpu.Index is 1 or 2).Select(gpu => new ConfigDevice { Name = $"CUDA{gpu.Index - 1}", Index = gpu.Index, Uuid = gpu.Uuid })],
            Endpoint = new ServerEndpoint { Host = "0.0.0.0", Port = port },
        };
        machine.Model = new ModelDescription { Path = "/models/Qwen3.5-122B-A10B-UD-Q2_K_XL.gguf", Format = ModelFormat.Gguf, Architecture = "qwen35moe", Name = "Qwen3.5", Quantization = "Q2_K", SizeBytes = 42L << 30, ContextLength = 262144, ChatTemplate = new ChatTemplateInfo(true, ["system", "user"]) };
        machine.Roles = ["developer", "tool"];
    }

    /// <summary>caovan.com: two RTX 2080 Ti, vLLM 0.21.0 with a plugin in a conda environment.</summary>
    public static async Task PluginAsync(CheckMachine machine, int port)
    {
        await SurveyAsync(machine, "two-2080ti-nvlink", "595.71.05");
        machine.Caovan();
        machine.Variables["CUDA_VISIBLE_DEVICES"] = "0,1";
        machine.Variables["OMP_NUM_THREADS"] = "12";
        machine.Variables["PYTORCH_CUDA_ALLOC_CONF"] = "expandable_segments:True";
        machine.Variables["TRITON_PTXAS_BLACKWELL_PATH"] = "/usr/local/cuda/bin/ptxas";
        machine.Plan(EngineNames.Vllm,
            ("tensorParallel", 2L), ("dtype", "half"), ("contextLength", 262144L), ("parallel", 1L), ("batchTokens", 8192L), ("kvCacheType", "fp8"), ("disableCustomAllReduce", true), ("prefixCaching", true),
            ("mambaCacheMode", "align"), ("flashInferAutotune", true), ("additionalConfig", "{\"caovan\":true,\"caovan_mode\":\"auto\"}"), ("reasoningParser", "qwen3"), ("autoToolChoice", true), ("toolCallParser", "qwen3_coder"));
        machine.Config = machine.Config! with { EnginePath = machine.Engine!.Path, Endpoint = new ServerEndpoint { Host = "0.0.0.0", Port = port } };
        machine.Model = KernelCases.Quantized("awq") with { Path = "/data/qwen/Qwen3.6-27B-AWQ-INT4", DataType = "bfloat16", ContextLength = 262144, TokenizerSize = 248077, ChatTemplate = new ChatTemplateInfo(true, ["system", "user"]) };
        machine.Files.Write("/proc/sys/kernel/hostname", "ubuntu\n").Write("/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 ubuntu\n");
    }

    /// <summary>fyz666.xyz: one RTX 3090, a llama.cpp built from source with CUDA 12.4.</summary>
    public static async Task BuiltAsync(CheckMachine machine, int port, string libraries = "\tlibmtmd.so => /usr/local/lib/libmtmd.so (0x1)\n\tlibllama.so => /usr/local/lib/libllama.so (0x1)\n\tlibcudart.so.12 => /usr/local/cuda/lib64/libcudart.so.12 (0x1)")
    {
        await SurveyAsync(machine, "one-3090", "550.54.14");
        machine.Files.Write("/proc/self/limits", "Max open files            1048576              1048576              files     \nMax locked memory         unlimited            unlimited            bytes     \n").Write("/usr/local/lib/libmtmd.so", "");
        machine.Topology = new TopologySurvey(new SurveyOptions { SystemRoot = machine.Files.Path, GetEnvironmentVariable = _ => null }).Capture(TestContext.Current.CancellationToken);
        EngineCases.Binary(machine, libraries);
        machine.Engine = EngineFixtures() with { Path = machine.Engine!.Path };
        machine.Files.Write("/models/QwQ.jinja", "{% for message in messages %}{% if message.role == 'system' %}a{% elif message.role == 'user' %}b{% elif message.role == 'assistant' %}c{% elif message.role == 'tool' %}d{% endif %}{% endfor %}");
        machine.Plan(options:
        [
            ("gpuLayers", 65L), ("contextLength", 32768L), ("parallel", 1L), ("kvCacheTypeK", "q8_0"), ("kvCacheTypeV", "q8_0"), ("threads", 16L), ("flashAttention", "on"), ("memoryLock", true), ("jinja", true),
            ("chatTemplateFile", machine.Files.Locate("/models/QwQ.jinja")),
        ]);
        machine.Config = machine.Config! with { Endpoint = new ServerEndpoint { Host = "0.0.0.0", Port = port } };
        machine.Model = new ModelDescription { Path = "/models/Qwen_QwQ-32B-IQ4_XS.gguf", Format = ModelFormat.Gguf, Architecture = "qwen2", Name = "QwQ", Quantization = "IQ4_XS", SizeBytes = 18L << 30, ContextLength = 131072, ChatTemplate = new ChatTemplateInfo(true, ["system", "user"]) };
    }

    private static EngineCapabilities EngineFixtures() => Engines.EngineFixtures.LlamaServer("b6321", new EngineDevice("CUDA0", "NVIDIA GeForce RTX 3090", null, null));

    private static async Task SurveyAsync(CheckMachine machine, string name, string driver)
    {
        await Machines.All[name](new MachineRoot(machine.Files));
        machine.Files.Write("/proc/driver/nvidia/version", $"NVRM version: NVIDIA UNIX x86_64 Kernel Module  {driver}  Sun Jul 27 07:18:08 UTC 2025\n").Write($"/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.{driver}", "")
            .Write("/sys/module/nvidia/version", driver).Write("/dev/nvidia-uvm", "").Write("/dev/nvidiactl", "").Write("/tmp/x", "").Write("/proc/self/status", "Uid:\t1000\t1000\nGroups:\t4 27 1000\nCpus_allowed_list:\t0-71\n")
            .Write("/proc/loadavg", "0.31 0.40 0.33 1/900 4711\n").Write("/proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n").Write("/proc/sys/vm/overcommit_memory", "0\n").Write("/proc/sys/net/ipv4/ip_local_port_range", "65500\t65535\n")
            .Write("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n").Write("/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver", "intel_pstate\n");
        machine.Topology = new TopologySurvey(new SurveyOptions { SystemRoot = machine.Files.Path, GetEnvironmentVariable = _ => null }).Capture(TestContext.Current.CancellationToken);
    }
}
