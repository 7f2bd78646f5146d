using LlmOps.Models;

namespace LlmOps.Engines;

/// <summary>Which engine runs a model.</summary>
public static class EngineSelection
{
    /// <summary>Names of all engines.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. KnownEngines.All.Select(engine => engine.Name)];

    /// <summary>The engine that was asked for, else the one that runs models of <paramref name="format"/>: llama.cpp for GGUF, vLLM for folders.</summary>
    /// <param name="asked">A name; null or <c>auto</c> leaves the choice to the model.</param>
    /// <param name="format">The model's format.</param>
    /// <exception cref="LlmOpsException">There is no such engine, or it does not run such models.</exception>
    public static string For(string? asked, ModelFormat format) => KnownEngines.Choose(asked, format).Name;
}
