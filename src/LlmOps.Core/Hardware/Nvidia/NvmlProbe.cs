using LlmOps.Native.Nvml;

namespace LlmOps.Hardware.Nvidia;

/// <summary>Asks NVIDIA's management library. Bounded by the driver timeout, the loading of the library included.</summary>
internal sealed class NvmlProbe : IGpuProbe
{
    private const string SourceName = "nvml";

    public ProbeResult Probe(ProbeContext context, CancellationToken cancellationToken)
    {
        // Without a kernel driver nothing can hang, and most machines without a GPU need no thread to know it.
        if (!MayHang(context.Files) && NvmlLoader.Load(NvmlLoader.Candidates(context.Files.Locate, context.Files.IsLive), out string? why) is null)
        {
            return Absent(context, why);
        }

        return AskInTime(context, cancellationToken);
    }

    private static bool MayHang(SystemFiles files) =>
        OperatingSystem.IsWindows() || files.Exists("/proc/driver/nvidia") || files.Exists("/dev/nvidiactl") || files.Exists("/dev/dxg");

    private static ProbeResult AskInTime(ProbeContext context, CancellationToken cancellationToken)
    {
        NvmlLibrary? library = null;
        ProbeResult Ask()
        {
            NvmlLibrary? loaded = NvmlLoader.Load(NvmlLoader.Candidates(context.Files.Locate, context.Files.IsLive), out string? problem);
            Volatile.Write(ref library, loaded);
            return loaded is null ? Absent(context, problem) : NvmlSnapshot.Take(loaded, context);
        }

        return DriverThread.TryRun<ProbeResult>(context.Options.SystemRoot, Ask, context.Options.DriverTimeout, out ProbeResult? result, cancellationToken)
            ? result
            : Hung(Volatile.Read(ref library), context);
    }

    private static ProbeResult Hung(NvmlLibrary? library, ProbeContext context) => new()
    {
        Source = SourceName,

        // Usable, so that nvidia-smi is not tried: it would hang in the same driver.
        IsUsable = true,
        Notes =
        [
            FormattableString.Invariant($"The NVIDIA driver did not answer within {context.Options.DriverTimeout.TotalSeconds:0.###} s (in {library?.LastCall ?? "loading NVML"}), so its GPUs are not listed; look for NVRM lines in the kernel log, and restart the machine if it stays so."),
        ],
    };

    private static ProbeResult Absent(ProbeContext context, string? problem)
    {
        string? trace = NvidiaTraces.Find(context.Files);
        string? note = problem
            ?? (trace is not null ? $"{trace}, but libnvidia-ml.so.1 is not installed here; install the driver's library or, in a container, its runtime."
            : context.IsAskedFor ? "libnvidia-ml.so.1 (nvml.dll on Windows) was not found; the NVIDIA driver is not installed."
            : null);
        return new ProbeResult { Source = SourceName, Notes = note is null ? [] : [note] };
    }
}
