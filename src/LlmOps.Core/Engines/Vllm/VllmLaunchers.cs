namespace LlmOps.Engines.Vllm;

/// <summary>Programs that take the place of <c>vllm serve</c> and compute some of its options themselves.</summary>
internal static class VllmLaunchers
{
    /// <summary>The launcher of the plugin for RTX 2080 Ti cards.</summary>
    public const string Caovan = "caovan-vllm-serve";

    /// <summary>The plugin that brings it.</summary>
    public const string CaovanPlugin = "caovan-vllm-sm75-turbo3";

    /// <summary>The plugin whose launcher <paramref name="path"/> is; null for vLLM's own program.</summary>
    public static string? OfPlugin(string path) => Path.GetFileName(path) == Caovan ? CaovanPlugin : null;

    /// <summary>What a plan calls the launcher <paramref name="path"/>, null for the one found.</summary>
    public static string NameOf(string? path) => path is not null && OfPlugin(path) is not null ? Caovan : "vllm";
}
