using System.Globalization;
using LlmOps.Hardware;

namespace LlmOps.Diagnostics.Checks;

/// <summary>Processors: their instructions, and how much of them there is.</summary>
internal static class CpuChecks
{
    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfFacts("cpu.instructions", "the processor has the instructions that engines are built for", Instructions),
        Check.OfFacts("cpu.quota", "a control group does not starve the engine's threads", Quota),
    ];

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
        return cpu.QuotaCores is not { } quota ? Finding.Pass("no processor quota applies")
            : cpu.LogicalCores > quota
                ? Finding.Warn(
                    string.Create(CultureInfo.InvariantCulture, $"the control group allows {quota:0.##} of {cpu.LogicalCores} processors"), "cpu.max of the control group",
                    "an engine that starts a thread for each processor it sees spends its time waiting for them", "plan with LlmOps (threads follow the quota) or raise the container's --cpus")
                : Finding.Pass(string.Create(CultureInfo.InvariantCulture, $"the processor quota of {quota:0.##} covers all {cpu.LogicalCores} processors"));
    }
}
