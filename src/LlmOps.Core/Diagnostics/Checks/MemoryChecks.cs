using LlmOps.Configuration;
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

    private static Finding Swap(CheckScope scope) => scope.Host.Memory.SwapBytes switch
    {
        null => Finding.Skip("swap space is not known"),
        0 => Finding.Pass("there is no swap; weights cannot be swapped out"),
        { } swap => Finding.Pass($"{Bytes.Format(swap)} of swap", "set memoryLock when weights in main memory must never be swapped out"),
    };

    private static Finding Shared(CheckScope scope) => scope.Host.Limits.ShmBytes switch
    {
        null => Finding.Skip("the size of /dev/shm is not known"),
        < Bytes.GiB when scope.Cards.Count > 1 => Finding.Warn(
            "/dev/shm is small", Bytes.Format(scope.Host.Limits.ShmBytes.Value), "engines with one process a GPU exchange data there; NCCL ends with 'No space left on device'",
            scope.Host.IsContainer ? "start the container with --ipc=host or --shm-size=8g"
            : new Remedy("make it larger", new RemedyCommand(["mount", "-o", "remount,size=8G", "/dev/shm"]) { NeedsRoot = true, Safe = true, Undo = ["mount", "-o", $"remount,size={scope.Host.Limits.ShmBytes.Value}", "/dev/shm"] })),
        { } size => Finding.Pass("/dev/shm is large enough", Bytes.Format(size)),
    };
}
