using System.Globalization;
using LlmOps.Hardware;

namespace LlmOps.Diagnostics.Checks;

/// <summary>The processor has the instructions that engines are built for.</summary>
internal sealed class CpuInstructionsCheck : FactCheck
{
    public override string Id => "cpu.instructions";

    public override CheckCategory Category => CheckCategory.Cpu;

    protected override CheckResult Run(CheckContext context)
    {
        IReadOnlyList<string> sets = context.Topology.Host.Cpu.InstructionSets;
        return sets.Count == 0 ? Skip("the processor's instruction sets are not known")
            : sets.Contains("avx2") && sets.Contains("fma") ? Pass("the processor has AVX2 and FMA", string.Join(' ', sets))
            : Warn("the processor lacks AVX2 or FMA; prebuilt engines may end with 'Illegal instruction'", string.Join(' ', sets), "use a build that chooses by processor (GGML_CPU_ALL_VARIANTS) or build llama.cpp on this machine");
    }
}

/// <summary>A control group does not starve the engine's threads.</summary>
internal sealed class CpuQuotaCheck : FactCheck
{
    public override string Id => "cpu.quota";

    public override CheckCategory Category => CheckCategory.Cpu;

    protected override CheckResult Run(CheckContext context)
    {
        CpuInfo cpu = context.Topology.Host.Cpu;
        return cpu.QuotaCores is not { } quota ? Pass("no processor quota applies")
            : cpu.LogicalCores > quota
                ? Warn(string.Create(CultureInfo.InvariantCulture, $"the control group allows {quota:0.##} of {cpu.LogicalCores} processors; more threads than that slow each other down"), null, "plan with LlmOps (threads follow the quota) or raise the container's --cpus")
                : Pass(string.Create(CultureInfo.InvariantCulture, $"the processor quota of {quota:0.##} covers all {cpu.LogicalCores} processors"));
    }
}

/// <summary>Main memory holds the model.</summary>
internal sealed class ModelMemoryCheck : FactCheck
{
    public override string Id => "memory.model";

    public override CheckCategory Category => CheckCategory.Memory;

    protected override CheckResult Run(CheckContext context)
    {
        MemoryInfo memory = context.Topology.Host.Memory;
        if (memory.AvailableBytes is not { } available)
        {
            return Skip("the available main memory is not known");
        }

        string evidence = $"{Bytes.Format(available)} of {Bytes.Format(memory.TotalBytes ?? 0)} available";
        if (context.Model is not { } model)
        {
            return available < 2 * Bytes.GiB ? Warn("little main memory is available", evidence, "stop other programs, or use a small model") : Pass("main memory is available", evidence);
        }

        // Weights pass through main memory on their way to a GPU; mapped files may exceed it, at the price of reading twice.
        return available >= model.SizeBytes ? Pass("main memory holds the whole model", $"{evidence}; the model is {Bytes.Format(model.SizeBytes)}")
            : context.Config?.Plan?.Devices.Count > 0 ? Warn("the model is larger than the available main memory; loading reads it in pieces and is slow", $"{evidence}; the model is {Bytes.Format(model.SizeBytes)}", "leave memoryMap on and memoryLock off")
            : Fail("the model is larger than the available main memory", $"{evidence}; the model is {Bytes.Format(model.SizeBytes)}", "use a smaller quantisation, or free main memory");
    }
}

/// <summary>Swap will not be confused with memory.</summary>
internal sealed class SwapCheck : FactCheck
{
    public override string Id => "memory.swap";

    public override CheckCategory Category => CheckCategory.Memory;

    protected override CheckResult Run(CheckContext context) => context.Topology.Host.Memory.SwapBytes switch
    {
        null => Skip("swap space is not known"),
        0 => Pass("there is no swap; weights cannot be swapped out"),
        { } swap => Pass($"{Bytes.Format(swap)} of swap", "set memoryLock when weights in main memory must never be swapped out"),
    };
}

/// <summary>Shared memory suffices for engines that work in several processes.</summary>
internal sealed class SharedMemoryCheck : FactCheck
{
    public override string Id => "memory.shm";

