using LlmOps.Processes;

namespace LlmOps.Engines.Install;

/// <summary>The program that pulls and removes images.</summary>
internal static class ContainerTool
{
    /// <summary>Names it: <c>docker</c>, <c>podman</c> or a path.</summary>
    public const string OverrideVariable = "LLMOPS_DOCKER";

    /// <summary>Its path; null when there is none.</summary>
    /// <param name="pathVariable">The folders to search, in the form of PATH; null for this process's own.</param>
    public static string? Find(string? pathVariable)
    {
        string? named = Environment.GetEnvironmentVariable(OverrideVariable);
        return !string.IsNullOrEmpty(named) ? ExecutableFinder.Find(named, pathVariable) ?? (ExecutableFinder.IsExecutable(named) ? Path.GetFullPath(named) : null)
            : ExecutableFinder.Find("docker", pathVariable) ?? ExecutableFinder.Find("podman", pathVariable);
    }
}
