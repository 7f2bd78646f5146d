using LlmOps.Engines.LlamaCpp;
using LlmOps.Engines.Vllm;
using LlmOps.Models;

namespace LlmOps.Engines;

/// <summary>Every engine, by the name that configurations use.</summary>
internal static class KnownEngines
{
    /// <summary>All of them, the one that runs without Python first.</summary>
    public static IReadOnlyList<IEngine> All { get; } = [new LlamaCppEngine(), new VllmEngine()];

    /// <summary>The engine called <paramref name="name"/>; null when there is none.</summary>
    public static IEngine? Find(string name) => All.FirstOrDefault(engine => engine.Name == name);

    /// <summary>The engine called <paramref name="name"/>.</summary>
    /// <exception cref="LlmOpsException">There is none; id <c>EngineNotSupported</c>.</exception>
    public static IEngine Require(string name) => Find(name) ?? throw new LlmOpsException(
        $"there is no engine '{name}'; use {string.Join(" or ", All.Select(engine => engine.Name))}, or auto", "EngineNotSupported");

    /// <summary>The engine that was asked for, else the one that runs models of <paramref name="format"/>.</summary>
    /// <param name="name">The name; null or <c>auto</c>, in any case, leaves the choice to the model.</param>
    /// <param name="format">The model's format.</param>
    /// <exception cref="LlmOpsException">There is none of that name, or it does not run such models.</exception>
    public static IEngine Choose(string? name, ModelFormat format)
    {
        if (string.IsNullOrEmpty(name) || name.Equals("auto", StringComparison.OrdinalIgnoreCase))
        {
            return All.First(engine => engine.Runs(format));
        }

        IEngine asked = Require(name.ToLowerInvariant());
        return asked.Runs(format) ? asked : throw new LlmOpsException(
            $"{asked.Name} does not run {(format == ModelFormat.Gguf ? "GGUF files" : "folders of safetensors")}; leave the engine to auto, which takes {All.First(engine => engine.Runs(format)).Name} for them, or name another model",
            "EngineModelMismatch");
    }
}
