using System.Runtime.InteropServices;

namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>How Debian names a processor architecture, its library folder and its program loader.</summary>
/// <param name="Architecture">The name in package files: <c>amd64</c>.</param>
/// <param name="Triplet">The folder below <c>usr/lib</c>: <c>x86_64-linux-gnu</c>.</param>
/// <param name="Loader">The file name of glibc's program loader.</param>
internal sealed record DebianPlatform(string Architecture, string Triplet, string Loader)
{
    /// <summary>This machine's; null when Debian's packages cannot run on it.</summary>
    public static DebianPlatform? Current => !OperatingSystem.IsLinux() ? null : RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => new("amd64", "x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
        System.Runtime.InteropServices.Architecture.Arm64 => new("arm64", "aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
        _ => null,
    };
}