    public override CheckCategory Category => CheckCategory.Memory;

    protected override CheckResult Run(CheckContext context) => context.Topology.Host.Limits.ShmBytes switch
    {
        null => Skip("the size of /dev/shm is not known"),
        < Bytes.GiB when context.Topology.Gpus.Count > 1 => Warn("/dev/shm is small; engines with one process a GPU exchange data there", Bytes.Format(context.Topology.Host.Limits.ShmBytes.Value), "in docker use --ipc=host or --shm-size=8g; else 'sudo mount -o remount,size=8G /dev/shm'"),
        { } size => Pass("/dev/shm is large enough", Bytes.Format(size)),
    };
}

/// <summary>Enough files may be open.</summary>
internal sealed class OpenFilesCheck : FactCheck
{
    private const long Enough = 1024;

    public override string Id => "limits.open-files";

    public override CheckCategory Category => CheckCategory.Limits;

    protected override CheckResult Run(CheckContext context) => context.Topology.Host.Limits.Nofile switch
    {
        null => Skip("the limit of open files is not known"),
        >= 0 and < Enough => Warn("few files may be open; every client connection is one", context.Topology.Host.Limits.Nofile.Value.ToString(CultureInfo.InvariantCulture), "raise it: 'ulimit -n 65536', or LimitNOFILE= in a unit"),
        { } limit => Pass("enough files may be open", limit < 0 ? "unlimited" : limit.ToString(CultureInfo.InvariantCulture)),
    };
}

/// <summary>The weights may be locked when the configuration wants that.</summary>
internal sealed class MemoryLockCheck : FactCheck
{
    public override string Id => "limits.memlock";

    public override CheckCategory Category => CheckCategory.Limits;

    protected override CheckResult Run(CheckContext context)
    {
        bool wanted = context.Config?.Options[Engines.LlamaCpp.LlamaCppOptions.MemoryLock.Name] is true;
        long? limit = context.Topology.Host.Limits.MemlockBytes;
        long needed = context.Config?.Plan?.Host.WeightsBytes ?? context.Model?.SizeBytes ?? 0;
        return !wanted ? Skip("no configuration asks to lock memory")
            : limit is null ? Skip("the limit of locked memory is not known")
            : limit < 0 || limit >= needed ? Pass("the weights may be locked in memory", limit < 0 ? "unlimited" : Bytes.Format(limit.Value))
            : Fail("the weights may not be locked in memory", $"the limit is {Bytes.Format(limit.Value)}, the weights need {Bytes.Format(needed)}", "raise it ('ulimit -l unlimited', LimitMEMLOCK=infinity, docker --ulimit memlock=-1) or set memoryLock: false");
    }
}

/// <summary>A container's memory limit is known to the plan.</summary>
internal sealed class ContainerLimitCheck : FactCheck
{
    public override string Id => "container.memory-limit";

    public override CheckCategory Category => CheckCategory.Container;

    protected override CheckResult Run(CheckContext context)
    {
        HostInfo host = context.Topology.Host;
        return host.Memory.LimitBytes is { } limit ? Pass("a memory limit applies and plans keep to it", Bytes.Format(limit))
            : host.IsContainer ? Pass("this is a container without a memory limit") : Skip("this is no container");
    }
}

/// <summary>Windows' Linux subsystem has limits of its own.</summary>
internal sealed class WslCheck : FactCheck
{
    public override string Id => "container.wsl";

    public override CheckCategory Category => CheckCategory.Container;

    protected override CheckResult Run(CheckContext context)
    {
        HostInfo host = context.Topology.Host;
        return host.IsWsl
            ? Warn("this is Windows' Linux subsystem: it gets half of the memory unless told otherwise, and GPUs cannot reach each other directly", host.Memory.TotalBytes is { } total ? Bytes.Format(total) : null, "set memory= in %UserProfile%\\.wslconfig, then 'wsl --shutdown'")
            : Skip("this is not Windows' Linux subsystem");
    }
}
