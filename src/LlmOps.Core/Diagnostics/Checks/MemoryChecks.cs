using LlmOps.Configuration;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Hardware;

namespace LlmOps.Diagnostics.Checks;

/// <summary>Main memory: enough of it for the model and how it is loaded.</summary>
internal static class MemoryChecks
{
    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfFacts("memory.model", "main memory suffices for the model and the way it is loaded", OfModel),
        Check.OfFacts("memory.swap", "swap will not be confused with memory", Swap),
        Check.OfFacts("memory.shm", "shared memory suffices for engines that work in several processes", Shared),
        Check.OfFacts("memory.numa", "every processor has memory of its own, about as much as the others", Numa),
        Check.OfFacts("memory.channels", "memory modules fill more than one channel of each processor", Channels),
        Check.OfFacts("memory.huge-pages", "no memory is set aside that engines cannot use", HugePages),
        Check.OfFiles("memory.overcommit", "the kernel lets programs reserve more than they use", Overcommit),
        Check.OfFiles("memory.pressure", "programs do not wait for memory now", Pressure),
    ];

    private static Finding OfModel(CheckScope scope)
    {
        MemoryInfo memory = scope.Host.Memory;
        if (memory.AvailableBytes is not { } available)
        {
            return Finding.Skip("the available main memory is not known");
        }

        string evidence = $"{Bytes.Format(available)} of {Bytes.Format(memory.TotalBytes ?? 0)} available";
        if (scope.Model is not { } model)
        {
            return available >= 2 * Bytes.GiB ? Finding.Pass("main memory is available", evidence)
                : Finding.Warn("little main memory is available", evidence, "weights pass through main memory on their way to a GPU, and prompts are kept there", "stop other programs, or use a small model");
        }

        evidence += $"; the model is {Bytes.Format(model.SizeBytes)}";
        if (available >= model.SizeBytes)
        {
            return Finding.Pass("main memory holds the whole model", evidence);
        }

        // What is locked, or read instead of mapped, has to be there at once and cannot be thrown away again.
        bool isLocked = scope.Config?.Options[LlamaCppOptions.MemoryLock.Name] is true;
        bool isRead = scope.Config?.Options[LlamaCppOptions.MemoryMap.Name] is false;
        long resident = scope.Config?.Plan?.Host.WeightsBytes ?? model.SizeBytes;
        if (scope.Config?.Engine == EngineNames.LlamaCpp && (isLocked || isRead) && resident > available)
        {
            return Finding.Fail(
                isLocked ? "main memory cannot hold what is to be locked in it" : "main memory cannot hold what is read into it", $"{evidence}; {Bytes.Format(resident)} stay on the host",
                "the kernel ends the engine while it loads ('Killed', exit code 137), or locking is given up and weights are swapped out", "set memoryLock: false and memoryMap: true, put more layers on GPUs, or use a smaller quantisation");
        }

        // Weights that go to GPUs only pass through; mapped files may exceed memory, at the price of reading twice.
        return scope.Config?.Engine == EngineNames.Vllm || scope.IsVllm
            ? Finding.Warn(
                "the checkpoint is larger than the available main memory; loading reads it in pieces and takes minutes",
                evidence,
                "vLLM maps the files and does not read ahead when they exceed nine tenths of the memory; a second reader (drafts, another rank) reads the disk again, and other programs are swapped out meanwhile",
                scope.Host.IsWsl ? new Remedy("give WSL more memory: in Windows, set memory= in %UserProfile%\\.wslconfig under [wsl2], then 'wsl --shutdown'") : "stop other programs, add memory, or use a smaller quantisation")
            : scope.Config?.Plan?.Devices.Count > 0
                ? Finding.Warn("the model is larger than the available main memory; loading reads it in pieces and is slow", evidence, "the page cache cannot keep it, so that every start reads the whole file", "leave memoryMap on and memoryLock off")
                : Finding.Fail("the model is larger than the available main memory", evidence, "on the processor every token reads all active weights: from the disk, if they do not stay in memory", "use a smaller quantisation, or free main memory").WithoutBlocking();
    }

    private static Finding Swap(CheckScope scope)
    {
        MemoryInfo memory = scope.Host.Memory;
        return memory.SwapBytes switch
        {
            null => Finding.Skip("swap space is not known"),
            0 => Finding.Pass("there is no swap; weights cannot be swapped out"),
            { } swap when memory.SwapFreeBytes is { } free && free < swap / 4 => Finding.Warn(
                "swap is nearly full", $"{Bytes.Format(free)} of {Bytes.Format(swap)} free", "memory that is needed again has been swapped out already; a model that is loaded now pushes out more, and what does not fit is killed", "stop what holds the memory before a model is loaded ('ps aux --sort=-rss | head')"),
            { } swap => Finding.Pass($"{Bytes.Format(swap)} of swap", "set memoryLock when weights in main memory must never be swapped out"),
        };
    }

    private static Finding Shared(CheckScope scope) => scope.Host.Limits.ShmBytes switch
    {
        null => Finding.Skip("the size of /dev/shm is not known"),
        < Bytes.GiB when scope.Cards.Count > 1 => Finding.Warn(
            "/dev/shm is small", Bytes.Format(scope.Host.Limits.ShmBytes.Value), "engines with one process a GPU exchange data there; NCCL ends with 'No space left on device'",
            scope.Host.IsContainer ? "start the container with --ipc=host or --shm-size=8g"
            : new Remedy("make it larger", new RemedyCommand(["mount", "-o", "remount,size=8G", "/dev/shm"]) { NeedsRoot = true, Safe = true, Undo = ["mount", "-o", $"remount,size={scope.Host.Limits.ShmBytes.Value}", "/dev/shm"] })),
        { } size => Finding.Pass("/dev/shm is large enough", Bytes.Format(size)),
    };

    private static Finding Numa(CheckScope scope)
    {
        NumaNode[] known = [.. scope.Host.NumaNodes.Where(node => node.MemoryBytes is not null)];
        string evidence = string.Join("; ", known.Select(node => $"node {node.Node}: {Bytes.Format(node.MemoryBytes!.Value)}"));
        return known.Length < 2 ? Finding.Skip("one memory node")
            : known.Min(node => node.MemoryBytes) >= known.Max(node => node.MemoryBytes) / 2 ? Finding.Pass("memory is spread evenly over the processors", evidence)
            : Finding.Warn("a processor has little memory of its own", evidence, "its threads and cards read what lies at the other one, over the link between them", "spread the modules evenly over the processors, or keep engine and cards on the node that has the memory (numactl --cpunodebind=N --membind=N)");
    }

    private static Finding Channels(CheckScope scope)
    {
        int sockets = Math.Max(1, scope.Host.Cpu.Sockets ?? 1);
        return scope.Host.Memory.Channels is not (> 0 and var channels) ? Finding.Skip("the channels in use are not known; reading them needs root")
            : channels >= 2 * sockets ? Finding.Pass("memory modules fill several channels of each processor", $"{channels} channels over {sockets} processor(s)")
            : Finding.Warn("memory modules fill one channel of a processor", $"{channels} channel(s) over {sockets} processor(s)", "what the processor computes is bound by its memory: with one channel of two it runs at half its speed", "move modules to the slots of other channels, as the board's manual says (often the second and fourth slot first)");
    }

    private static Finding HugePages(CheckScope scope)
    {
        MemoryInfo memory = scope.Host.Memory;
        if (memory.HugePages is not { } pages || memory.HugePageBytes is not { } size || memory.TotalBytes is not (> 0 and var total))
        {
            return Finding.Skip("whether huge pages are set aside is not known");
        }

        long idle = (memory.HugePagesFree ?? pages) * size;
        return idle * 20 <= total ? Finding.Pass("no memory to speak of is set aside in huge pages", $"{pages} pages of {Bytes.Format(size)}")
            : Finding.Warn(
                "memory is set aside in huge pages that nobody uses", $"{Bytes.Format(idle)} of {Bytes.Format(total)}", "engines do not take from it, and models find that much less room",
                new Remedy("give it back", new RemedyCommand(["sysctl", "-w", "vm.nr_hugepages=0"]) { NeedsRoot = true, Safe = false, Undo = ["sysctl", "-w", $"vm.nr_hugepages={pages}"] }));
    }

    private static Finding Overcommit(CheckScope scope, SystemFiles files) => files.ReadValue("/proc/sys/vm/overcommit_memory") switch
    {
        null => Finding.Skip("the kernel does not say how it lets programs reserve memory"),
        "2" => Finding.Warn(
            "the kernel refuses to reserve more memory than there is", "vm.overcommit_memory = 2", "CUDA and Python reserve far more than they use, and a model that is read instead of mapped is refused before it is looked at",
            RemedyText.Sysctl("let it", "vm.overcommit_memory", "0", "2")),
        { } setting => Finding.Pass("the kernel lets programs reserve more than they use", $"vm.overcommit_memory = {setting}"),
    };

    // some avg10=0.00 avg60=0.00 avg300=0.00 total=0. Source: the kernel's Documentation/accounting/psi.rst.
    private static Finding Pressure(CheckScope scope, SystemFiles files)
    {
        const double Much = 10;
        string? share = files.ReadText("/proc/pressure/memory")?.Split('\n').FirstOrDefault(line => line.StartsWith("some ", StringComparison.Ordinal))?.Split("avg10=").Last().Split(' ')[0];
        return !double.TryParse(share, System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture, out double percent) ? Finding.Skip("the kernel does not measure how long programs wait for memory")
            : percent < Much ? Finding.Pass("programs do not wait for memory", $"{share} % of the last ten seconds")
            : Finding.Warn("programs wait for memory now", $"{share} % of the last ten seconds", "the machine is swapping or throwing away what it reads again: loading a model makes it worse", "see who uses it ('ps aux --sort=-rss | head'), and stop that before a model is loaded");
    }
}
