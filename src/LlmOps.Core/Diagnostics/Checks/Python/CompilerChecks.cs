using System.Globalization;
using LlmOps.Engines.Vllm;

namespace LlmOps.Diagnostics.Checks;

/// <summary>What vLLM compiles at its start: compilers, headers, the CUDA toolkit against torch, and what was kept of earlier compilations.</summary>
internal static class CompilerChecks
{
    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        PythonChecks.OfStack("python.compiler", "a C compiler is there, which Triton needs", Compiler),
        PythonChecks.OfStack("python.headers", "Python's headers are there, which Triton needs", Headers),
        OfToolkit("python.nvcc", "the CUDA toolkit is of torch's CUDA, where kernels are compiled at start", NvccAsync),
        OfToolkit("python.host-compiler", "the CUDA toolkit accepts the C++ compiler", HostCompilerAsync),
        PythonChecks.OfStack("python.named-files", "variables that name compilers and toolkits name what is there", NamedFiles),
        PythonChecks.OfStack("python.compile-cache", "compiled kernels that are kept are younger than what they were compiled for", StaleCaches),
        PythonChecks.OfStack("python.compile-lock", "no compilation that was broken off keeps the next one waiting", Locks),
    ];

    private static Check OfToolkit(string id, string summary, Func<CheckScope, PythonStack, CancellationToken, Task<Finding>> look) => Check.OfTools(id, summary, (scope, cancellationToken) =>
        scope.IsInContainer ? Task.FromResult(Finding.Skip("Python is in the container's image"))
        : scope.Stack is { } stack && (scope.IsVllm || scope.Config is null) ? look(scope, stack, cancellationToken) : Task.FromResult(Finding.Skip("there is no vLLM to look at")));

    /// <summary>Why kernels are compiled by nvcc at start; null when none are.</summary>
    private static string? CompilesBecause(PythonStack stack) =>
        stack.VersionOf(VllmLaunchers.CaovanPlugin) is { } plugin ? $"{VllmLaunchers.CaovanPlugin} {plugin} compiles its own kernels"
        : stack.VersionOf("flashinfer-python") is { } flashInfer && stack.VersionOf("flashinfer-jit-cache") is null ? $"flashinfer-python {flashInfer} without flashinfer-jit-cache compiles what it needs"
        : null;

    private static Finding Compiler(CheckScope scope, PythonStack stack)
    {
        string? found = new[] { scope.Variable("CC"), "gcc", "cc", "clang" }.OfType<string>().Where(name => name.Length > 0)
            .Select(name => Path.IsPathRooted(name) ? File.Exists(name) ? name : null : scope.Tools.Find(name)).FirstOrDefault(path => path is not null)
            ?? new[] { "x86_64-conda-linux-gnu-cc", "gcc" }.Select(stack.Script).FirstOrDefault(File.Exists);
        return found is not null ? Finding.Pass("a C compiler is there", found)
            : Finding.Fail("there is no C compiler", "neither gcc, cc nor clang is on PATH, and CC names none", "Triton compiles a small C module before its first kernel: 'Failed to find C compiler'", scope.Remedies.Install("install one", "compiler"));
    }

    private static Finding Headers(CheckScope scope, PythonStack stack)
    {
        if (stack.Environment.PythonVersion is not { } version)
        {
            return Finding.Skip("Python's version is not known");
        }

        string minor = string.Join('.', version.Split('.').Take(2));
        string? home = File.Exists(Path.Combine(stack.Environment.Folder, "pyvenv.cfg"))
            ? File.ReadLines(Path.Combine(stack.Environment.Folder, "pyvenv.cfg")).Select(line => line.Split('=', 2)).FirstOrDefault(parts => parts.Length == 2 && parts[0].Trim() == "home")?[1].Trim() : null;
        string[] roots = [stack.Environment.Folder, .. home is null ? Array.Empty<string>() : [Path.GetDirectoryName(home) ?? "/usr"], scope.Files!.Locate("/usr"), scope.Files.Locate("/usr/local")];
        string? found = roots.Select(root => Path.Combine(root, "include", $"python{minor}", "Python.h")).FirstOrDefault(File.Exists);
        return found is not null ? Finding.Pass("Python's headers are there", found)
            : Finding.Fail(
                "Python's headers are missing", $"no include/python{minor}/Python.h in {string.Join(", ", roots)}", "Triton compiles a small C module before its first kernel: 'Python.h: No such file or directory'",
                stack.Environment.Kind == PythonEnvironmentKind.Conda ? new Remedy("install Python itself anew, which brings them", RemedyText.Run("conda", "install", "-y", "--force-reinstall", "-p", stack.Environment.Folder, $"python={version}"))
                : scope.Remedies.Install("install them", "python-headers-of", minor, minor.Replace(".", string.Empty, StringComparison.Ordinal)));
    }

    private static async Task<Finding> NvccAsync(CheckScope scope, PythonStack stack, CancellationToken cancellationToken)
    {
        if (CudaVersion.Parse(stack.Environment.TorchCuda) is not { } torch || CompilesBecause(stack) is not { } because || scope.NvidiaCards.Count == 0)
        {
            return Finding.Skip("nothing here is compiled by nvcc at start, or torch does not say its CUDA");
        }

        bool isPlugin = stack.VersionOf(VllmLaunchers.CaovanPlugin) is not null;
        CudaToolkit? toolkit = await CudaToolkit.FindAsync(scope, cancellationToken).ConfigureAwait(false);
        string evidence = toolkit is null ? $"no nvcc; {because}" : $"{toolkit.Nvcc} is {toolkit.Version?.ToString() ?? "of unknown version"}, torch is built with {torch}; {because}";
        Remedy exact = OfVersion(scope, stack, torch);
        return toolkit is null
                ? (isPlugin ? Finding.Fail : (Func<string, string?, string, Remedy, Finding>)Finding.Warn)("there is no CUDA toolkit, and kernels are compiled at start", evidence, "the first start that needs a kernel ends: 'Could not find nvcc'", isPlugin ? exact : new Remedy("take the ready kernels", stack.Install($"flashinfer-jit-cache=={stack.VersionOf("flashinfer-python")!.Split('+')[0]}", "--index-url", $"https://flashinfer.ai/whl/cu{torch.Major}{torch.Minor}")))
            : toolkit.Version is not { } version ? Finding.Skip("nvcc does not say its version")
            : version.Major != torch.Major ? Finding.Fail("the CUDA toolkit is of another major version than torch's CUDA", evidence, "torch refuses to compile with it: 'The detected CUDA version mismatches the version that was used to compile PyTorch'", exact)
            : version.Minor != torch.Minor && isPlugin
                ? Finding.Fail("the CUDA toolkit is not of the version that torch was built with", evidence, "newer compilers refuse code and headers of older ones ('need typename before decltype … [-Wtemplate-body]', 'ninja: build stopped: subcommand failed'), and the plugin is then not loaded", exact)
                : Finding.Pass("the CUDA toolkit fits torch", evidence);
    }

    private static Remedy OfVersion(CheckScope scope, PythonStack stack, CudaVersion torch)
    {
        string folder = stack.Environment.Folder;
        return stack.Environment.Kind == PythonEnvironmentKind.Conda
            ? new Remedy(
                $"install that toolkit into the environment, set CUDA_HOME={folder} and CUDA_PATH={folder} in the configuration's environment, and delete what was compiled before",
                RemedyText.Run("conda", "install", "-y", "-p", folder, "-c", "nvidia", $"cuda-toolkit={torch}"), RemedyText.DeleteCache([Path.Combine(scope.Context.Home, ".cache", "torch_extensions"), Path.Combine(scope.Context.Home, ".cache", "flashinfer")]))
            : new Remedy(
                $"install that toolkit beside the other from NVIDIA's repository (https://developer.nvidia.com/cuda-downloads), and set CUDA_HOME=/usr/local/cuda-{torch} in the configuration's environment",
                scope.Remedies.Distribution.Manager == PackageManager.Unknown ? [] : [Packages.Install(scope.Remedies.Distribution, [string.Create(CultureInfo.InvariantCulture, $"cuda-toolkit-{torch.Major}-{torch.Minor}")], safe: false)]);
    }

    private static async Task<Finding> HostCompilerAsync(CheckScope scope, PythonStack stack, CancellationToken cancellationToken)
    {
        CudaToolkit? toolkit = await CudaToolkit.FindAsync(scope, cancellationToken).ConfigureAwait(false);
        string? gcc = scope.Variable("CXX") is { Length: > 0 } named ? named : scope.Tools.Find("g++") ?? scope.Tools.Find("gcc");
        if (toolkit?.NewestGcc is not { } newest || gcc is null)
        {
            return Finding.Skip("there is no CUDA toolkit that says which compiler it accepts, or no gcc");
        }

        string? said = await scope.Tools.FirstLineAsync(gcc, ["-dumpversion"], cancellationToken).ConfigureAwait(false);
        int? version = int.TryParse(said?.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major) ? major : null;
        string evidence = $"{gcc} is {said}; {toolkit.Folder} accepts gcc up to {newest}";
        return version is null ? Finding.Skip("the compiler does not say its version")
            : version <= newest ? Finding.Pass("the CUDA toolkit accepts the C++ compiler", evidence)
            : (CompilesBecause(stack) is null ? Finding.Warn : (Func<string, string?, string, Remedy, Finding>)Finding.Fail)(
                "the C++ compiler is newer than the CUDA toolkit accepts", evidence, "nvcc ends: '#error -- unsupported GNU version! gcc versions later than " + newest + " are not supported!'",
                scope.Remedies.Distribution.Manager == PackageManager.Apt
                    ? new Remedy($"install that compiler (of conda-forge, gxx={newest}, where the release has it no more) and name it, NVCC_PREPEND_FLAGS='-ccbin g++-{newest}', in the configuration's environment", Packages.Install(scope.Remedies.Distribution, [$"g++-{newest}"]))
                    : $"install gcc {newest} beside the other and name it: NVCC_PREPEND_FLAGS='-ccbin g++-{newest}', or use a newer toolkit");
    }

    private static Finding NamedFiles(CheckScope scope, PythonStack stack)
    {
        // The compiler for Blackwell alone is not asked for on other cards, whatever its variable says.
        bool isBlackwell = scope.Cards.Any(card => CheckScope.CapabilityOf(card) >= 10);
        string[] names = ["CUDA_HOME", "CUDA_PATH", "CC", "CXX", "TRITON_PTXAS_PATH", .. isBlackwell ? ["TRITON_PTXAS_BLACKWELL_PATH"] : Array.Empty<string>()];
        (string Name, string Value)[] set = [.. names.Select(name => (name, scope.Variable(name) ?? string.Empty)).Where(pair => pair.Item2.Length > 0)];
        string[] wrong = [.. set.Where(pair => pair.Value.StartsWith(':') || (Path.IsPathRooted(pair.Value) && !Path.Exists(pair.Value) && !scope.Files!.Exists(pair.Value))).Select(pair => $"{pair.Name}={pair.Value}")];
        return set.Length == 0 ? Finding.Skip("no variable names a compiler or a toolkit")
            : wrong.Length == 0 ? Finding.Pass("variables name what is there", string.Join(' ', set.Select(pair => $"{pair.Name}={pair.Value}")))
            : Finding.Fail("variables name compilers or toolkits that are not there", string.Join(' ', wrong), "they are believed: '/bin/nvcc: not found', 'Cannot find ptxas'; a colon at the start comes from 'export CUDA_HOME=$CUDA_HOME:/usr/local/cuda'", "correct or unset them");
    }

    private static IEnumerable<(string What, string Folder)> Caches(CheckScope scope)
    {
        string cache = scope.Variable("XDG_CACHE_HOME") is { Length: > 0 } named ? named : Path.Combine(scope.Context.Home, ".cache");
        yield return ("vLLM's compiled graphs", Path.Combine(scope.Variable("VLLM_CACHE_ROOT") is { Length: > 0 } root ? root : Path.Combine(cache, "vllm"), "torch_compile_cache"));
        yield return ("FlashInfer's kernels", scope.Variable("FLASHINFER_WORKSPACE_BASE") is { Length: > 0 } workspace ? Path.Combine(workspace, ".cache", "flashinfer") : Path.Combine(scope.Context.Home, ".cache", "flashinfer"));
        yield return ("torch's compiled graphs", scope.Variable("TORCHINDUCTOR_CACHE_DIR") is { Length: > 0 } inductor ? inductor : Path.Combine(cache, "torchinductor"));
        yield return ("extensions of torch", scope.Variable("TORCH_EXTENSIONS_DIR") is { Length: > 0 } extensions ? extensions : Path.Combine(cache, "torch_extensions"));
        yield return ("Triton's kernels", scope.Variable("TRITON_CACHE_DIR") is { Length: > 0 } triton ? triton : Path.Combine(scope.Context.Home, ".triton", "cache"));
    }

    private static Finding StaleCaches(CheckScope scope, PythonStack stack)
    {
        string[] made = ["vllm", "torch", "triton", "flashinfer-python", VllmLaunchers.CaovanPlugin];
        (string Name, DateTime At)[] installed = [.. made.Select(name => (name, stack.InstalledAt(name))).Where(pair => pair.Item2 is not null).Select(pair => (pair.name, pair.Item2!.Value))];
        (string What, string Folder)[] there = [.. Caches(scope).Where(cache => Directory.Exists(cache.Folder) && Directory.EnumerateFileSystemEntries(cache.Folder).Any())];
        if (installed.Length == 0 || there.Length == 0)
        {
            return Finding.Skip("nothing was compiled yet, or nothing says when the packages were installed");
        }

        (string name, DateTime at) = installed.MaxBy(pair => pair.At);
        (string What, string Folder)[] stale = [.. there.Where(cache => Directory.EnumerateFileSystemEntries(cache.Folder).Append(cache.Folder).Max(Directory.GetLastWriteTimeUtc) < at)];
        return stale.Length == 0 ? Finding.Pass("compiled kernels are younger than the packages", string.Join(", ", there.Select(cache => cache.Folder)))
            : Finding.Warn(
                "compiled kernels are older than the packages that they were compiled for", $"{name} was installed {at.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)}; older are {string.Join(", ", stale.Select(cache => $"{cache.What} in {cache.Folder}"))}",
                "most are recognised as old and made again, some are not: crashes at the first request after an update come from them", new Remedy("delete them; they are made again at the next start, which takes minutes", RemedyText.DeleteCache(stale.Select(cache => cache.Folder))));
    }

    // torch.utils.cpp_extension waits for a file named "lock" without ever asking whether its maker still lives.
    private static Finding Locks(CheckScope scope, PythonStack stack)
    {
        string folder = Caches(scope).Single(cache => cache.What == "extensions of torch").Folder;
        string[] locks = Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "lock", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 3 })] : [];
        return !Directory.Exists(folder) ? Finding.Skip("torch has compiled no extension yet")
            : locks.Length == 0 ? Finding.Pass("no compilation was broken off", folder)
            : Finding.Warn("a compilation was broken off, or is running", string.Join(", ", locks), "the next start waits for it for ever, without a line in the log", new Remedy("when no server is starting right now, delete the lock", RemedyText.Run(["rm", "--", .. locks])));
    }
}
