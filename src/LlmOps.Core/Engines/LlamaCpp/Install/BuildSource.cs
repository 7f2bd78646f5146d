using System.Globalization;
using LlmOps.Engines.Install;

namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>llama.cpp compiled on this machine, for its processor and its cards.</summary>
/// <remarks>
/// The steps are llama.cpp's <c>docs/build.md</c> with what people found missing in it: an environment emptied of others' compilers (conda), pthread said to the
/// linker, the toolkit named, and a library path. Libraries are found beside the programs (<c>$ORIGIN</c>), so that nothing is written to /etc/ld.so.conf.d, nothing
/// needs root, and two versions do not meet; "libmtmd.so: cannot open shared object file" cannot happen.
/// </remarks>
internal sealed class BuildSource : IInstallSource
{
    private const string Repository = "https://github.com/ggml-org/llama.cpp";
    private static readonly string[] s_programs = ["llama-server", "llama-bench", "llama-fit-params"];

    private static readonly string[] s_kept = ["http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "CCACHE_DIR"];

    /// <inheritdoc/>
    public string Engine => LlamaCppOptions.Table.Engine;

    /// <inheritdoc/>
    public InstallSource Source => InstallSource.Build;

    /// <inheritdoc/>
    public bool Has(EngineBackend backend) => !OperatingSystem.IsWindows();

    /// <inheritdoc/>
    public async Task<string?> WhyNotAsync(InstallContext context, CancellationToken cancellationToken)
    {
        if (Prerequisites.WhyNot([.. Needed(context)], context) is { } missing)
        {
            return missing;
        }

        if (context.Backend == EngineBackend.Cuda)
        {
            // The toolkit is gigabytes from NVIDIA's own repository and has to suit the driver: a person's choice.
            CudaToolkit? toolkit = await CudaToolkit.FindAsync(context, cancellationToken).ConfigureAwait(false);
            if ((toolkit is null ? "there is no CUDA toolkit (nvcc is neither on PATH nor in /usr/local/cuda/bin)" : toolkit.WhyNot(context.Topology)) is { } reason)
            {
                return reason;
            }
        }

        return context.Request.SourcePath is not { } path ? await Reach.WhyNotAsync(new Uri(Repository), cancellationToken).ConfigureAwait(false)
            : File.Exists(Path.Combine(path, "CMakeLists.txt")) ? null
            : $"{Path.GetFullPath(path)} has no CMakeLists.txt; name the folder of llama.cpp's sources";
    }

    /// <inheritdoc/>
    public async Task<EngineInstallPlan> PlanAsync(InstallContext context, CancellationToken cancellationToken)
    {
        EngineInstallRequest request = context.Request;
        string name = context.NameOr($"{request.Version ?? "master"}-build-{context.Backend.ToString().ToLowerInvariant()}");
        string folder = Path.Combine(context.Parent, name);
        string work = Path.Combine(folder, "work");
        string sources = request.SourcePath is { } path ? Path.GetFullPath(path) : Path.Combine(work, "llama.cpp");
        string build = Path.Combine(work, "build");
        IReadOnlyList<string> missing = Prerequisites.Missing(Needed(context));
        CudaToolkit? toolkit = context.Backend != EngineBackend.Cuda ? null : await CudaToolkit.FindAsync(context, cancellationToken).ConfigureAwait(false);
        string[] clean = Clean(context, toolkit);
        int jobs = request.Jobs ?? Math.Max(1, Cores(context) - 1);
        List<InstallStep> steps = [.. Prerequisites.Steps(missing)];
        if (request.SourcePath is null)
        {
            steps.Add(new InstallStep("Fetch the sources", [context.Find("git") ?? "git", "clone", "--depth", "1", .. request.Version is { } tag ? (string[])["--branch", tag] : [], Repository, sources]));
        }

        steps.Add(new InstallStep("Configure", [.. clean, "cmake", "-S", sources, "-B", build, .. Options(context, toolkit)]));
        steps.Add(new InstallStep("Compile", [.. clean, "cmake", "--build", build, "-j", jobs.ToString(CultureInfo.InvariantCulture), "--target", .. s_programs]));
        steps.Add(new InstallStep("Keep the programs and their libraries", ["cp", "-a", Path.Combine(build, "bin"), Path.Combine(folder, "bin")]));
        steps.Add(new InstallStep("Remove what compiling left", ["rm", "-rf", "--", work]));
        steps.Add(new InstallStep("Start it once", [Path.Combine(folder, "bin", "llama-server"), "--version"]));
        return new EngineInstallPlan
        {
            Engine = Engine,
            Source = Source,
            Backend = context.Backend,
            Version = request.Version,
            Name = name,
            Folder = folder,
            Origin = request.SourcePath is null ? $"{Repository} {request.Version ?? "master"}" : sources,
            Steps = steps,
            Reasons = [.. Reasons(context, toolkit, jobs)],
            SystemPackages = missing,
        };
    }

    /// <inheritdoc/>
    public async Task<EngineInstall> InstallAsync(EngineInstallPlan plan, InstallContext context, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        string folder = plan.Folder!;
        string log = Path.Combine(context.Request.StateFolder, "engines", "logs", $"{plan.Name}.log");
        string server = Path.Combine(folder, "bin", "llama-server");
        EngineCapabilities engine = await NewFolder.MakeAsync(folder, context.Request.Force, async () =>
        {
            Directory.CreateDirectory(folder);
            await InstallSteps.RunAsync(plan, log, progress, cancellationToken).ConfigureAwait(false);
            return await CapabilityReader.ReadAsync(server, cancellationToken).ConfigureAwait(false);
        }).ConfigureAwait(false);

        // Sources without their history are compiled without a number and a commit, and the engine says 0 and unknown then.
        string? commit = engine.Commit is null or "unknown" ? null : engine.Commit;
        return new EngineInstall
        {
            Name = plan.Name,
            Engine = Engine,
            Version = commit is null ? plan.Version : engine.Version,
            Source = Source,
            Backend = plan.Backend,
            Path = server,
            Folder = folder,
            Origin = commit is null ? plan.Origin : $"{plan.Origin} commit {commit}",
            Files = [.. Directory.EnumerateFiles(Path.Combine(folder, "bin")).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)],
            InstalledAt = TimeProvider.System.GetUtcNow(),
        };
    }

