using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.Vllm;
using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Diagnostics.Checks;

/// <summary>The engine: runs, has what it needs, and is built for what is there.</summary>
internal static class EngineChecks
{
    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfFacts("engine.runs", "an engine is there and runs", Runs),
        Check.OfFacts("engine.backend", "the engine was built for the GPUs that are there", Backend),
        Check.OfFacts("engine.flags", "the engine accepts every option of the configuration", Flags),
        Check.OfFacts("engine.format", "the engine runs models of this format", Format),
        Check.OfFacts("engine.version", "the engine is neither too old to chat with tools nor newer than what is known of it", Version),
        Check.OfTools("engine.libraries", "the loader finds every shared library of the engine and its backends", LibrariesAsync),
        Check.OfTools("engine.mixed-libraries", "the engine's own libraries come from one build", MixedAsync),
        Check.OfTools("engine.architecture", "the engine's build knows the model's architecture", ArchitectureAsync),
    ];

    private static Finding Runs(CheckScope scope)
    {
        const string Why = "nothing serves a model without it";
        return scope.IsInContainer ? Finding.Pass("the engine is in the container's image", scope.Config!.Image)
            : scope.Engine is { } engine
                ? engine.Problems.Count == 0 && engine.PassedOver.Count > 0 ? Finding.Warn($"{engine.Engine} {engine.Version ?? "of unknown version"} is used, since what comes before it does not run", $"{engine.Path}; passed over: {string.Join("; ", engine.PassedOver)}", "other programs, and scripts that say only llama-server, take the broken one", "mend it, or take it off PATH")
                : engine.Problems.Count == 0 ? Finding.Pass($"{engine.Engine} {engine.Version ?? "of unknown version"} is there", engine.Path)
                    : Finding.Fail($"{engine.Engine} cannot run", $"{engine.Path}: {string.Join("; ", engine.Problems)}", Why, "mend what it says")
            : scope.Context.EngineProblem is { } problem ? Finding.Fail("the engine does not run", problem, Why, "mend what it says, or name another binary by LLMOPS_LLAMA_SERVER")
            : scope.Files is null ? Finding.OtherMachine
            : scope.IsVllm || scope.Model?.Format == ModelFormat.Safetensors
                ? Finding.Fail("no vLLM was found", "neither in an environment of Python nor on PATH", Why, EngineRemedies.First(scope, isVllm: true))
                : Finding.Fail("no engine was found", "llama-server is not on PATH, and none was installed or obtained by LlmOps", Why, EngineRemedies.First(scope, isVllm: false));
    }

    private static Finding Backend(CheckScope scope)
    {
        GpuDevice[] real = [.. EngineRemedies.RealGpus(scope)];
        return scope.Engine is not { } engine || scope.IsInContainer ? Finding.Skip("there is no engine to look at")
            : scope.IsVllm ? Finding.Skip("vLLM's build is looked at by the checks of Python")
            : engine.Devices.Count > 0 ? Finding.Pass("the engine sees devices to compute on", string.Join("; ", engine.Devices.Select(device => $"{device.Name}: {device.Description}")))
            : real.Length > 0 ? Finding.Fail(
                "the engine sees none of this machine's GPUs", $"{engine.Path} --list-devices lists none; here are {string.Join(", ", real.Select(gpu => gpu.Name))}",
                "models would run on the processor, and the server would still say that it is ready", EngineRemedies.Another(scope, "install a build for these GPUs")).WithoutBlocking()
            : Finding.Pass("the engine computes on the processor, as there is no GPU");
    }

    private static Finding Flags(CheckScope scope)
    {
        if (scope.Engine is not { } engine || scope.Config is not { } config || scope.IsInContainer)
        {
            return Finding.Skip("needs an engine and a configuration");
        }

        try
        {
            return Finding.Pass("the engine accepts every option of the configuration", string.Create(CultureInfo.InvariantCulture, $"{LaunchCommandBuilder.Build(config, engine).Arguments.Count} arguments"));
        }
        catch (LlmOpsException problem)
        {
            return Finding.Fail("the engine does not accept the configuration", problem.Message, $"{engine.Engine} {engine.Version} ends at an argument that it does not know", "change the option, or use a build that has it");
        }
    }

    private static Finding Format(CheckScope scope)
    {
        string? name = scope.Config?.Engine ?? scope.Engine?.Engine;
        return scope.Model is not { } model || name is null ? Finding.Skip("needs an engine and a model")
            : KnownEngines.Require(name).Runs(model.Format) ? Finding.Pass($"{name} runs {model.Format} models", model.Path)
            : Finding.Fail($"{name} does not run models of this format", $"{model.Path} is {(model.Format == ModelFormat.Gguf ? "a GGUF file" : "a folder of safetensors")}", "it ends at the model's first file, or takes a path that nobody maintains", model.Format == ModelFormat.Gguf ? "use llama.cpp, or take the model as a folder of safetensors" : "use vLLM, or take the model as GGUF");
    }

    private static Finding Version(CheckScope scope)
    {
        if (scope.Engine is not { } engine || scope.IsInContainer)
        {
            return Finding.Skip("there is no engine to look at");
        }

        string said = engine.Version ?? "none";
        if (engine.Engine == EngineNames.Vllm)
        {
            return VllmVersion.Parse(engine.Version) is not { } version ? Finding.Skip("vLLM does not say its version")
                : version.CompareTo(VllmVersion.Newest) <= 0 ? Finding.Pass($"vLLM {version} is known")
                : Finding.Warn($"vLLM {version} is newer than what is known of it", $"known are versions up to {VllmVersion.Newest}", "options may have been renamed since, which shows when the server starts", "compare with 'vllm serve --help=all', or use a known version");
        }

        string[] lacking = [.. new[] { "--jinja", "--device", "--flash-attn" }.Where(flag => engine.Find(flag) is null)];
        return engine.Flags.Count == 0 ? Finding.Skip("the engine does not say what it accepts")
            : lacking.Length == 0 ? Finding.Pass($"llama.cpp {said} has what plans use", engine.Path)
            : Finding.Warn($"llama.cpp {said} is old", $"it has no {string.Join(", ", lacking)}", "tools and many chat templates need --jinja, and cards are chosen by --device; models of newer architectures do not load at all", EngineRemedies.Another(scope, "install a newer one"));
    }

    private static async Task<Finding> LibrariesAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        if (await LinkedLibraries.ReadAsync(scope, cancellationToken).ConfigureAwait(false) is not { } libraries)
        {
            return Finding.Skip("there is no engine whose libraries the loader could be asked for");
        }

        LinkedLibrary[] missing = [.. libraries.Where(library => library.Path is null && LibraryRemedies.Matters(scope, library)).DistinctBy(library => library.Name)];
        return missing.Length == 0 ? Finding.Pass("the loader finds every shared library", $"{libraries.Select(library => library.Name).Distinct().Count()} libraries")
            : Finding.Fail(
                $"the loader does not find {string.Join(", ", missing.Select(library => library.Name))}", string.Join("; ", missing.Select(library => $"{Path.GetFileName(library.User)} wants {library.Name}")),
                missing.Any(library => Path.GetFileName(library.User).StartsWith("libggml-", StringComparison.Ordinal)) ? "a backend that cannot be loaded is left out without a word: the model then runs on the processor" : "the engine ends before it says anything: 'error while loading shared libraries' (exit code 127)",
                LibraryRemedies.For(scope, missing[0]));
    }

    private static async Task<Finding> MixedAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        LinkedLibrary[]? own = (await LinkedLibraries.ReadAsync(scope, cancellationToken).ConfigureAwait(false))?
            .Where(library => library.Path is not null && (library.Name.StartsWith("libllama", StringComparison.Ordinal) || library.Name.StartsWith("libggml", StringComparison.Ordinal) || library.Name.StartsWith("libmtmd", StringComparison.Ordinal))).ToArray();
        string[] folders = [.. own?.Select(library => Path.GetDirectoryName(library.Path)!).Distinct() ?? []];
        return own is null || own.Length == 0 ? Finding.Skip("the engine has no shared libraries of its own")
            : folders.Length == 1 ? Finding.Pass("the engine's own libraries come from one folder", folders[0])
            : Finding.Warn("the engine's own libraries come from several folders", string.Join("; ", own.DistinctBy(library => library.Name).Select(library => library.Path)), "libraries of another build hide those of this one: 'undefined symbol', 'incompatible API version'", new Remedy("remove the copies of the older build, often those in /usr/local/lib, then renew the loader's cache", RemedyText.Root("ldconfig")));
    }

    // Architectures are named in the library as strings of C: between two zeros.
    private static async Task<Finding> ArchitectureAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        if (scope.Model is not { Format: ModelFormat.Gguf } model || await LinkedLibraries.ReadAsync(scope, cancellationToken).ConfigureAwait(false) is not { } libraries)
        {
            return Finding.Skip("needs a GGUF model and a llama.cpp that can be looked into");
        }

        string library = libraries.FirstOrDefault(library => library.Name.StartsWith("libllama.so", StringComparison.Ordinal))?.Path ?? scope.Engine?.Path ?? scope.Context.EnginePath!;
        byte[] content = await File.ReadAllBytesAsync(library, cancellationToken).ConfigureAwait(false);
        bool IsNamed(string architecture) => content.AsSpan().IndexOf((ReadOnlySpan<byte>)[0, .. System.Text.Encoding.ASCII.GetBytes(architecture), 0]) >= 0;
        return !IsNamed("llama") ? Finding.Skip($"{library} does not name its architectures")
            : IsNamed(model.Architecture) ? Finding.Pass($"the engine knows the architecture {model.Architecture}", library)
            : Finding.Fail($"the engine does not know the architecture {model.Architecture}", $"{library} does not name it", $"it ends: 'unknown model architecture: '{model.Architecture}''", "use a newer llama.cpp: architectures are added with new versions");
    }
}
