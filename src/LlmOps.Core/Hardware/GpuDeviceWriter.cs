namespace LlmOps.Hardware;

/// <summary>Writes a GPU field by field, for <see cref="TopologyWriter"/>.</summary>
internal sealed class GpuDeviceWriter(JsonText writer)
{
    public void Write(GpuDevice gpu)
    {
        writer.WriteStartObject();
        writer.WriteNumber("index", gpu.Index);
        writer.Number("cudaIndex", gpu.CudaIndex);
        writer.Number("cudaIndexFastestFirst", gpu.CudaIndexFastestFirst);
        writer.Text("uuid", gpu.Uuid);
        writer.Text("pciBusId", gpu.PciBusId);
        writer.WriteString("vendor", GpuVendorConverter.Name(gpu.Vendor));
        writer.WriteString("name", gpu.Name);
        writer.Text("architecture", gpu.Architecture);
        writer.Text("computeCapability", gpu.ComputeCapability);
        writer.WriteNumber("memoryTotalBytes", gpu.MemoryTotalBytes);
        writer.Number("memoryFreeBytes", gpu.MemoryFreeBytes);
        writer.Number("memoryReservedBytes", gpu.MemoryReservedBytes);
        writer.Number("bar1TotalBytes", gpu.Bar1TotalBytes);
        writer.Number("bar1FreeBytes", gpu.Bar1FreeBytes);
        writer.Number("memoryBusWidthBits", gpu.MemoryBusWidthBits);
        writer.Number("memoryBandwidthBytesPerSecond", gpu.MemoryBandwidthBytesPerSecond);
        writer.Number("cores", gpu.Cores);
        writer.WriteBoolean("sharedMemory", gpu.SharedMemory);
        if (gpu.IsIntegrated)
        {
            writer.WriteBoolean("isIntegrated", true);
        }

        WriteMig(gpu.Mig);
        WritePcie(gpu.Pcie);
        writer.Number("numaNode", gpu.NumaNode);
        writer.Flag("displayActive", gpu.DisplayActive);
        writer.Flag("displayAttached", gpu.DisplayAttached);
        writer.Text("computeMode", gpu.ComputeMode);
        writer.Flag("persistenceMode", gpu.PersistenceMode);
        WriteState(gpu);
        writer.WriteStartArray("processes");
        foreach (GpuProcess process in gpu.Processes)
        {
            writer.WriteStartObject();
            writer.WriteNumber("processId", process.ProcessId);
            writer.Text("name", process.Name);
            writer.Number("memoryBytes", process.MemoryBytes);
            writer.Text("kind", process.Kind);
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
            writer.Flag("enabled", ecc.Enabled);
            writer.Flag("pending", ecc.Pending);
            writer.Number("correctedErrors", ecc.CorrectedErrors);
            writer.Number("uncorrectedErrors", ecc.UncorrectedErrors);
            writer.WriteEndObject();
        }

        if (gpu.Clocks is { } clocks)
        {
            writer.WriteStartObject("clocks");
            writer.Number("graphicsMhz", clocks.GraphicsMhz);
            writer.Number("smMhz", clocks.SmMhz);
            writer.Number("memoryMhz", clocks.MemoryMhz);
            writer.Number("maxGraphicsMhz", clocks.MaxGraphicsMhz);
            writer.Number("maxMemoryMhz", clocks.MaxMemoryMhz);
            writer.WriteEndObject();
        }

        writer.Texts("throttleReasons", gpu.ThrottleReasons);
        writer.Number("nvlinksDown", gpu.NvlinksDown);
        writer.Number("temperatureCelsius", gpu.TemperatureCelsius);
        writer.Fraction("powerWatts", gpu.PowerWatts);
        writer.Fraction("powerLimitWatts", gpu.PowerLimitWatts);
        if (gpu.PowerRange is { } range)
        {
            writer.WriteStartObject("powerRange");
            writer.Fraction("defaultWatts", range.DefaultWatts);
            writer.Fraction("minimumWatts", range.MinimumWatts);
            writer.Fraction("maximumWatts", range.MaximumWatts);
            writer.WriteEndObject();
        }

        writer.Number("utilizationPercent", gpu.UtilizationPercent);
    }

    private void WriteMig(MigInstance? mig)
    {
        if (mig is null)
        {
            return;
        }

        writer.WriteStartObject("mig");
        writer.WriteNumber("parentIndex", mig.ParentIndex);
        writer.Text("parentUuid", mig.ParentUuid);
        writer.Text("profile", mig.Profile);
        writer.Number("gpuInstanceId", mig.GpuInstanceId);
        writer.Number("computeInstanceId", mig.ComputeInstanceId);
        writer.Number("multiprocessors", mig.Multiprocessors);
        writer.WriteEndObject();
    }

    private void WritePcie(PcieLink? link)
    {
        if (link is null)
        {
            return;
        }

        writer.WriteStartObject("pcie");
        writer.Number("generation", link.Generation);
        writer.Number("width", link.Width);
        writer.Number("maxGeneration", link.MaxGeneration);
        writer.Number("maxWidth", link.MaxWidth);
        writer.Number("cardGeneration", link.CardGeneration);
        writer.Number("cardWidth", link.CardWidth);
        writer.Number("slotGeneration", link.SlotGeneration);
        writer.Number("slotWidth", link.SlotWidth);
        writer.Flag("isDowngraded", link.IsDowngraded);
        writer.Flag("isLimitedBySlot", link.IsLimitedBySlot);
        writer.Number("bytesPerSecond", link.BytesPerSecond);
        writer.Text("rootComplex", link.RootComplex);
        if (link.Ports is { } ports)
        {
            writer.WriteStartArray("ports");
            foreach (PciePort port in ports)
            {
                writer.WriteStartObject();
                writer.WriteString("address", port.Address);
                writer.Number("generation", port.Generation);
                writer.Number("width", port.Width);
                writer.Number("maxGeneration", port.MaxGeneration);
                writer.Number("maxWidth", port.MaxWidth);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }
}