    private static IEnumerable<string> Options(InstallContext context, CudaToolkit? toolkit)
    {
        yield return "-DCMAKE_BUILD_TYPE=Release";
        yield return "-DBUILD_SHARED_LIBS=ON";
        yield return "-DCMAKE_BUILD_WITH_INSTALL_RPATH=ON";
        yield return $"-DCMAKE_INSTALL_RPATH=$ORIGIN{(toolkit is null ? string.Empty : $";{toolkit.Root}/lib64")}";
        yield return "-DCMAKE_C_FLAGS=-pthread";
        yield return "-DCMAKE_CXX_FLAGS=-pthread";
        yield return "-DCMAKE_EXE_LINKER_FLAGS=-pthread";
        yield return "-DLLAMA_BUILD_TESTS=OFF";
        yield return "-DLLAMA_BUILD_EXAMPLES=OFF";
        switch (context.Backend)
        {
            case EngineBackend.Cuda:
                yield return "-DGGML_CUDA=ON";
                if (toolkit is not null)
                {
                    yield return $"-DCUDAToolkit_ROOT={toolkit.Root}";
                    yield return $"-DCMAKE_CUDA_COMPILER={toolkit.Compiler}";
                }

                if (CudaToolkit.Architectures(context.Topology) is { Length: > 0 } architectures)
                {
                    yield return $"-DCMAKE_CUDA_ARCHITECTURES={architectures}";
                }

                break;
            case EngineBackend.Vulkan:
                yield return "-DGGML_VULKAN=ON";
                break;
            case EngineBackend.Rocm:
                yield return "-DGGML_HIP=ON";
                break;
            default:
                break;
        }

        foreach (string option in context.Request.BuildOptions)
        {
            yield return $"-D{option}";
        }
    }

    private static IEnumerable<string> Reasons(InstallContext context, CudaToolkit? toolkit, int jobs)
    {
        if (toolkit is not null && CudaToolkit.Architectures(context.Topology) is { Length: > 0 } architectures)
        {
            yield return $"kernels are compiled for {architectures}, the compute capabilities of this machine's cards, by CUDA {toolkit.Version?.ToString() ?? "of unknown version"}";
        }

        yield return string.Create(CultureInfo.InvariantCulture, $"{jobs} of {Cores(context)} cores compile, so that the machine stays usable");
    }

    private static int Cores(InstallContext context) => context.Topology.Host.Cpu.LogicalCores ?? Environment.ProcessorCount;

    // What other tools put into the environment (conda's compilers, library paths) has broken builds; only what is named here gets through.
    private static string[] Clean(InstallContext context, CudaToolkit? toolkit)
    {
        string path = context.Request.PathVariable ?? Environment.GetEnvironmentVariable("PATH") ?? string.Empty;
        string[] folders = [.. path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Where(folder => !folder.Contains("conda", StringComparison.OrdinalIgnoreCase) && !folder.Contains("mamba", StringComparison.OrdinalIgnoreCase)).Distinct()];
        string? compiler = toolkit is null ? null : Path.GetDirectoryName(toolkit.Compiler);
        return
        [
            "env", "-i", $"PATH={string.Join(Path.PathSeparator, compiler is null ? folders : folders.Append(compiler).Distinct())}",
            $"HOME={LlmOpsFolders.Home}", "LC_ALL=C.UTF-8",
            .. s_kept.Where(name => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name))).Select(name => $"{name}={Environment.GetEnvironmentVariable(name)}"),
            .. toolkit is null ? (string[])[] : [$"CUDACXX={toolkit.Compiler}"],
        ];
    }

    private static IEnumerable<Prerequisite> Needed(InstallContext context)
    {
        yield return new Prerequisite("g++", "build-essential", context.Find("g++") is not null || context.Find("clang++") is not null);
        yield return new Prerequisite("make or ninja", "build-essential", context.Find("make") is not null || context.Find("ninja") is not null);
        yield return new Prerequisite("cmake", "cmake", context.Find("cmake") is not null);
        if (context.Request.SourcePath is null)
        {
            yield return new Prerequisite("git", "git", context.Find("git") is not null);
            yield return new Prerequisite("certificates", "ca-certificates", Directory.Exists("/etc/ssl/certs"));
        }

        if (context.Backend == EngineBackend.Vulkan)
        {
            yield return new Prerequisite("glslc", "glslc", context.Find("glslc") is not null);
            yield return new Prerequisite("Vulkan's headers", "libvulkan-dev", File.Exists("/usr/include/vulkan/vulkan.h"));
        }
        else if (context.Backend == EngineBackend.Rocm)
        {
            yield return new Prerequisite("hipcc", "hipcc", context.Find("hipcc") is not null || File.Exists("/opt/rocm/bin/hipcc"));
        }
    }
}
