using System.Text.RegularExpressions;

namespace LlmOps.Engines.Vllm;

/// <summary>Reads an environment that vLLM is installed in, from its files.</summary>
internal static partial class EnvironmentReader
{
    private const string PluginGroup = "vllm.";

    // What decides which kernels, models and builds there are.
    private static readonly string[] s_named = ["vllm", "torch", "triton", "transformers", "flashinfer-python", "flashinfer-cubin", "flashinfer-jit-cache", "xformers", "ray", "compressed-tensors", "flash-linear-attention"];

    // Plugins that bring a launcher of their own, which computes what is else planned here.
    private static readonly Dictionary<string, string> s_launchers = new(StringComparer.Ordinal) { [VllmLaunchers.CaovanPlugin] = VllmLaunchers.Caovan };

    /// <summary>Whether anything of vLLM is installed in <paramref name="folder"/>.</summary>
    public static bool HasVllm(string folder) =>
        File.Exists(Script(folder, "vllm"))
        || PythonEnvironments.PackageFolders(folder).Any(packages =>
            Directory.EnumerateDirectories(packages, "vllm-*.dist-info", PythonEnvironments.Readable).Any() || File.Exists(Path.Combine(packages, "vllm", "__init__.py")));

    /// <summary>The environment in <paramref name="folder"/>, and what is broken of it.</summary>
    public static (PythonEnvironment Environment, IReadOnlyList<string> Problems) Read(string folder)
    {
        List<string> problems = [];
        Dictionary<string, string> versions = new(StringComparer.Ordinal);
        List<VllmPlugin> plugins = [];
        string? cuda = null;
        foreach (string packages in PythonEnvironments.PackageFolders(folder))
        {
            foreach (PythonDistribution found in PythonDistribution.In(packages))
            {
                string[] groups = [.. found.EntryPoints().Keys.Where(group => group.StartsWith(PluginGroup, StringComparison.Ordinal))];
                bool isPlugin = groups.Length > 0 && found.Name != "vllm";
                bool hasLauncher = s_launchers.TryGetValue(found.Name, out string? launcher);
                if (!isPlugin && !hasLauncher && !s_named.Contains(found.Name))
                {
                    continue;
                }

                PythonDistribution read = found.Read();
                if (read.Version is not { } version)
                {
                    problems.Add($"{found.Name} was left half installed: {Path.Combine(found.Folder, "METADATA")} is missing or says no version; reinstall it: {Pip(folder)} install --force-reinstall {found.Name}");
                    continue;
                }

                versions.TryAdd(found.Name, version);
                if (found.Name == "torch")
                {
                    cuda ??= TorchBuild.Cuda(version, packages);
                }

                if (isPlugin || hasLauncher)
                {
                    string? path = launcher is null ? null : Script(folder, launcher);
                    plugins.Add(new VllmPlugin(found.Name, version, groups, File.Exists(path) ? path : null));
                }
            }
        }

        PythonEnvironment environment = new()
        {
            Kind = KindOf(folder),
            Folder = folder,
            PythonVersion = PythonVersion(folder),
            Packages = versions,
            TorchCuda = cuda,
            Plugins = plugins,
        };
        problems.AddRange(Broken(environment));
        return (environment, problems);
    }

    /// <summary>The script <paramref name="name"/> of an environment.</summary>
    public static string Script(string folder, string name) => OperatingSystem.IsWindows() ? Path.Combine(folder, "Scripts", name + ".exe") : Path.Combine(folder, "bin", name);

    private static IEnumerable<string> Broken(PythonEnvironment environment)
    {
        string folder = environment.Folder;
        string python = Script(folder, "python");
        if (environment.Kind != PythonEnvironmentKind.System && !IsThere(python) && !IsThere(Script(folder, "python3")))
        {
            yield return new FileInfo(python).LinkTarget is { } gone
                ? $"its Python {gone} is gone (removed or upgraded); make the environment anew, or install that Python again"
                : $"there is no {python}; make the environment anew";
        }

        if (environment.VersionOf("vllm") is null)
        {
            yield return $"vllm's own files are there but not its dist-info, as after an installation that was broken off; reinstall it: {Pip(folder)} install --force-reinstall vllm";
        }
        else if (!PythonEnvironments.PackageFolders(folder).Any(packages => Directory.Exists(Path.Combine(packages, "vllm")) || Editable(packages)))
        {
            yield return $"vllm is listed but its folder is gone; reinstall it: {Pip(folder)} install --force-reinstall vllm";
        }
        else if (environment.Kind != PythonEnvironmentKind.System && !File.Exists(Script(folder, "vllm")))
        {
            yield return $"there is no {Script(folder, "vllm")}; reinstall it: {Pip(folder)} install --force-reinstall --no-deps vllm";
        }

        foreach (string needed in (string[])["torch", "transformers"])
        {
            if (environment.VersionOf(needed) is null)
            {
                yield return $"{needed}, which vllm needs, is not installed; {Pip(folder)} install vllm=={environment.VersionOf("vllm") ?? "VERSION"} brings the right one";
            }
        }
    }

    // A link whose target is gone exists to File.Exists.
    private static bool IsThere(string path) => new FileInfo(path).LinkTarget is null ? File.Exists(path) : File.ResolveLinkTarget(path, returnFinalTarget: true) is { Exists: true };

    private static bool Editable(string packages) => Directory.EnumerateFiles(packages, "__editable__*vllm*").Any() || File.Exists(Path.Combine(packages, "vllm.egg-link"));

    private static string Pip(string folder) => $"{Script(folder, "python")} -m pip";

    private static PythonEnvironmentKind KindOf(string folder)
    {
        string settings = Path.Combine(folder, "pyvenv.cfg");
        return Directory.Exists(Path.Combine(folder, "conda-meta")) ? PythonEnvironmentKind.Conda
            : !File.Exists(settings) ? PythonEnvironmentKind.System
            : File.ReadLines(settings).Any(line => line.StartsWith("uv ", StringComparison.Ordinal) || line.StartsWith("uv=", StringComparison.Ordinal)) ? PythonEnvironmentKind.Uv
            : PythonEnvironmentKind.Venv;
    }

    private static string? PythonVersion(string folder)
    {
        string settings = Path.Combine(folder, "pyvenv.cfg");
        if (File.Exists(settings) && File.ReadLines(settings).Select(line => VersionLine().Match(line)).FirstOrDefault(match => match.Success) is { } said)
        {
            return said.Groups[1].Value;
        }

        // conda leaves one file a package: conda-meta/python-3.10.20-h_0.json.
        string meta = Path.Combine(folder, "conda-meta");
        if (Directory.Exists(meta) && Directory.EnumerateFiles(meta, "python-3*.json").Select(file => CondaFile().Match(Path.GetFileName(file))).FirstOrDefault(match => match.Success) is { } conda)
        {
            return conda.Groups[1].Value;
        }

        return PythonEnvironments.PackageFolders(folder).Select(packages => Path.GetFileName(Path.GetDirectoryName(packages))).FirstOrDefault(name => name?.StartsWith("python3.", StringComparison.Ordinal) == true)?["python".Length..];
    }

    [GeneratedRegex(@"^version(?:_info)?\s*=\s*(\d+\.\d+(?:\.\d+)?)")]
    private static partial Regex VersionLine();

    [GeneratedRegex(@"^python-(\d+\.\d+\.\d+)-")]
    private static partial Regex CondaFile();
}
