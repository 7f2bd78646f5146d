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
        List<NumaNode> nodes = [];
        foreach (NumberedEntry node in files.ListNumbered(Folder, "node"))
        {
            string folder = Folder + "/" + node.Name;
            nodes.Add(new NumaNode(node.Number, files.ReadValue(folder + "/cpulist"), KernelTables.ParseMemory(files.ReadText(folder + "/meminfo") ?? string.Empty, "MemTotal")));
        }

        if (nodes.Count == 0)
        {
            nodes.Add(new NumaNode(0, files.ReadValue("/sys/devices/system/cpu/online"), totalBytes));
        }

        return nodes;
    }
}
