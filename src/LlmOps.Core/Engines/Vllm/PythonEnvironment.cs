namespace LlmOps.Engines.Vllm;

/// <summary>An environment of Python, read from its files; nothing of it is started.</summary>
public sealed record PythonEnvironment
{
    /// <summary>How it was made.</summary>
    public required PythonEnvironmentKind Kind { get; init; }

    /// <summary>Its folder.</summary>
    public required string Folder { get; init; }

    /// <summary>Its name: of a conda environment the folder's, else the folder.</summary>
    public string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Folder)) is { Length: > 0 } name ? name : Folder;

    /// <summary>Python's version: <c>3.10.20</c>, <c>3.12</c> where only the folder tells; null when nothing does.</summary>
    public string? PythonVersion { get; init; }

    /// <summary>Versions of the distributions that decide what an engine can do, by name in lower case: <c>vllm</c>, <c>torch</c>, <c>flashinfer-python</c>, …</summary>
    public IReadOnlyDictionary<string, string> Packages { get; init; } = new Dictionary<string, string>();

    /// <summary>The CUDA that torch was built for: <c>13.0</c>; null for a build without one, and where nothing says so.</summary>
    public string? TorchCuda { get; init; }

    /// <summary>Distributions that plug into vLLM.</summary>
    public IReadOnlyList<VllmPlugin> Plugins { get; init; } = [];

    /// <summary>The version of a distribution; null when it is not installed.</summary>
    public string? VersionOf(string distribution) => Packages.GetValueOrDefault(distribution);
}

/// <summary>How an environment of Python was made.</summary>
public enum PythonEnvironmentKind
{
    /// <summary>The system's own Python, with what was installed for all users or for this one.</summary>
    System,

    /// <summary>conda, mamba, micromamba.</summary>
    Conda,

    /// <summary>venv or virtualenv.</summary>
    Venv,

    /// <summary>A venv that uv made, or one of its tools.</summary>
    Uv,

    /// <summary>A container image.</summary>
    Image,
}

/// <summary>A distribution that plugs into vLLM.</summary>
/// <param name="Name">The distribution: <c>caovan-vllm-sm75-turbo3</c>.</param>
/// <param name="Version">Its version.</param>
/// <param name="EntryPoints">What it plugs into: <c>vllm.general_plugins</c>, <c>vllm.platform_plugins</c>, …; empty for one known by its launcher.</param>
/// <param name="Launcher">Full path of a launcher of its own that takes the place of <c>vllm serve</c>; null when it has none.</param>
public sealed record VllmPlugin(string Name, string Version, IReadOnlyList<string> EntryPoints, string? Launcher);
