using System.Globalization;
using LlmOps.Hardware.Pci;
using LlmOps.Native.Nvml;

namespace LlmOps.Hardware.Nvidia;

/// <summary>Asks a loaded NVML for everything, once.</summary>
internal static class NvmlSnapshot
{
    public static ProbeResult Take(NvmlLibrary library, ProbeContext context)
    {
        NvmlSession session = new(library);
        NvmlStatus started = session.Initialize();
        if (started != NvmlStatus.Success)
        {
            return new ProbeResult
            {
                Source = "nvml",

                // Usable, so that nvidia-smi is not tried: it asks this same library and would only say the same.
                IsUsable = true,
                Notes = [$"NVML ({library.Path}) did not start: {started.Describe()} (code {(int)started})."],
            };
        }

        try
        {
            return Read(library, session, context);
        }
        finally
        {
            session.Shutdown();
        }
    }

    private static ProbeResult Read(NvmlLibrary library, NvmlSession session, ProbeContext context)
    {
        List<string> notes = [];
        List<GpuDevice> gpus = [];
        List<GpuDevice> parts = [];
        List<NvmlPeer> peers = [];
        NvmlAnswer<uint> count = session.DeviceCount;
        if (count.Status != NvmlStatus.Success)
        {
            notes.Add($"NVML could not count the GPUs: {count.Status.Describe()} (code {(int)count.Status}).");
        }

        for (uint index = 0; index < (count.OrNull ?? 0); index++)
        {
            NvmlAnswer<nint> handle = session.Device(index);
            if (handle.OrNull is not { } found)
            {
                notes.Add(string.Create(CultureInfo.InvariantCulture, $"GPU {index} cannot be used: {handle.Status.Describe()} (code {(int)handle.Status})."));
                continue;
            }

            NvmlDevice device = new(library, found);
            GpuDevice gpu = new NvmlDeviceReader(device, context, (int)index, notes).Read();
            if (MigReader.Read(device, gpu, notes) is { } pieces)
            {
                parts.AddRange(pieces);
                continue;
            }

            // CUDA counts the usable GPUs only.
            gpu = gpu with { CudaIndex = gpus.Count };
            gpus.Add(gpu);
            peers.Add(new NvmlPeer(device, gpu));
        }

        IReadOnlyList<GpuLink> links = NvmlLinkReader.Read(peers, context);
        if (parts.Count > 0)
        {
            AddParts(gpus, parts, (int)(count.OrNull ?? 0));
            links = WithParts(gpus, links, context);
        }

        return new ProbeResult
        {
            Source = "nvml",
            IsUsable = true,
            Driver = new DriverInfo { Version = session.DriverVersion, CudaVersion = CudaVersion(session.CudaVersion), NvmlVersion = session.NvmlVersion },
            Gpus = CudaOrder.Add(gpus),
            Links = links,
            Notes = notes,
        };
    }

    /// <summary>Parts of divided GPUs are numbered after all whole ones, so that those keep the numbers that nvidia-smi gives them.</summary>
    private static void AddParts(List<GpuDevice> gpus, List<GpuDevice> parts, int first)
    {
        foreach (GpuDevice part in parts)
        {
            gpus.Add(part with { Index = first++ });
        }
    }

    private static List<GpuLink> WithParts(List<GpuDevice> gpus, IReadOnlyList<GpuLink> links, ProbeContext context)
    {
        List<GpuLink> all = [.. links];
        foreach (GpuLink link in PciLinks.Between(gpus, context))
        {
            // Parts cannot reach other GPUs' memory, neither by NVLink nor by PCIe.
            bool isOfPart = gpus.Exists(gpu => gpu.Mig is not null && (gpu.Index == link.A || gpu.Index == link.B));
            if (isOfPart)
            {
                all.Add(link with { PeerAccess = false });
            }
        }

        return all;
    }

    /// <summary>13010 is CUDA 13.1.</summary>
    private static string? CudaVersion(int? version) =>
        version is { } number ? string.Create(CultureInfo.InvariantCulture, $"{number / 1000}.{number % 1000 / 10}") : null;
}
