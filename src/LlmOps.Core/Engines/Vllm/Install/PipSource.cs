using LlmOps.Engines.Install;
using LlmOps.Engines.LlamaCpp.Install;

namespace LlmOps.Engines.Vllm.Install;

/// <summary>vLLM as Python packages in an environment of its own, made by venv and pip, or by uv.</summary>
/// <remarks>The order is that of published walk-throughs: environment, pip's own tools, vLLM at one version, then a plugin's wheel without its dependencies.</remarks>
internal sealed class PipSource : IInstallSource
{
    /// <inheritdoc/>
    public string Engine => VllmOptions.Table.Engine;

    /// <inheritdoc/>
    public InstallSource Source => InstallSource.Pip;

    /// <inheritdoc/>
    public bool Has(EngineBackend backend) => backend is EngineBackend.Cuda;

    /// <inheritdoc/>
    public async Task<string?> WhyNotAsync(InstallContext context, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
        {
            return "vLLM's wheels are for Linux";
        }

        if (Prerequisites.WhyNot(await NeededAsync(context, cancellationToken).ConfigureAwait(false), context) is { } missing)
        {
            return missing;
        }

        if (UvOf(context) is null && await PythonInterpreter.FindAsync(context, cancellationToken).ConfigureAwait(false) is { IsSuitable: false } python)
        {
            return $"{python.Path} is {(python.Minor is null ? "no Python that runs" : $"Python 3.{python.Minor}")}, and vLLM's wheels are for {PythonInterpreter.Suitable}; name another Python";
        }

        string? index = context.Request.Index ?? Environment.GetEnvironmentVariable("PIP_INDEX_URL") ?? Environment.GetEnvironmentVariable("UV_INDEX_URL");
        return context.Request.SourcePath is not null ? null
            : await Reach.WhyNotAsync(new Uri($"{(index ?? "https://pypi.org/simple").TrimEnd('/')}/vllm/"), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<EngineInstallPlan> PlanAsync(InstallContext context, CancellationToken cancellationToken)
    {
        (string version, string versionReason) = VllmChoice.Version(context);
        (string cuda, string cudaReason) = VllmChoice.Cuda(context, version);
        string name = context.NameOr($"{version}-pip");
        string folder = Path.Combine(context.Parent, name);
        IReadOnlyList<string> missing = Prerequisites.Missing(await NeededAsync(context, cancellationToken).ConfigureAwait(false));
        return new EngineInstallPlan
        {
            Engine = Engine,
            Source = Source,
            Backend = context.Backend,
            Version = version,
            Name = name,
            Folder = folder,
            Origin = context.Request.SourcePath is { } path ? Path.GetFullPath(path) : context.Request.Index ?? "the Python package index",
            Steps = [.. Prerequisites.Steps(missing), .. Steps(context, (await PythonInterpreter.FindAsync(context, cancellationToken).ConfigureAwait(false))?.Path ?? "python3", folder, version, cuda)],
            Reasons = context.Request.SourcePath is null ? [versionReason, cudaReason] : [versionReason],
            SystemPackages = missing,
        };
    }

    /// <inheritdoc/>
    public async Task<EngineInstall> InstallAsync(EngineInstallPlan plan, InstallContext context, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        string folder = plan.Folder!;
        string frozen = await NewFolder.MakeAsync(folder, context.Request.Force, () => InstallSteps.RunAsync(plan, LogOf(plan, context), progress, cancellationToken)).ConfigureAwait(false);
        (PythonEnvironment environment, IReadOnlyList<string> problems) = EnvironmentReader.Read(folder);
        if (problems.Count > 0)
        {
            NewFolder.Discard(folder);
            throw new EngineInstallException($"pip said that all went well, but {problems[0]}") { Kind = ErrorKind.ServerFailed };
        }

        return new EngineInstall
        {
            Name = plan.Name,
            Engine = Engine,
            Version = environment.VersionOf("vllm"),
            Source = Source,
            Backend = plan.Backend,
            Path = EnvironmentReader.Script(folder, "vllm"),
            Folder = folder,
            Origin = plan.Origin,
            Files = frozen.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            InstalledAt = TimeProvider.System.GetUtcNow(),
        };
    }

    private static IEnumerable<InstallStep> Steps(InstallContext context, string interpreter, string folder, string version, string cuda)
    {
        string python = Path.Combine(folder, "bin", "python");
        string? uv = UvOf(context);
        yield return uv is null
            ? new InstallStep("Make an environment", [interpreter, "-m", "venv", folder])
            : new InstallStep("Make an environment", [uv, "venv", "--seed", "--python", "3.12", folder]);
        string[] pip = uv is null ? [python, "-m", "pip", "install"] : [uv, "pip", "install", "--python", python];
        (string requirement, IReadOnlyList<string> indexes) = Wheel(context, version, cuda);
        List<string> where = [.. indexes.SelectMany(index => (string[])["--extra-index-url", index])];
        if (context.Request.Index is { } own)
        {
            where.InsertRange(0, ["--index-url", own]);
        }

        if (uv is not null && indexes.Count > 0)
        {
            where.AddRange(["--index-strategy", "unsafe-best-match"]); // Else uv takes the first index that has any vllm at all.
        }

        bool isOffline = context.Request.SourcePath is { } path;
        if (isOffline)
        {
            where = Directory.Exists(context.Request.SourcePath) ? ["--no-index", "--find-links", Path.GetFullPath(context.Request.SourcePath!)] : [];
        }
        else
        {
            yield return new InstallStep("Bring its own tools up to date", [.. pip, "--upgrade", "pip", "setuptools", "wheel", .. context.Request.Index is { } index ? (string[])["--index-url", index] : []]);
        }

        yield return new InstallStep($"Install vLLM {version}", [.. pip, requirement, .. context.Request.Requirements, .. where]);
        if (context.Request.Plugin is { } plugin)
        {
            PluginWheel wheel = PluginWheel.Of(plugin);
            if (wheel.Entry is not null)
            {
                yield return new InstallStep("Unpack the plugin", [python, "-m", "zipfile", "-e", wheel.Archive, Path.Combine(folder, "plugin")]);
            }

            yield return new InstallStep("Install the plugin, which must not change vLLM's own packages", [.. pip, "--force-reinstall", "--no-deps", wheel.PathIn(Path.Combine(folder, "plugin"))]);
        }

        yield return new InstallStep("Note what is installed, pinned", uv is null ? [python, "-m", "pip", "freeze"] : [uv, "pip", "freeze", "--python", python]);
    }

    private static (string Requirement, IReadOnlyList<string> Indexes) Wheel(InstallContext context, string version, string cuda) =>
        context.Request.SourcePath is not { } path ? VllmChoice.Wheel(version, cuda)
        : Directory.Exists(path) ? ($"vllm=={version}", [])
        : File.Exists(path) ? (Path.GetFullPath(path), [])
        : throw new EngineInstallException($"there is neither a wheel nor a folder of wheels at {path}") { Kind = ErrorKind.NotFound };

    private static string LogOf(EngineInstallPlan plan, InstallContext context) => Path.Combine(context.Request.StateFolder, "engines", "logs", $"{plan.Name}.log");

    private static string? UvOf(InstallContext context) => context.Request.Python is null ? context.Find("uv") : null;

    private static async Task<IReadOnlyCollection<Prerequisite>> NeededAsync(InstallContext context, CancellationToken cancellationToken)
    {
        if (UvOf(context) is not null)
        {
            return []; // uv fetches a Python where there is none.
        }

        PythonInterpreter? python = await PythonInterpreter.FindAsync(context, cancellationToken).ConfigureAwait(false);
        bool hasVenv = python?.Minor is null || await python.HasVenvAsync(cancellationToken).ConfigureAwait(false);
        return [new Prerequisite("python3", "python3", python is not null), new Prerequisite("python3's venv and ensurepip", "python3-venv", python is not null && hasVenv)];
    }
}
