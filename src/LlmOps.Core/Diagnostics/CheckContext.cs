using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.Vllm;
using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Diagnostics;

/// <summary>What the checks look at. Null means that it was not asked about.</summary>
public sealed record CheckContext
{
    /// <summary>The machine.</summary>
    public required GpuTopology Topology { get; init; }

    /// <summary>The engine's binary; null when none was found.</summary>
    public EngineCapabilities? Engine { get; init; }

    /// <summary>Why the engine could not be read; null when it could, or when there is none.</summary>
    public string? EngineProblem { get; init; }

    /// <summary>The binary that was tried, where <see cref="Engine"/> could not be read.</summary>
    public string? EnginePath { get; init; }

    /// <summary>The Python environment with vLLM, where another engine is the one to be used.</summary>
    public PythonEnvironment? Python { get; init; }

    /// <summary>The model.</summary>
    public ModelDescription? Model { get; init; }

    /// <summary>Why the model could not be read; null when it could, or when none was named.</summary>
    public string? ModelProblem { get; init; }

    /// <summary>The configuration to be started.</summary>
    public ServerConfig? Config { get; init; }

    /// <summary>Roles that clients send besides system, user and assistant: <c>developer</c>, <c>tool</c>.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>The folder that stands for <c>/</c>: every file of the machine is read below it. Null when <see cref="Topology"/> is another machine's.</summary>
    public string? SystemRoot { get; init; } = "/";

    /// <summary>The folders that programs are looked for in, in the form of PATH; null for this process's own.</summary>
    public string? PathVariable { get; init; }

    /// <summary>The user's home folder.</summary>
    public string Home { get; init; } = LlmOpsFolders.Home;

    /// <summary>Where environment variables come from.</summary>
    public Func<string, string?> GetEnvironmentVariable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>How the speed of disks is sampled.</summary>
    internal Func<IReadOnlyList<string>, Checks.FileSamples> SampleFiles { get; init; } = Checks.FileSamples.Take;
}
