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
            writer.Text("version", driver.Version);
            writer.Text("cudaVersion", driver.CudaVersion);
            writer.Text("nvmlVersion", driver.NvmlVersion);
            writer.WriteEndObject();
        }

        GpuDeviceWriter gpus = new(writer);
        writer.WriteStartArray("gpus");
        foreach (GpuDevice gpu in topology.Gpus)
        {
            gpus.Write(gpu);
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
            writer.Text("cudaVisibleDevices", environment.CudaVisibleDevices);
            writer.Text("cudaDeviceOrder", environment.CudaDeviceOrder);
            writer.Text("nvidiaVisibleDevices", environment.NvidiaVisibleDevices);
            writer.Text("hipVisibleDevices", environment.HipVisibleDevices);
            writer.Text("rocrVisibleDevices", environment.RocrVisibleDevices);
            writer.WriteEndObject();
        }

        writer.Texts("notes", topology.Notes);
        writer.WriteEndObject();
    }

    private void WriteHost(HostInfo host)
    {
        writer.WriteStartObject("host");
        writer.Text("name", host.Name);
        writer.Text("os", host.Os);
        writer.Text("kernel", host.Kernel);
        writer.WriteBoolean("isWsl", host.IsWsl);
        writer.WriteBoolean("isContainer", host.IsContainer);
        writer.Text("virtualMachine", host.VirtualMachine);
        writer.Text("product", host.Product);
        writer.WriteStartObject("cpu");
        writer.Text("model", host.Cpu.Model);
        writer.Number("sockets", host.Cpu.Sockets);
        writer.Number("physicalCores", host.Cpu.PhysicalCores);
        writer.Number("logicalCores", host.Cpu.LogicalCores);
        writer.Fraction("quotaCores", host.Cpu.QuotaCores);
        writer.Texts("instructionSets", host.Cpu.InstructionSets);
        writer.WriteEndObject();
        WriteMemory(host.Memory);
        writer.WriteStartArray("numaNodes");
        foreach (NumaNode node in host.NumaNodes)
        {
            writer.WriteStartObject();
            writer.WriteNumber("node", node.Node);
            writer.Text("cpus", node.Cpus);
            writer.Number("memoryBytes", node.MemoryBytes);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartObject("limits");
        writer.Number("memlockBytes", host.Limits.MemlockBytes);
        writer.Number("nofile", host.Limits.Nofile);
        writer.Number("shmBytes", host.Limits.ShmBytes);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private void WriteMemory(MemoryInfo memory)
    {
        writer.WriteStartObject("memory");
        writer.Number("totalBytes", memory.TotalBytes);
        writer.Number("availableBytes", memory.AvailableBytes);
        writer.Number("swapBytes", memory.SwapBytes);
        writer.Number("swapFreeBytes", memory.SwapFreeBytes);
        writer.Number("channels", memory.Channels);
        writer.Number("speedMegatransfers", memory.SpeedMegatransfers);
        writer.Text("type", memory.Type);
        if (memory.Modules is { } modules)
        {
            writer.WriteStartArray("modules");
            foreach (MemoryModule module in modules)
            {
                writer.WriteStartObject();
                writer.Text("slot", module.Slot);
                writer.WriteNumber("sizeBytes", module.SizeBytes);
                writer.Text("type", module.Type);
                writer.Number("speedMegatransfers", module.SpeedMegatransfers);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        writer.Number("hugePageBytes", memory.HugePageBytes);
        writer.Number("hugePages", memory.HugePages);
        writer.Number("hugePagesFree", memory.HugePagesFree);
        writer.Text("transparentHugePages", memory.TransparentHugePages);
        writer.Number("bandwidthBytesPerSecond", memory.BandwidthBytesPerSecond);
        writer.Number("limitBytes", memory.LimitBytes);
        writer.WriteEndObject();
    }

    private void WriteLink(GpuLink link)
    {
        writer.WriteStartObject();
        writer.WriteNumber("a", link.A);
        writer.WriteNumber("b", link.B);
        writer.WriteString("kind", GpuLinkKindConverter.Name(link.Kind));
        writer.WriteNumber("nvlinks", link.Nvlinks);
        writer.Text("nvlinkVersion", link.NvlinkVersion);
        writer.Number("bytesPerSecond", link.BytesPerSecond);
        writer.Flag("peerAccess", link.PeerAccess);
        writer.Text("peerStatus", link.PeerStatus);
        writer.Flag("peerAtomics", link.PeerAtomics);
        writer.WriteEndObject();
    }
}
