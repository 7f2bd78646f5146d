using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LlmOps.Native.Nvml;

/// <summary>Finds and loads NVML.</summary>
internal static class NvmlLoader
{
    private const string LinuxName = "libnvidia-ml.so.1";

    // Under WSL the library of the Windows driver must win over one that a distribution package put elsewhere by mistake.
    private const string WslFolder = "/usr/lib/wsl/lib";

    private static readonly string[] LinuxFolders =
    [
        "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib",
        "/usr/local/nvidia/lib64", "/run/opengl-driver/lib",
    ];

    /// <summary>Where NVML may be, most likely place first. A name without a folder is left to the system's own search.</summary>
    /// <param name="locate">Puts a path of the machine below the survey's root.</param>
    /// <param name="isLive">Whether that root is the running machine's.</param>
    public static IEnumerable<string> Candidates(Func<string, string> locate, bool isLive)
    {
        if (isLive && OperatingSystem.IsWindows())
        {
            yield return Path.Join(Environment.SystemDirectory, "nvml.dll");
            yield return Path.Join(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "NVIDIA Corporation", "NVSMI", "nvml.dll");
            yield break;
        }

        yield return Path.Join(locate(WslFolder), LinuxName);
        if (isLive)
        {
            yield return LinuxName;
        }

        foreach (string folder in LinuxFolders)
        {
            yield return Path.Join(locate(folder), LinuxName);
        }
    }

    /// <summary>Loads the first candidate that is there.</summary>
    /// <param name="candidates">Where to look.</param>
    /// <param name="problem">Why a library that is there could not be loaded; null when there is none.</param>
    /// <returns>Null when no candidate could be loaded.</returns>
    public static NvmlLibrary? Load(IEnumerable<string> candidates, out string? problem)
    {
        problem = null;
        foreach (string candidate in candidates)
        {
            if (!Path.IsPathRooted(candidate))
            {
                if (NativeLibrary.TryLoad(candidate, out nint found))
                {
                    return Wrap(found, candidate);
                }
            }
            else if (File.Exists(candidate))
            {
                try
                {
                    return Wrap(NativeLibrary.Load(candidate), candidate);
                }
                catch (Exception failure) when (failure is DllNotFoundException or BadImageFormatException)
                {
                    problem ??= $"{candidate} could not be loaded: {failure.Message.ReplaceLineEndings(" ").Trim()}";
                }
            }
        }

        return null;
    }

    // Not inlined, so that a machine without the library loads nothing of what calls it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static NvmlLibrary Wrap(nint handle, string path) => new(handle, path);
}
