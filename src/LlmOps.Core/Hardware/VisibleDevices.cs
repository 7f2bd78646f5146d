using System.Globalization;
using LlmOps.Hardware.Pci;

namespace LlmOps.Hardware;

/// <summary>Narrows a topology to what programs started from here can use, as <c>CUDA_VISIBLE_DEVICES</c> and its like say.</summary>
/// <remarks>
/// Sources: CUDA C++ Programming Guide, "CUDA Environment Variables" (a wrong entry ends the list; UUIDs may be shortened), and ROCm's "GPU
/// isolation techniques" (<c>ROCR_VISIBLE_DEVICES</c> applies first, <c>HIP_VISIBLE_DEVICES</c> to what is left).
/// </remarks>
public static class VisibleDevices
{
    /// <summary>The topology with the GPUs that stay, in the order and with the CUDA numbers that programs see. Other makers' GPUs stay as they are.</summary>
    /// <param name="topology">A topology whose <see cref="GpuTopology.Environment"/> tells the variables.</param>
    public static GpuTopology Apply(GpuTopology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        if (topology.Environment is not { } environment)
        {
            return topology;
        }

        List<string> notes = [.. topology.Notes];
        List<GpuDevice> nvidia = Of(topology, GpuVendor.Nvidia);
        List<GpuDevice> amd = Of(topology, GpuVendor.Amd);
        if (environment.CudaVisibleDevices is { } cuda && nvidia.Count > 0)
        {
            nvidia = Renumber(Choose("CUDA_VISIBLE_DEVICES", cuda, InCudaOrder(nvidia, environment.CudaDeviceOrder, notes), notes));
        }

        if (environment.RocrVisibleDevices is { } rocr && amd.Count > 0)
        {
            amd = Choose("ROCR_VISIBLE_DEVICES", rocr, amd, notes);
        }

        if ((environment.HipVisibleDevices ?? environment.CudaVisibleDevices) is { } hip && amd.Count > 0)
        {
            amd = Choose(environment.HipVisibleDevices is null ? "CUDA_VISIBLE_DEVICES" : "HIP_VISIBLE_DEVICES", hip, amd, notes);
        }

        GpuDevice[] kept = [.. nvidia, .. amd, .. topology.Gpus.Where(gpu => gpu.Vendor is not (GpuVendor.Nvidia or GpuVendor.Amd))];
        return topology with
        {
            Gpus = kept,
            Links = [.. topology.Links.Where(link => kept.Any(gpu => gpu.Index == link.A) && kept.Any(gpu => gpu.Index == link.B))],
            Notes = notes,
        };
    }

    private static List<GpuDevice> Of(GpuTopology topology, GpuVendor vendor) => [.. topology.Gpus.Where(gpu => gpu.Vendor == vendor)];

    private static List<GpuDevice> InCudaOrder(List<GpuDevice> gpus, string? order, List<string> notes)
    {
        bool isByBus = string.Equals(order, "PCI_BUS_ID", StringComparison.Ordinal);
        bool isKnown = isByBus || gpus.All(gpu => gpu.CudaIndexFastestFirst is not null || gpu.CudaIndex is null);
        if (!isKnown)
        {
            notes.Add("CUDA's default order of these GPUs is not known, so CUDA_VISIBLE_DEVICES was read in bus order; set CUDA_DEVICE_ORDER=PCI_BUS_ID to make that certain.");
        }

        return [.. gpus.OrderBy(gpu => (isByBus || !isKnown ? gpu.CudaIndex : gpu.CudaIndexFastestFirst) ?? int.MaxValue)];
    }

    private static List<GpuDevice> Choose(string variable, string list, List<GpuDevice> gpus, List<string> notes)
    {
        List<GpuDevice> chosen = [];
        foreach (string part in list.Split(','))
        {
            string entry = part.Trim();
            if (Find(entry, gpus) is not { } gpu)
            {
                if (entry is not ("" or "-1" or "NoDevFiles"))
                {
                    notes.Add($"{variable}={list}: '{entry}' names no GPU; it and what follows it are ignored.");
                }

                break;
            }

            if (chosen.Exists(earlier => earlier.Index == gpu.Index))
            {
                notes.Add($"{variable}={list} names GPU {gpu.Index} twice; programs then see no GPU at all.");
                return [];
            }

            chosen.Add(gpu);
        }

        return chosen;
    }

    private static GpuDevice? Find(string entry, List<GpuDevice> gpus)
    {
        if (int.TryParse(entry, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            // Parts of a divided GPU have no number of their own; they come by UUID.
            List<GpuDevice> numbered = gpus.FindAll(gpu => gpu.Mig is null);
            return number < numbered.Count ? numbered[number] : null;
        }

        if (PciAddress.Parse(entry) is { } address)
        {
            return gpus.Find(gpu => gpu.PciBusId == address.ToString());
        }

        List<GpuDevice> matching = entry.Length < "GPU-".Length + 1 ? [] : gpus.FindAll(gpu => gpu.Uuid?.StartsWith(entry, StringComparison.OrdinalIgnoreCase) == true);
        return matching.Count == 1 ? matching[0] : null;
    }

    private static List<GpuDevice> Renumber(List<GpuDevice> gpus)
    {
        int next = 0;
        return [.. gpus.Select(gpu =>
        {
            int number = next++;
            return gpu with { CudaIndex = number, CudaIndexFastestFirst = number };
        })];
    }
}
