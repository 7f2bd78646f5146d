namespace LlmOps.Engines.Vllm;

/// <summary>Where environments of Python are looked for.</summary>
public sealed record PythonPlaces
{
    /// <summary>The user's home folder.</summary>
    public required string Home { get; init; }

    /// <summary>The folder that was being worked in.</summary>
    public required string WorkingFolder { get; init; }

    /// <summary>The active conda environment (<c>CONDA_PREFIX</c>).</summary>
    public string? CondaPrefix { get; init; }

    /// <summary>The active venv (<c>VIRTUAL_ENV</c>).</summary>
    public string? VirtualEnvironment { get; init; }

    /// <summary>Roots below which <c>lib/python3.*/site-packages</c> or <c>dist-packages</c> belong to the system.</summary>
    public IReadOnlyList<string> SystemPrefixes { get; init; } = ["/usr/local", "/usr"];

    /// <summary>Places where conda is usually installed for all users.</summary>
    public IReadOnlyList<string> SharedCondaBases { get; init; } = ["/opt/conda", "/opt/miniconda3", "/opt/miniforge3", "/opt/anaconda3"];

    /// <summary>This machine, as its environment variables have it.</summary>
    public static PythonPlaces OfThisMachine() => new()
    {
        Home = LlmOpsFolders.Home,
        WorkingFolder = Directory.GetCurrentDirectory(),
        CondaPrefix = Environment.GetEnvironmentVariable("CONDA_PREFIX"),
        VirtualEnvironment = Environment.GetEnvironmentVariable("VIRTUAL_ENV"),
    };
}
