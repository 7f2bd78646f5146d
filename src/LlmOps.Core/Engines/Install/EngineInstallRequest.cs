using LlmOps.Hardware;

namespace LlmOps.Engines.Install;

/// <summary>Which engine is to be installed, and from where.</summary>
public sealed record EngineInstallRequest
{
    /// <summary><c>llama.cpp</c> or <c>vllm</c>.</summary>
    public required string Engine { get; init; }

    /// <summary>Where from; null for the best source that can be reached.</summary>
    public InstallSource? Source { get; init; }

    /// <summary>The version: <c>0.7.0</c>, <c>b6123</c>, <c>0.21.0</c>; null for the newest that suits the machine.</summary>
    public string? Version { get; init; }

    /// <summary>The folder that gets the install as a folder of its own; null for the user's data folder.</summary>
    public string? Destination { get; init; }

    /// <summary>The name of the install and of its folder; null for one made of version, source and backend.</summary>
    public string? Name { get; init; }

    /// <summary>What it is to compute on.</summary>
    public EngineBackend Backend { get; init; }

    /// <summary>Instead of a network: the folder of llama.cpp's sources, a wheel of vLLM, or a folder of wheels.</summary>
    public string? SourcePath { get; init; }

    /// <summary>The image to pull instead of the engine's own: of a mirror, or of somebody's registry.</summary>
    public string? Image { get; init; }

    /// <summary>Further options of a build: <c>GGML_NATIVE=OFF</c>.</summary>
    public IReadOnlyList<string> BuildOptions { get; init; } = [];

    /// <summary>How many compilers run at once; null for one less than there are cores.</summary>
    public int? Jobs { get; init; }

    /// <summary>The Python of an environment; null for the best one on PATH.</summary>
    public string? Python { get; init; }

    /// <summary>The index of Python packages; null for pip's own setting.</summary>
    public string? Index { get; init; }

    /// <summary>The CUDA that wheels were built for (<c>13.0</c>, <c>12.9</c>); null for what the driver runs.</summary>
    public string? Cuda { get; init; }

    /// <summary>Further requirements of an environment, as pip takes them: <c>transformers==5.1.0</c>.</summary>
    public IReadOnlyList<string> Requirements { get; init; } = [];

    /// <summary>The wheel of a plugin, or a zip that has it in a folder <c>dist</c>.</summary>
    public string? Plugin { get; init; }

    /// <summary>Leave the system's packages alone; what is missing is then an error.</summary>
    public bool SkipPrerequisites { get; init; }

    /// <summary>Replace an install of the same name.</summary>
    public bool Force { get; init; }

    /// <summary>The machine that it is for; null for this one.</summary>
    public GpuTopology? Topology { get; init; }

    /// <summary>The folders to search for programs, in the form of PATH; null for this process's own.</summary>
    public string? PathVariable { get; init; }

    /// <summary>Where records of installs are kept.</summary>
    public string StateFolder { get; init; } = LlmOpsFolders.State;

    /// <summary>Where installs go that name no destination.</summary>
    public string DataFolder { get; init; } = LlmOpsFolders.Data;

    /// <summary>Where release archives are looked up; null for GitHub.</summary>
    public Uri? ReleaseApi { get; init; }
}
