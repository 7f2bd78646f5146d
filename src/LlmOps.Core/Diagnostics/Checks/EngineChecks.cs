using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Hardware;

namespace LlmOps.Diagnostics.Checks;

/// <summary>An engine is there and runs.</summary>
internal sealed class EngineRunsCheck : FactCheck
{
    public override string Id => "engine.runs";

    public override CheckCategory Category => CheckCategory.Engine;

    protected override CheckResult Run(CheckContext context) =>
        context.Engine is { } engine ? Pass($"llama-server {engine.Version ?? "of unknown version"} runs", engine.Path)
        : context.EngineProblem is { } problem ? Fail("the engine does not run", problem, "mend what it says, or name another binary by LLMOPS_LLAMA_SERVER")
        : Fail("no engine was found", "llama-server is not on PATH and none was obtained", "install llama.cpp, or run 'llmops engine --obtain', which gets one without root");
}

/// <summary>The engine was built for the GPUs that are there.</summary>
internal sealed class EngineBackendCheck : FactCheck
{
    public override string Id => "engine.backend";

    public override CheckCategory Category => CheckCategory.Engine;

    protected override CheckResult Run(CheckContext context)
    {
        bool hasGpu = context.Topology.Gpus.Any(gpu => gpu.Vendor != GpuVendor.Software);
        return context.Engine is not { } engine ? Skip("there is no engine")
            : engine.Devices.Count > 0 ? Pass("the engine sees devices to compute on", string.Join("; ", engine.Devices.Select(device => $"{device.Name}: {device.Description}")))
            : hasGpu ? Fail("the engine sees none of this machine's GPUs; models would run on the processor", $"{engine.Path} --list-devices lists none", "use a build for your GPU: the CUDA, ROCm or Vulkan package of llama.cpp")
            : Pass("the engine computes on the processor, as there is no GPU");
    }
}

/// <summary>The engine accepts every option of the configuration.</summary>
internal sealed class EngineFlagsCheck : FactCheck
{
    public override string Id => "engine.flags";

    public override CheckCategory Category => CheckCategory.Engine;

    protected override CheckResult Run(CheckContext context)
    {
        if (context.Engine is not { } engine || context.Config is not { } config)
        {
            return Skip("needs an engine and a configuration");
        }

        try
        {
            int count = LaunchCommandBuilder.Build(config, engine).Arguments.Count;
            return Pass("the engine accepts every option of the configuration", string.Create(CultureInfo.InvariantCulture, $"{count} arguments"));
        }
        catch (LlmOpsException problem)
        {
            return Fail("the engine does not accept the configuration", problem.Message, "change the option, or use a build that has it");
        }
    }
}

/// <summary>All files of the model are there.</summary>
internal sealed class ModelCompleteCheck : FactCheck
{
    public override string Id => "model.complete";

    public override CheckCategory Category => CheckCategory.Model;

    protected override CheckResult Run(CheckContext context) =>
        context.Model is { } model ? Pass("the model's files are there and whole", $"{model.Architecture}, {model.Quantization}, {Bytes.Format(model.SizeBytes)} in {model.Files.Count} file(s)")
        : Skip("no model was named");
}

/// <summary>The model can chat.</summary>
internal sealed class ModelTemplateCheck : FactCheck
{
    public override string Id => "model.template";

    public override CheckCategory Category => CheckCategory.Model;

    protected override CheckResult Run(CheckContext context) =>
        context.Model is not { } model ? Skip("no model was named")
        : model.ChatTemplate.Present ? Pass("the model carries a chat template", $"roles: {string.Join(", ", model.ChatTemplate.Roles)}")
        : Warn("the model carries no chat template; the engine will guess one", model.Path, "name one with chatTemplateFile, or use the model for completions only");
}

/// <summary>The plan has room.</summary>
internal sealed class PlanFitsCheck : FactCheck
{
    public override string Id => "model.fits";

    public override CheckCategory Category => CheckCategory.Model;

    protected override CheckResult Run(CheckContext context) =>
        context.Config is not { } config ? Skip("no configuration was given")
        : config.Problems.Count == 0 ? Pass("the plan fits", config.Plan is null ? null : string.Join("; ", config.Plan.Devices.Select(device => $"{device.Name}: {Bytes.Format(device.FreeAfterBytes)} stay free")))
        : Fail(config.Problems[0].Message, null, config.Problems[0].Remedy);
}
