namespace LlmOps.Hardware;

/// <summary>Writes a topology field by field.</summary>
/// <remarks>
/// By hand, because the serialiser builds descriptions of all types first: several hundred methods that are compiled as they run, which was
/// most of the time that <c>llmops gpu --json</c> took. A test holds it to what the serialiser writes.
/// </remarks>
internal sealed class TopologyWriter(JsonText writer)
{
    /// <summary>A topology as indented JSON.</summary>
    public static string ToText(GpuTopology topology)
    {
        JsonText text = new();
        new TopologyWriter(text).Write(topology);
        return text.ToString();
    }

    public void Write(GpuTopology topology)
    {
        writer.WriteStartObject();
        writer.WriteString("capturedAt", topology.CapturedAt.UtcDateTime);
        writer.WriteString("source", topology.Source);
        WriteHost(topology.Host);
        if (topology.Driver is { } driver)
        {
            writer.WriteStartObject("driver");
            Text("version", driver.Version);
            Text("cudaVersion", driver.CudaVersion);
            Text("nvmlVersion", driver.NvmlVersion);
            writer.WriteEndObject();
        }

        writer.WriteStartArray("gpus");
        foreach (GpuDevice gpu in topology.Gpus)
        {
            WriteGpu(gpu);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("links");
        foreach (GpuLink link in topology.Links)
        {
            WriteLink(link);
        }

        writer.WriteEndArray();
        if (topology.Environment is { } environment)
        {
            writer.WriteStartObject("environment");
            Text("cudaVisibleDevices", environment.CudaVisibleDevices);
            Text("cudaDeviceOrder", environment.CudaDeviceOrder);
            Text("nvidiaVisibleDevices", environment.NvidiaVisibleDevices);
            Text("hipVisibleDevices", environment.HipVisibleDevices);
            Text("rocrVisibleDevices", environment.RocrVisibleDevices);
            writer.WriteEndObject();
        }

        Texts("notes", topology.Notes);
        writer.WriteEndObject();
    }

    private void WriteHost(HostInfo host)
    {
        writer.WriteStartObject("host");
        Text("name", host.Name);
        Text("os", host.Os);
        Text("kernel", host.Kernel);
        writer.WriteBoolean("isWsl", host.IsWsl);
        writer.WriteBoolean("isContainer", host.IsContainer);
        Text("virtualMachine", host.VirtualMachine);
        Text("product", host.Product);
        writer.WriteStartObject("cpu");
        Text("model", host.Cpu.Model);
        Number("sockets", host.Cpu.Sockets);
        Number("physicalCores", host.Cpu.PhysicalCores);
        Number("logicalCores", host.Cpu.LogicalCores);
        Fraction("quotaCores", host.Cpu.QuotaCores);
        Texts("instructionSets", host.Cpu.InstructionSets);
        writer.WriteEndObject();
        WriteMemory(host.Memory);
        writer.WriteStartArray("numaNodes");
        foreach (NumaNode node in host.NumaNodes)
        {
            writer.WriteStartObject();
            writer.WriteNumber("node", node.Node);
            Text("cpus", node.Cpus);
            Number("memoryBytes", node.MemoryBytes);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartObject("limits");
        Number("memlockBytes", host.Limits.MemlockBytes);
        Number("nofile", host.Limits.Nofile);
        Number("shmBytes", host.Limits.ShmBytes);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private void WriteMemory(MemoryInfo memory)
    {
        writer.WriteStartObject("memory");
        Number("totalBytes", memory.TotalBytes);
        Number("availableBytes", memory.AvailableBytes);
        Number("swapBytes", memory.SwapBytes);
        Number("swapFreeBytes", memory.SwapFreeBytes);
        Number("channels", memory.Channels);
        Number("speedMegatransfers", memory.SpeedMegatransfers);
        Text("type", memory.Type);
        if (memory.Modules is { } modules)
        {
            writer.WriteStartArray("modules");
            foreach (MemoryModule module in modules)
            {
                writer.WriteStartObject();
                Text("slot", module.Slot);
                writer.WriteNumber("sizeBytes", module.SizeBytes);
                Text("type", module.Type);
                Number("speedMegatransfers", module.SpeedMegatransfers);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        Number("hugePageBytes", memory.HugePageBytes);
        Number("hugePages", memory.HugePages);
        Number("hugePagesFree", memory.HugePagesFree);
        Text("transparentHugePages", memory.TransparentHugePages);
        Number("bandwidthBytesPerSecond", memory.BandwidthBytesPerSecond);
        Number("limitBytes", memory.LimitBytes);
        writer.WriteEndObject();
    }

    private void WriteGpu(GpuDevice gpu)
    {
        writer.WriteStartObject();
        writer.WriteNumber("index", gpu.Index);
        Number("cudaIndex", gpu.CudaIndex);
        Number("cudaIndexFastestFirst", gpu.CudaIndexFastestFirst);
        Text("uuid", gpu.Uuid);
        Text("pciBusId", gpu.PciBusId);
        writer.WriteString("vendor", GpuVendorConverter.Name(gpu.Vendor));
        writer.WriteString("name", gpu.Name);
        Text("architecture", gpu.Architecture);
        Text("computeCapability", gpu.ComputeCapability);
        writer.WriteNumber("memoryTotalBytes", gpu.MemoryTotalBytes);
        Number("memoryFreeBytes", gpu.MemoryFreeBytes);
        Number("memoryReservedBytes", gpu.MemoryReservedBytes);
        Number("bar1TotalBytes", gpu.Bar1TotalBytes);
        Number("bar1FreeBytes", gpu.Bar1FreeBytes);
        Number("memoryBusWidthBits", gpu.MemoryBusWidthBits);
        Number("memoryBandwidthBytesPerSecond", gpu.MemoryBandwidthBytesPerSecond);
        Number("cores", gpu.Cores);
        writer.WriteBoolean("sharedMemory", gpu.SharedMemory);
        if (gpu.IsIntegrated)
        {
            writer.WriteBoolean("isIntegrated", true);
        }

        WriteMig(gpu.Mig);
        WritePcie(gpu.Pcie);
        Number("numaNode", gpu.NumaNode);
        Flag("displayActive", gpu.DisplayActive);
        Flag("displayAttached", gpu.DisplayAttached);
        Text("computeMode", gpu.ComputeMode);
        Flag("persistenceMode", gpu.PersistenceMode);
        WriteState(gpu);
        writer.WriteStartArray("processes");
        foreach (GpuProcess process in gpu.Processes)
        {
            writer.WriteStartObject();
            writer.WriteNumber("processId", process.ProcessId);
            Text("name", process.Name);
            Number("memoryBytes", process.MemoryBytes);
            Text("kind", process.Kind);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private void WriteState(GpuDevice gpu)
    {
        if (gpu.Ecc is { } ecc)
        {
            writer.WriteStartObject("ecc");
            Flag("enabled", ecc.Enabled);
            Flag("pending", ecc.Pending);
            Number("correctedErrors", ecc.CorrectedErrors);
            Number("uncorrectedErrors", ecc.UncorrectedErrors);
            writer.WriteEndObject();
        }

        if (gpu.Clocks is { } clocks)
        {
            writer.WriteStartObject("clocks");
            Number("graphicsMhz", clocks.GraphicsMhz);
            Number("smMhz", clocks.SmMhz);
            Number("memoryMhz", clocks.MemoryMhz);
            Number("maxGraphicsMhz", clocks.MaxGraphicsMhz);
            Number("maxMemoryMhz", clocks.MaxMemoryMhz);
            writer.WriteEndObject();
        }

        Texts("throttleReasons", gpu.ThrottleReasons);
        Number("nvlinksDown", gpu.NvlinksDown);
        Number("temperatureCelsius", gpu.TemperatureCelsius);
        Fraction("powerWatts", gpu.PowerWatts);
        Fraction("powerLimitWatts", gpu.PowerLimitWatts);
        if (gpu.PowerRange is { } range)
        {
            writer.WriteStartObject("powerRange");
            Fraction("defaultWatts", range.DefaultWatts);
            Fraction("minimumWatts", range.MinimumWatts);
            Fraction("maximumWatts", range.MaximumWatts);
            writer.WriteEndObject();
        }

        Number("utilizationPercent", gpu.UtilizationPercent);
    }

    private void WriteMig(MigInstance? mig)
    {
        if (mig is null)
        {
            return;
        }

        writer.WriteStartObject("mig");
        writer.WriteNumber("parentIndex", mig.ParentIndex);
        Text("parentUuid", mig.ParentUuid);
        Text("profile", mig.Profile);
        Number("gpuInstanceId", mig.GpuInstanceId);
        Number("computeInstanceId", mig.ComputeInstanceId);
        Number("multiprocessors", mig.Multiprocessors);
        writer.WriteEndObject();
    }

    private void WritePcie(PcieLink? link)
    {
        if (link is null)
        {
            return;
        }

        writer.WriteStartObject("pcie");
        Number("generation", link.Generation);
        Number("width", link.Width);
        Number("maxGeneration", link.MaxGeneration);
        Number("maxWidth", link.MaxWidth);
        Number("cardGeneration", link.CardGeneration);
        Number("cardWidth", link.CardWidth);
        Number("slotGeneration", link.SlotGeneration);
        Number("slotWidth", link.SlotWidth);
        Flag("isDowngraded", link.IsDowngraded);
        Flag("isLimitedBySlot", link.IsLimitedBySlot);
        Number("bytesPerSecond", link.BytesPerSecond);
        Text("rootComplex", link.RootComplex);
        if (link.Ports is { } ports)
        {
            writer.WriteStartArray("ports");
            foreach (PciePort port in ports)
            {
                writer.WriteStartObject();
                writer.WriteString("address", port.Address);
                Number("generation", port.Generation);
                Number("width", port.Width);
                Number("maxGeneration", port.MaxGeneration);
                Number("maxWidth", port.MaxWidth);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private void WriteLink(GpuLink link)
    {
        writer.WriteStartObject();
        writer.WriteNumber("a", link.A);
        writer.WriteNumber("b", link.B);
        writer.WriteString("kind", GpuLinkKindConverter.Name(link.Kind));
        writer.WriteNumber("nvlinks", link.Nvlinks);
        Text("nvlinkVersion", link.NvlinkVersion);
        Number("bytesPerSecond", link.BytesPerSecond);
        Flag("peerAccess", link.PeerAccess);
        Text("peerStatus", link.PeerStatus);
        Flag("peerAtomics", link.PeerAtomics);
        writer.WriteEndObject();
    }

    private void Text(string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }

    private void Number(string name, long? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
    }

    private void Fraction(string name, double? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
    }

    private void Flag(string name, bool? value)
    {
        if (value is { } flag)
        {
            writer.WriteBoolean(name, flag);
        }
    }

    private void Texts(string name, IReadOnlyList<string>? values)
    {
        if (values is null)
        {
            return;
        }

        writer.WriteStartArray(name);
        foreach (string value in values)
        {
            writer.WriteStringValue(value);
        }

        writer.WriteEndArray();
    }
}
