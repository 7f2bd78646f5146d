using System.Text.RegularExpressions;
using LlmOps.Engines.Vllm;
using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Diagnostics.Checks;

/// <summary>Python and every package of the vLLM stack, read without starting Python.</summary>
internal static partial class PythonChecks
{
    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        OfStack("python.environment", "the environment that vLLM is installed in is whole", Whole),
        OfStack("python.version", "Python's version is one that vLLM and its compilers work with", Version),
        OfStack("python.packages", "every package that vLLM needs is there, in the version that it needs", PackagesThere),
        OfStack("python.duplicates", "no package is installed twice over", Duplicates),
        OfStack("python.torch", "torch is built for the cards that are there", Torch),
        OfStack("python.flashinfer", "the parts of FlashInfer are of one version and of torch's CUDA", FlashInfer),
        OfStack("python.plugin", "the plugin that the command speaks of is there, and is what starts", Plugin),
        OfStack("python.plugin-version", "plugins are whole and made for this vLLM", PluginVersion),
        OfStack("python.model-class", "vLLM knows the model's class", ModelClass),
        OfStack("python.model-type", "transformers or vLLM knows the model's type", ModelType),
        OfStack("python.paths", "no variable or user folder puts other packages before the environment's", Paths),
    ];

    /// <summary>A check of an environment that vLLM is installed in.</summary>
    internal static Check OfStack(string id, string summary, Func<CheckScope, PythonStack, Finding> look) => Check.OfFiles(id, summary, (scope, _) =>
        scope.IsInContainer ? Finding.Skip("Python is in the container's image")
        : scope.Stack is { } stack && (scope.IsVllm || scope.Config is null) ? look(scope, stack) : Finding.Skip("there is no vLLM to look at"));

    private static Finding Whole(CheckScope scope, PythonStack stack)
    {
        IReadOnlyList<string> problems = scope.Engine?.Python is not null ? scope.Engine.Problems : EnvironmentReader.Read(stack.Environment.Folder).Problems;
        return problems.Count == 0 ? Finding.Pass("the environment is whole", $"{stack.Environment.Kind} {stack.Environment.Folder}")
            : Finding.Fail("the environment is broken", string.Join("; ", problems), "vLLM ends with an ImportError, or is not found at all", new Remedy("make it anew, or reinstall what it names", stack.Install("--force-reinstall", $"vllm=={stack.VersionOf("vllm") ?? "0.21.0"}")));
    }

    private static Finding Version(CheckScope scope, PythonStack stack)
    {
        const string Tested = "3.10.20";
        if (stack.Environment.PythonVersion is not { } version)
        {
            return Finding.Skip("Python's version is not known");
        }

        string? required = stack.Fields("vllm", "Requires-Python") is [var first, ..] ? first : null;
        string[] broken = [.. (required ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(specifier => !PythonRequirement.Satisfies(version, specifier))];
        bool hasPlugin = stack.VersionOf(VllmLaunchers.CaovanPlugin) is not null;
        Remedy anew = stack.Environment.Kind == PythonEnvironmentKind.Conda
            ? new Remedy("install a later patch of it", RemedyText.Run("conda", "install", "-y", "-p", stack.Environment.Folder, $"python={Tested}"))
            : "make the environment anew with a later Python";
        return broken.Length > 0 ? Finding.Fail($"vLLM {stack.VersionOf("vllm")} does not work with Python {version}", $"it requires {required}", "it ends at syntax or packages that this Python does not have", "make an environment with a Python that it accepts")
            : version == "3.10.0" ? Finding.Fail("Python 3.10.0 breaks vLLM's compilation", $"Python {version} in {stack.Environment.Folder}", "torch.compile runs out of stack while it traces the model (RecursionError in Torch FX)", anew)
            : hasPlugin && version.StartsWith("3.10.", StringComparison.Ordinal) && !PythonRequirement.Satisfies(version, $">={Tested}")
                ? Finding.Warn($"the plugin is tested with Python {Tested} and later only", $"Python {version}", "earlier patches of 3.10 have been seen to fail while the model is compiled", anew)
                : Finding.Pass($"Python {version} is one that vLLM works with", required is null ? null : $"it requires {required}");
    }

    private static Finding PackagesThere(CheckScope scope, PythonStack stack)
    {
        PythonRequirement[] needed = [.. stack.Fields("vllm", "Requires-Dist").Select(text => PythonRequirement.Parse(text, stack.Environment.PythonVersion)).OfType<PythonRequirement>()];
        if (needed.Length == 0)
        {
            return Finding.Skip("vLLM's metadata does not say what it needs");
        }

        PythonRequirement[] missing = [.. needed.Where(each => stack.VersionOf(each.Name) is null)];
        PythonRequirement[] other = [.. needed.Where(each => stack.VersionOf(each.Name) is { } version && !each.Accepts(version))];
        string evidence = string.Join("; ", missing.Select(each => $"{each.Name} is missing").Concat(other.Select(each => $"{each.Name} is {stack.VersionOf(each.Name)}, needed is {string.Join(',', each.Specifiers)}")));
        Remedy remedy = new("let pip put it right", stack.Install($"vllm=={stack.VersionOf("vllm")}"));
        return missing.Length == 0 && other.Length == 0 ? Finding.Pass("every package that vLLM needs is there", $"{needed.Length} packages")
            : missing.Length > 0 || other.Any(each => each.Name is "torch" or "torchvision" or "torchaudio" or "xformers")
                ? Finding.Fail("packages that vLLM needs are missing or of another version", evidence, "vLLM is compiled against one torch: with another it ends with 'undefined symbol', and without a package with ImportError", remedy)
                : Finding.Warn("packages that vLLM needs are of another version", evidence, "it may work, and nobody has tried", remedy);
    }

    private static Finding Duplicates(CheckScope scope, PythonStack stack)
    {
        string[] twice = [.. stack.Duplicates.Select(found => $"{found[0].Name} ({string.Join(" and ", found.Select(each => each.Version))})")];
        return !stack.IsReadable ? Finding.Skip("the environment's packages cannot be listed")
            : twice.Length == 0 ? Finding.Pass("no package is installed twice over")
            : Finding.Warn("packages are installed twice over", string.Join("; ", twice), "an update was broken off: files of both versions lie in one folder, and which metadata is read is chance", new Remedy("install them once more", stack.Install(["--force-reinstall", "--no-deps", .. stack.Duplicates.Select(found => found[0].Name)])));
    }

    private static Finding Torch(CheckScope scope, PythonStack stack)
    {
        string version = stack.VersionOf("torch") ?? stack.Environment.VersionOf("torch") ?? string.Empty;
        bool isCpu = version.EndsWith("+cpu", StringComparison.Ordinal) || (stack.Environment.TorchCuda is null && stack.FindFile("torch", "version.py") is { } file && WithoutCuda().IsMatch(File.ReadAllText(file)));
        bool isRocm = version.Contains("+rocm", StringComparison.Ordinal);
        bool nvidia = scope.NvidiaCards.Count > 0;
        bool amd = scope.Cards.Any(card => card.Vendor == GpuVendor.Amd);
        Remedy Reinstall(string index) => new($"install the build for them, with the vLLM that belongs to it", stack.Install("--force-reinstall", $"torch=={version.Split('+')[0]}", "--index-url", $"https://download.pytorch.org/whl/{index}"));
        const string Why = "vLLM ends with 'Failed to infer device type' or 'No CUDA GPUs are available'";
        return version.Length == 0 || (!nvidia && !amd) ? Finding.Skip("no torch, or no card that it could be built for")
            : nvidia && (isCpu || isRocm) ? Finding.Fail("torch is not built for NVIDIA cards", $"torch {version}", Why, Reinstall($"cu{(scope.Topology.Driver?.CudaVersion ?? "12.8").Replace(".", string.Empty, StringComparison.Ordinal)}"))
            : amd && !nvidia && !isRocm && (isCpu || stack.Environment.TorchCuda is not null) ? Finding.Fail("torch is not built for AMD cards", $"torch {version}", Why, Reinstall("rocm6.4"))
            : Finding.Pass("torch is built for the cards", $"torch {version}{(stack.Environment.TorchCuda is { } cuda ? $", CUDA {cuda}" : string.Empty)}");
    }

    private static Finding FlashInfer(CheckScope scope, PythonStack stack)
    {
        (string Name, string Version)[] parts = [.. new[] { "flashinfer-python", "flashinfer-cubin", "flashinfer-jit-cache" }.Where(name => stack.VersionOf(name) is not null).Select(name => (name, stack.VersionOf(name)!))];
        if (parts.Length == 0 || parts[0].Name != "flashinfer-python")
        {
            return Finding.Skip("FlashInfer is not installed");
        }

        string wanted = parts[0].Version.Split('+')[0];
        string evidence = string.Join("; ", parts.Select(part => $"{part.Name} {part.Version}"));
        string? cuda = parts.FirstOrDefault(part => part.Name == "flashinfer-jit-cache").Version?.Split('+').ElementAtOrDefault(1);
        string? torch = stack.Environment.TorchCuda is { } built ? "cu" + built.Replace(".", string.Empty, StringComparison.Ordinal) : null;
        return parts.Any(part => part.Version.Split('+')[0] != wanted)
                ? Finding.Fail("the parts of FlashInfer are of several versions", evidence, "FlashInfer refuses kernels of another version: 'flashinfer-cubin version does not match'", new Remedy("bring them to one", stack.Install([.. parts.Skip(1).Select(part => $"{part.Name}=={wanted}")])))
            : cuda is not null && torch is not null && cuda != torch
                ? Finding.Fail("FlashInfer's ready kernels are for another CUDA than torch's", $"{evidence}; torch is built with {torch}", "they are loaded beside torch's CUDA: 'undefined symbol', or no ready kernel at all", new Remedy("take those for torch's CUDA", stack.Install($"flashinfer-jit-cache=={wanted}", "--index-url", $"https://flashinfer.ai/whl/{torch}")))
                : Finding.Pass("the parts of FlashInfer fit", evidence);
    }

    private static Finding Plugin(CheckScope scope, PythonStack stack)
    {
        string? asked = scope.Config?.Options[VllmOptions.AdditionalConfig.Name] as string;
        bool launched = VllmLaunchers.OfPlugin(scope.Config?.EnginePath ?? scope.Engine?.Path ?? string.Empty) is not null;
        bool isMeant = launched || asked?.Contains("caovan", StringComparison.OrdinalIgnoreCase) == true || scope.Config?.ExtraArguments.Any(argument => argument.Contains("caovan", StringComparison.OrdinalIgnoreCase)) == true;
        VllmPlugin? plugin = stack.Environment.Plugins.FirstOrDefault(found => found.Name == VllmLaunchers.CaovanPlugin);
        string? allowed = scope.Variable("VLLM_PLUGINS");
        string names = string.Join("; ", stack.Environment.Plugins.Select(found => $"{found.Name} {found.Version}"));
        return !isMeant ? stack.Environment.Plugins.Count == 0 ? Finding.Skip("no plugin is installed, and none is spoken of") : Finding.Pass("plugins are installed", names)
            : plugin is null ? Finding.Fail(
                $"the command speaks of a plugin that is not installed: {VllmLaunchers.CaovanPlugin}", asked is null ? scope.Config?.EnginePath : $"additionalConfig: {asked}; in {stack.Environment.Folder} it is not",
                "vLLM ignores what it does not know: the server starts, and is as fast as without the plugin", new Remedy("install its wheel into this environment, or leave it out of the command", stack.Install("--no-deps", "caovan_vllm_sm75_turbo3-0.4.13-py3-none-any.whl")))
            : allowed is not null && plugin.EntryPoints.Count > 0 && !allowed.Contains("caovan", StringComparison.OrdinalIgnoreCase)
                ? Finding.Fail("the plugin is installed and kept from loading", $"VLLM_PLUGINS={allowed}", "vLLM loads only the plugins that this variable names", "unset VLLM_PLUGINS, or add the plugin").WithoutBlocking()
            : !launched && plugin.Launcher is { } launcher
                ? Finding.Warn("the plugin is installed and its launcher is not what starts", $"additionalConfig: {asked}; started by {scope.Config?.EnginePath ?? scope.Engine?.Path}", "the launcher computes drafts, memory and graphs; by 'vllm serve' alone the plugin has no part in these", $"set enginePath: {launcher}")
                : Finding.Pass("the plugin is installed and is what starts", names);
    }

    private static Finding PluginVersion(CheckScope scope, PythonStack stack)
    {
        if (stack.Environment.Plugins.Count == 0)
        {
            return Finding.Skip("no plugin is installed");
        }

        List<string> problems = [];
        foreach (VllmPlugin plugin in stack.Environment.Plugins)
        {
            string package = plugin.Name.Replace('-', '_');
            string? said = stack.FindFile(package, "__init__.py") is { } file && SaidVersion().Match(File.ReadAllText(file)) is { Success: true } match ? match.Groups[1].Value : null;
            if (stack.FindFile(package) is null)
            {
                problems.Add($"{plugin.Name} {plugin.Version} is listed, and its folder {package} is gone");
            }
            else if (said is not null && said != plugin.Version)
            {
                problems.Add($"{plugin.Name} calls itself {said} and its metadata {plugin.Version}");
            }

            problems.AddRange(stack.Fields(plugin.Name, "Requires-Dist").Select(text => PythonRequirement.Parse(text, stack.Environment.PythonVersion)).OfType<PythonRequirement>()
                .Where(needed => stack.VersionOf(needed.Name) is not { } version || !needed.Accepts(version))
                .Select(needed => $"{plugin.Name} needs {needed.Name} {string.Join(',', needed.Specifiers)}; here is {stack.VersionOf(needed.Name) ?? "none"}"));
            if (plugin.Name == VllmLaunchers.CaovanPlugin && plugin.Version.StartsWith("0.4.", StringComparison.Ordinal) && stack.VersionOf("vllm") is { } vllm && !vllm.StartsWith("0.21.", StringComparison.Ordinal))
            {
                problems.Add($"{plugin.Name} {plugin.Version} is made for vLLM 0.21; here is {vllm}");
            }
        }

        return problems.Count == 0 ? Finding.Pass("plugins are whole and made for this vLLM", string.Join("; ", stack.Environment.Plugins.Select(plugin => $"{plugin.Name} {plugin.Version}")))
            : Finding.Fail("a plugin is broken or made for another vLLM", string.Join("; ", problems), "plugins reach into vLLM's inner parts, which change with every version: they fail at the first that is no longer there, or are skipped in silence", "install the plugin's wheel again (pip install --force-reinstall --no-deps WHEEL), or the vLLM that it is made for");
    }

    private static Finding ModelClass(CheckScope scope, PythonStack stack) =>
        scope.Model is not { Format: ModelFormat.Safetensors, ModelClass: { } name } || stack.FindFile("vllm", "model_executor", "models", "registry.py") is not { } registry ? Finding.Skip("needs a model folder and vLLM's list of models")
        : File.ReadAllText(registry).Contains($"\"{name}\"", StringComparison.Ordinal) ? Finding.Pass($"vLLM knows {name}", registry)
        : Finding.Fail($"vLLM {stack.VersionOf("vllm")} does not know {name}", registry, "it ends: 'Model architectures are not supported for now', or takes transformers' slow code", new Remedy("use a newer vLLM, best in an environment of its own", stack.Install("--upgrade", "vllm")));

    private static Finding ModelType(CheckScope scope, PythonStack stack)
    {
        if (scope.Model is not { Format: ModelFormat.Safetensors } model || stack.FindFile("transformers", "models") is not { } models)
        {
            return Finding.Skip("needs a model folder and transformers");
        }

        bool IsNamed(params string[] file) => stack.FindFile(file) is { } path && File.Exists(path) && File.ReadAllText(path).Contains($"\"{model.Architecture}\"", StringComparison.Ordinal);
        return Directory.Exists(Path.Combine(models, model.Architecture)) || IsNamed("transformers", "models", "auto", "configuration_auto.py") || IsNamed("vllm", "transformers_utils", "config.py") || File.Exists(Path.Combine(model.Path, "configuration.py"))
            ? Finding.Pass($"the model's type {model.Architecture} is known", $"transformers {stack.VersionOf("transformers")}")
            : Finding.Fail($"neither transformers nor vLLM knows the model's type {model.Architecture}", $"transformers {stack.VersionOf("transformers")}, vLLM {stack.VersionOf("vllm")}", "vLLM ends: 'The checkpoint you are trying to load has model type … but Transformers does not recognize this architecture'", new Remedy("bring both up to date together", stack.Install("--upgrade", "vllm", "transformers")));
    }

    private static Finding Paths(CheckScope scope, PythonStack stack)
    {
        string? home = scope.Variable("PYTHONHOME");
        string[] paths = [.. (scope.Variable("PYTHONPATH") ?? string.Empty).Split(':', StringSplitOptions.RemoveEmptyEntries).Where(folder => Shadows(folder))];
        string minor = string.Join('.', (stack.Environment.PythonVersion ?? "3").Split('.').Take(2));
        string user = Path.Combine(scope.Context.Home, ".local", "lib", $"python{minor}", "site-packages");
        bool seesUser = stack.Environment.Kind is PythonEnvironmentKind.Conda && scope.Variable("PYTHONNOUSERSITE") is null or "" && !stack.PackageFolders.Contains(user);
        const string Why = "Python takes those packages before the environment's: another torch or vLLM than the one that was installed here";
        return !string.IsNullOrEmpty(home) ? Finding.Fail("PYTHONHOME points Python away from its own library", $"PYTHONHOME={home}", "Python does not start in any environment: 'No module named encodings'", "unset PYTHONHOME")
            : paths.Length > 0 ? Finding.Warn("PYTHONPATH puts other packages before the environment's", string.Join(':', paths), Why, "unset PYTHONPATH")
            : seesUser && Shadows(user) ? Finding.Warn("packages in the user's own folder hide those of the environment", user, Why, $"set PYTHONNOUSERSITE=1, or remove them: python{minor} -m pip uninstall vllm torch transformers, outside the environment")
            : Finding.Pass("nothing stands before the environment's packages");

        bool Shadows(string folder) => Directory.Exists(folder) && new[] { "torch", "vllm", "transformers", "triton" }.Any(name => Directory.Exists(Path.Combine(folder, name)));
    }

    [GeneratedRegex(@"^cuda\b[^=\n]*=\s*None", RegexOptions.Multiline)]
    private static partial Regex WithoutCuda();

    [GeneratedRegex(@"^__version__\s*=\s*['""]([^'""]+)['""]", RegexOptions.Multiline)]
    private static partial Regex SaidVersion();
}
