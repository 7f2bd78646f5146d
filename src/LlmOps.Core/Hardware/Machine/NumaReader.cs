namespace LlmOps.Hardware.Machine;

/// <summary>Lists the NUMA nodes.</summary>
internal static class NumaReader
{
    private const string Folder = "/sys/devices/system/node";

    /// <summary>The nodes in order; one with everything for a kernel without NUMA.</summary>
    /// <param name="files">The machine's files.</param>
    /// <param name="totalBytes">The machine's memory, for that one node.</param>
    public static IReadOnlyList<NumaNode> Read(SystemFiles files, long? totalBytes)
    {
        NumaNode[] nodes =
        [
            .. files.ListNumbered(Folder, "node").Select(node => new NumaNode(
                node.Number,
                files.ReadValue($"{Folder}/{node.Name}/cpulist"),
                KernelTables.ParseMemory(files.ReadText($"{Folder}/{node.Name}/meminfo") ?? string.Empty).TryGetValue("MemTotal", out long bytes) ? bytes : null)),
        ];
        return nodes.Length > 0 ? nodes : [new NumaNode(0, files.ReadValue("/sys/devices/system/cpu/online"), totalBytes)];
    }
}
