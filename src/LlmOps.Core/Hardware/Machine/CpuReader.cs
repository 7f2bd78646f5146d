namespace LlmOps.Hardware.Machine;

/// <summary>Describes the processor from /proc/cpuinfo, and from /sys where that says too little (ARM).</summary>
internal static class CpuReader
{
    /// <summary>The processor, and whether it says that it runs under a hypervisor.</summary>
    public static (CpuInfo Cpu, bool IsVirtual) Read(SystemFiles files)
    {
        CpuTable table = CpuTable.Parse(files.ReadText("/proc/cpuinfo") ?? string.Empty);
        (int? sockets, int? cores) = table.PhysicalCores is null ? CountInSysfs(files) : (table.Sockets, table.PhysicalCores);
        string? allowed = KernelTables.ParseField(files.ReadText("/proc/self/status") ?? string.Empty, "Cpus_allowed_list");
        CpuInfo cpu = new()
        {
            Model = table.Model ?? files.ReadValue("/sys/firmware/devicetree/base/model")?.TrimEnd('\0'),
            Sockets = sockets,
            PhysicalCores = cores,
            LogicalCores = Allowed(KernelTables.CountList(allowed), table.Processors),
            InstructionSets = table.InstructionSets,
        };
        return (cpu, table.IsVirtual);
    }

    // The mask may name processors that could be plugged in but are not there.
    private static int? Allowed(int? allowed, int present) => present == 0 ? allowed : Math.Min(allowed ?? present, present);

    private static (int? Sockets, int? Cores) CountInSysfs(SystemFiles files)
    {
        HashSet<long> sockets = [];
        HashSet<(long, long)> cores = [];
        foreach ((string name, int _) in files.ListNumbered("/sys/devices/system/cpu", "cpu"))
        {
            string folder = $"/sys/devices/system/cpu/{name}/topology/";
            if (files.ReadNumber(folder + "core_id") is { } core)
            {
                // -1 is what ARM kernels write for "one package".
                long socket = Math.Max(files.ReadNumber(folder + "physical_package_id") ?? 0, 0);
                sockets.Add(socket);
                cores.Add((socket, core));
            }
        }

        return cores.Count == 0 ? (null, null) : (sockets.Count, cores.Count);
    }
}
