using LlmOps.Hardware;

namespace LlmOps.Diagnostics.Checks;

/// <summary>What brings a shared library that the loader does not find.</summary>
internal static class LibraryRemedies
{
    /// <summary>Whether anybody here needs it: a backend for cards that are not there may stay unloaded.</summary>
    public static bool Matters(CheckScope scope, LinkedLibrary library)
    {
        string user = Path.GetFileName(library.User);
        return !user.StartsWith("libggml-", StringComparison.Ordinal)
            || (user.StartsWith("libggml-cuda", StringComparison.Ordinal) ? Has(scope, GpuVendor.Nvidia)
            : user.StartsWith("libggml-hip", StringComparison.Ordinal) ? Has(scope, GpuVendor.Amd)
            : user.StartsWith("libggml-sycl", StringComparison.Ordinal) ? Has(scope, GpuVendor.Intel)
            : user.StartsWith("libggml-vulkan", StringComparison.Ordinal) ? scope.Topology.Gpus.Count > 0
            : !user.StartsWith("libggml-blas", StringComparison.Ordinal) && !user.StartsWith("libggml-rpc", StringComparison.Ordinal));
    }

    /// <summary>The remedy for one library; the others mostly come with it.</summary>
    public static Remedy For(CheckScope scope, LinkedLibrary library)
    {
        string name = library.Name;
        SystemFiles files = scope.Files!;
        if (name.StartsWith("GLIBC", StringComparison.Ordinal) || name.StartsWith("CXXABI", StringComparison.Ordinal))
        {
            return EngineRemedies.WithLibraries(scope);
        }

        if (name.StartsWith("libcuda.so", StringComparison.Ordinal))
        {
            return scope.Host.IsContainer ? "start the container with its GPUs (docker run --gpus all); the library is the driver's and comes from the host"
                : scope.Host.IsWsl ? "add WSL's own folder: LD_LIBRARY_PATH=/usr/lib/wsl/lib"
                : scope.Remedies.Driver("install the driver, whose library it is");
        }

        string? folder = LibraryAdvice.FolderOf(name, library.User, files.Locate);
        return folder is not null
            ? new Remedy($"it is in {folder}: tell the loader (or set LD_LIBRARY_PATH={folder} in the configuration's environment)", RemedyText.WriteFile("/etc/ld.so.conf.d/llama.conf", folder + "\n"), new RemedyCommand(["ldconfig"]) { NeedsRoot = true, Safe = true })
            : Packages.Of(name, scope.Remedies.Distribution) is { Count: > 0 } packages ? new Remedy("install it", Packages.Install(scope.Remedies.Distribution, packages))
            : name.StartsWith("libcudart", StringComparison.Ordinal) || name.StartsWith("libcublas", StringComparison.Ordinal)
                ? Cuda(scope, name)
                : "it is not near the binary: unpack the whole release or build, not the binary alone";
    }

    // NVIDIA's repository numbers packages by version; the newest of a major version serves all of it.
    private static Remedy Cuda(CheckScope scope, string name)
    {
        string major = name[(name.LastIndexOf('.') + 1)..];
        string minor = major == "12" ? "9" : "0";
        return scope.Remedies.Distribution.Manager is PackageManager.Apt or PackageManager.Dnf or PackageManager.Zypper
            ? new Remedy($"install the runtime of CUDA {major} from NVIDIA's repository (https://developer.nvidia.com/cuda-downloads)", Packages.Install(scope.Remedies.Distribution, [$"cuda-cudart-{major}-{minor}", $"libcublas-{major}-{minor}"]))
            : $"install the runtime of CUDA {major}, or use a build that brings it (the image ghcr.io/ggml-org/llama.cpp:server-cuda)";
    }

    private static bool Has(CheckScope scope, GpuVendor vendor) => scope.Topology.Gpus.Any(gpu => gpu.Vendor == vendor);
}
