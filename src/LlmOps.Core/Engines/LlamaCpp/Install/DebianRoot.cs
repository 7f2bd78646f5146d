using LlmOps.Processes;

namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>Debian packages unpacked in a private folder, and how their programs are run from there.</summary>
/// <remarks>
/// The programs need the C library of their own release, so they are started through that release's loader. ggml looks for its backends
/// in a folder compiled in, which is not there, and then in the folder of /proc/self/exe, which is the loader's
/// (ggml/src/ggml-backend-reg.cpp, <c>get_executable_path</c>). A copy of the loader in the backends' folder therefore makes ggml find
/// all of them, and choose the CPU variant on each machine that it runs on.
/// </remarks>
internal sealed class DebianRoot(string folder, DebianPlatform platform)
{
    private readonly string _libraries = Path.Combine(folder, "usr", "lib", platform.Triplet);

    // What is not meant to be typed lies here: ggml-rpc-server, which lends this machine's devices to another one.
    private string Helpers => Path.Combine(folder, "usr", "libexec", platform.Triplet, "llama", "bin");

    /// <summary>The names of llama.cpp's programs.</summary>
    public IReadOnlyList<string> Programs =>
    [
        .. Directory.EnumerateFiles(Path.Combine(folder, "usr", "bin"), "llama-*")
            .Concat(Directory.Exists(Helpers) ? Directory.EnumerateFiles(Helpers, "ggml-*") : [])
            .Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal),
    ];

    /// <summary>Where ggml's backends lie; null when the packages brought no CPU backend.</summary>
    public string? Backends => !Directory.Exists(Path.Combine(_libraries, "ggml"))
        ? null
        : Directory.EnumerateFiles(Path.Combine(_libraries, "ggml"), "libggml-cpu*.so", SearchOption.AllDirectories).Select(Path.GetDirectoryName).FirstOrDefault();

    /// <summary>Vulkan driver descriptions that came with the packages; null when there are none.</summary>
    public string? VulkanDrivers => Path.Combine(folder, "usr", "share", "vulkan", "icd.d") is var drivers && Directory.Exists(drivers) ? drivers : null;

    /// <summary>The folders that the loader searches first.</summary>
    public IReadOnlyList<string> LibraryFolders => [_libraries, Path.Combine(_libraries, "llama")];

    /// <summary>The full path of a program; it does not start by itself.</summary>
    public string PathOf(string program) => Path.Combine(program.StartsWith("ggml-", StringComparison.Ordinal) ? Helpers : Path.Combine(folder, "usr", "bin"), program);

    /// <summary>Copies the loader to where ggml's search begins.</summary>
    /// <returns>The copy.</returns>
    public string PlaceLoader()
    {
        string backends = Backends ?? throw new EngineInstallException("the packages hold no CPU backend of ggml");
        string loader = Path.Combine(_libraries, platform.Loader);
        if (!ExecutableFinder.IsExecutable(loader))
        {
            throw new EngineInstallException($"the packages hold no program loader {platform.Loader}");
        }

        string copy = Path.Combine(backends, platform.Loader);
        File.Copy(loader, copy, overwrite: true);
        return copy;
    }
}
