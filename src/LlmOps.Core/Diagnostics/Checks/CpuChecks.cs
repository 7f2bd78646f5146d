using System.Globalization;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Hardware;

namespace LlmOps.Diagnostics.Checks;

/// <summary>Processors: their instructions, and how much of them there is.</summary>
internal static class CpuChecks
{
    private static readonly string[] s_ownGovernors = ["intel_pstate", "amd-pstate-epp", "amd-pstate"];

    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfFacts("cpu.instructions", "the processor has the instructions that engines are built for", Instructions),
        Check.OfFacts("cpu.quota", "a control group does not starve the engine's threads", Quota),
        Check.OfFacts("cpu.threads", "the engine is not given more threads than there are cores", Threads),
        Check.OfFiles("cpu.governor", "the processor is let to run at its clock", Governor),
        Check.OfFiles("cpu.load", "other programs leave the processor to the engine", Load),
        Check.OfFiles("cpu.numa-balancing", "the kernel does not move weights between processors", NumaBalancing),
    ];

    /// <summary>Whether the processor computes a good part of the model.</summary>
    private static bool ComputesOnHost(CheckScope scope) => scope.Config?.Plan is { } plan ? plan.Host.WeightsBytes > Bytes.GiB : scope.Model is not null && scope.Cards.Count == 0;

    private static Finding Instructions(CheckScope scope)
    {
        IReadOnlyList<string> sets = scope.Host.Cpu.InstructionSets;
        return sets.Count == 0 ? Finding.Skip("the processor's instruction sets are not known")
            : sets.Contains("avx2") && sets.Contains("fma") ? Finding.Pass("the processor has AVX2 and FMA", string.Join(' ', sets))
            : Finding.Warn("the processor lacks AVX2 or FMA", string.Join(' ', sets), "prebuilt engines and Python wheels may end with 'Illegal instruction' (exit code 132)", "use a build that chooses by processor (GGML_CPU_ALL_VARIANTS), such as Debian's, or build llama.cpp on this machine");
    }

    private static Finding Quota(CheckScope scope)
    {
        CpuInfo cpu = scope.Host.Cpu;
        return cpu.LogicalCores is null ? Finding.Skip("the number of processors is not known")
            : cpu.QuotaCores is not { } quota ? Finding.Pass("no processor quota applies")
            : cpu.LogicalCores > quota
                ? Finding.Warn(
                    string.Create(CultureInfo.InvariantCulture, $"the control group allows {quota:0.##} of {cpu.LogicalCores} processors"), "cpu.max of the control group",
                    "an engine that starts a thread for each processor it sees spends its time waiting for them", "plan with LlmOps (threads follow the quota) or raise the container's --cpus")
                : Finding.Pass(string.Create(CultureInfo.InvariantCulture, $"the processor quota of {quota:0.##} covers all {cpu.LogicalCores} processors"));
    }

    private static Finding Threads(CheckScope scope)
    {
        long threads = scope.Config?.Options.Get(LlamaCppOptions.Threads) ?? 0;
        double most = Math.Min(scope.Host.Cpu.PhysicalCores ?? scope.Host.Cpu.LogicalCores ?? 0, scope.Host.Cpu.QuotaCores ?? double.MaxValue);
        return threads == 0 || most == 0 ? Finding.Skip("needs a configuration that says its threads, and the number of cores")
            : threads <= most ? Finding.Pass("the engine has no more threads than there are cores", string.Create(CultureInfo.InvariantCulture, $"{threads} of {most:0.##}"))
            : Finding.Warn(
                "the engine is given more threads than there are cores", string.Create(CultureInfo.InvariantCulture, $"{threads} threads, {most:0.##} cores"), "threads wait for each other at every step, so that one that has to share a core slows down all",
                string.Create(CultureInfo.InvariantCulture, $"set threads: {Math.Max(1, (int)most)}, or leave it to the plan"));
    }

    private static Finding Governor(CheckScope scope, SystemFiles files)
    {
        const string Folder = "/sys/devices/system/cpu/cpu0/cpufreq";
        string? governor = files.ReadValue($"{Folder}/scaling_governor");
        string? driver = files.ReadValue($"{Folder}/scaling_driver");
        return governor is null ? Finding.Skip("nothing here says how the processor's clock is governed")
            : governor != "powersave" || s_ownGovernors.Contains(driver) ? Finding.Pass("the processor's clock follows its load", $"{governor} of {driver}")
            : Finding.Warn(
                "the processor is held at its lowest clock", $"governor {governor} of {driver}", scope.Cards.Count > 0 ? "GPUs are fed by one thread each: a slow one shows in every token" : "the processor computes every token",
                scope.Remedies.Install("let it run", "cpupower").Then(new RemedyCommand(["cpupower", "frequency-set", "-g", "performance"]) { NeedsRoot = true, Safe = true, Undo = ["cpupower", "frequency-set", "-g", "powersave"] }));
    }

    private static Finding Load(CheckScope scope, SystemFiles files)
    {
        string? text = files.ReadValue("/proc/loadavg")?.Split(' ')[0];
        return !double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double load) || scope.Host.Cpu.LogicalCores is not (> 0 and var cores) ? Finding.Skip("the load is not known")
            : load <= cores ? Finding.Pass("other programs leave room on the processor", $"load {text} on {cores} processors")
            : Finding.Warn("other programs keep the processor busy", $"load {text} on {cores} processors", "an engine's threads wait for each other, so that one that has to share a processor slows down all; figures measured now are too low", "see who it is ('top') and wait, or give the engine processors of its own (cpuset, CPUAffinity=)");
    }

    private static Finding NumaBalancing(CheckScope scope, SystemFiles files) =>
        scope.Host.NumaNodes.Count < 2 || files.ReadValue("/proc/sys/kernel/numa_balancing") is not { } setting ? Finding.Skip("one memory node, or a kernel without balancing")
        : setting == "0" || !ComputesOnHost(scope) ? Finding.Pass(setting == "0" ? "the kernel leaves memory where it is" : "the kernel balances memory, which matters only where the processor computes")
        : Finding.Warn("the kernel moves memory between processors while the model is computed there", $"kernel.numa_balancing = {setting}, {scope.Host.NumaNodes.Count} nodes", "weights are read by all threads alike, so that moving them only costs time; llama.cpp warns of it too", RemedyText.Sysctl("switch it off", "kernel.numa_balancing", "0", setting));
}
