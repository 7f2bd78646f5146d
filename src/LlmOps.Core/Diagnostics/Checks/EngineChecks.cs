using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Hardware;

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
    ];

    private static Finding Runs(CheckScope scope)
    {
        const string Why = "nothing serves a model without it";
        return scope.IsInContainer ? Finding.Pass("the engine is in the container's image", scope.Config!.Image)
            : scope.Engine is { } engine
                ? engine.Problems.Count == 0 ? Finding.Pass($"{engine.Engine} {engine.Version ?? "of unknown version"} is there", engine.Path)
                    : Finding.Fail($"{engine.Engine} cannot run", $"{engine.Path}: {string.Join("; ", engine.Problems)}", Why, "mend what it says")
            : scope.Context.EngineProblem is { } problem ? Finding.Fail("the engine does not run", problem, Why, "mend what it says, or name another binary by LLMOPS_LLAMA_SERVER")
            : scope.Files is null ? Finding.OtherMachine
            : scope.IsVllm || scope.Model?.Format == Models.ModelFormat.Safetensors
                ? Finding.Fail("no vLLM was found", "neither in an environment of Python nor on PATH", Why, new Remedy("install it into an environment of its own", RemedyText.Run("python3", "-m", "venv", "venv"), RemedyText.Run("venv/bin/python", "-m", "pip", "install", "vllm")))
                : Finding.Fail("no engine was found", "llama-server is not on PATH and none was obtained", Why, new Remedy("install llama.cpp, or let LlmOps get one without root", new RemedyCommand(["llmops", "engine", "--obtain"]) { Safe = true }));
    }

    private static Finding Backend(CheckScope scope)
    {
        GpuDevice[] real = [.. scope.Topology.Gpus.Where(gpu => gpu.Vendor != GpuVendor.Software)];
        return scope.Engine is not { } engine || scope.IsInContainer ? Finding.Skip("there is no engine to look at")
            : scope.IsVllm ? Finding.Skip("vLLM's build is looked at by the checks of Python")
            : engine.Devices.Count > 0 ? Finding.Pass("the engine sees devices to compute on", string.Join("; ", engine.Devices.Select(device => $"{device.Name}: {device.Description}")))
            : real.Length > 0 ? Finding.Fail(
                "the engine sees none of this machine's GPUs", $"{engine.Path} --list-devices lists none; here are {string.Join(", ", real.Select(gpu => gpu.Name))}",
                "models would run on the processor, and the server would still say that it is ready", "use a build for your GPU: the CUDA, ROCm or Vulkan package of llama.cpp, or the image ghcr.io/ggml-org/llama.cpp:server-cuda").WithoutBlocking()
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
}
