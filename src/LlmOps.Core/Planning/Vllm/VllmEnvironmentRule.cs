using System.Globalization;
using LlmOps.Hardware;

namespace LlmOps.Planning.Vllm;

/// <summary>The variables that vLLM is started with, each with its reason.</summary>
internal static class VllmEnvironmentRule
{
    private const int MostThreads = 16;

    /// <summary>The variables.</summary>
    public static Dictionary<string, string> Decide(VllmFacts facts, VllmSetting setting, bool inContainer, string? draftsForPlugin, DecisionLog log)
    {
        Dictionary<string, string> environment = new(StringComparer.Ordinal);
        bool isNvidia = setting.Gpus.All(gpu => gpu.Vendor == GpuVendor.Nvidia);
        if (isNvidia)
        {
            Set("CUDA_DEVICE_ORDER", "PCI_BUS_ID", "CUDA counts the fastest card first unless told otherwise; so numbers are those of nvidia-smi");
        }

        // vLLM reads the variable as numbers; a shortened UUID broke it (issue 51677).
        string numbers = string.Join(',', setting.Gpus.Select((gpu, at) => (inContainer ? at : gpu.CudaIndex ?? gpu.Index).ToString(CultureInfo.InvariantCulture)));
        Set(isNvidia ? "CUDA_VISIBLE_DEVICES" : "HIP_VISIBLE_DEVICES", numbers, inContainer ? "the container is given the cards of this plan and counts them from 0" : "the cards of this plan, by number in bus order: vLLM reads numbers");
        int cores = facts.Host.Cpu.PhysicalCores ?? facts.Host.Cpu.LogicalCores ?? 0;
        if (cores > 0)
        {
            int threads = Math.Clamp(cores / setting.RanksPerHost, 1, MostThreads);
            Set("OMP_NUM_THREADS", threads.ToString(CultureInfo.InvariantCulture), $"{cores} cores over {setting.RanksPerHost} rank(s){(threads == MostThreads ? $", {MostThreads} at most" : string.Empty)}; left unset, vLLM takes 1 where there are several");
        }

        if (isNvidia)
        {
            Set("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True", "memory of the largest step can be used again by later ones of other sizes");
        }

        Set("TRITON_CACHE_AUTOTUNING", "1", "what Triton's kernels were tuned to is kept on disk, beside vLLM's compile cache in ~/.cache/vllm: the second start is quicker");
        GpuLink[] links = [.. facts.Request.Topology.Links.Where(link => setting.Gpus.Any(gpu => gpu.Index == link.A) && setting.Gpus.Any(gpu => gpu.Index == link.B))];
        if (setting.RanksPerHost > 1 && isNvidia && links.FirstOrDefault(link => link.PeerAccess == false) is { } closed)
        {
            Set("NCCL_P2P_DISABLE", "1", $"the driver says that cards {closed.A} and {closed.B} cannot reach each other's memory ({closed.PeerStatus ?? closed.Kind.ToString()}); NCCL would hang or fail trying");
        }

        if (facts.Host.IsWsl && facts.Version.IsAtLeast(24))
        {
            Set("VLLM_WSL2_ENABLE_PIN_MEMORY", "1", "under WSL vLLM uses no pinned memory unless told to; copies between host and card are slower without");
        }
        else if (facts.Host.IsWsl)
        {
            log.Add("pin_memory", "false", $"vLLM {facts.Version} uses no pinned memory under WSL, and its warning about it is no fault; copies are slower, and 0.24 can be told otherwise", []);
        }

        if (draftsForPlugin is not null)
        {
            Set("CAOVAN_AUTO_SPEC", draftsForPlugin, "as asked: the plugin takes the number of drafted tokens from here");
        }

        return environment;

        void Set(string name, string value, string reason)
        {
            environment[name] = value;
            log.Add(name, value, reason, []);
        }
    }
}
