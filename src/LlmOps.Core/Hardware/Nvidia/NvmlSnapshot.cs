using System.Globalization;
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

            // CUDA counts the usable GPUs only.
            gpu = gpu with { CudaIndex = gpus.Count };
            gpus.Add(gpu);
            peers.Add(new NvmlPeer(device, gpu));
        }

        return new ProbeResult
        {
            Source = "nvml",
            IsUsable = true,
            Driver = new DriverInfo { Version = session.DriverVersion, CudaVersion = CudaVersion(session.CudaVersion), NvmlVersion = session.NvmlVersion },
            Gpus = gpus,
            Links = NvmlLinkReader.Read(peers, context),
            Notes = notes,
        };
    }

    /// <summary>13010 is CUDA 13.1.</summary>
    private static string? CudaVersion(int? version) =>
        version is { } number ? string.Create(CultureInfo.InvariantCulture, $"{number / 1000}.{number % 1000 / 10}") : null;
}
