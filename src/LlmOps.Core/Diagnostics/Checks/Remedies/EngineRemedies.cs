using LlmOps.Hardware;

namespace LlmOps.Diagnostics.Checks;

/// <summary>What brings an engine, or a better one.</summary>
internal static class EngineRemedies
{
    /// <summary>An engine where there is none. For GPUs it may have to be compiled, or be an image of gigabytes, which a person decides.</summary>
    public static Remedy First(CheckScope scope, bool isVllm) => isVllm
        ? new Remedy("install it into an environment of its own (Install-LlmEngine -WhatIf, or --what-if, shows the steps)", new RemedyCommand(["llmops", "install", "vllm"]))
        : new Remedy("let LlmOps install it, without root (Install-LlmEngine -WhatIf, or --what-if, shows the steps)", new RemedyCommand(["llmops", "install"]) { Safe = !RealGpus(scope).Any() });

    /// <summary>One that serves better than <see cref="CheckScope.Engine"/>, which others are not preferred to by themselves.</summary>
    public static Remedy Another(CheckScope scope, string text) =>
        new($"{text}, then take {scope.Engine!.Path} off PATH, or name the new one (--engine-path, LLMOPS_LLAMA_SERVER)", new RemedyCommand(["llmops", "install"]));

    /// <summary>A build that brings the libraries of its own release.</summary>
    public static Remedy WithLibraries(CheckScope scope) => new(
        $"the build is for a newer distribution than {scope.Host.Os ?? "this one"}: build llama.cpp here (llmops install --source build), run its container image, or get one that brings its own libraries",
        new RemedyCommand(["llmops", "install", "--source", "package"]) { Safe = true });

    /// <summary>GPUs that are none of software.</summary>
    public static IEnumerable<GpuDevice> RealGpus(CheckScope scope) => scope.Topology.Gpus.Where(gpu => gpu.Vendor != GpuVendor.Software);
}
