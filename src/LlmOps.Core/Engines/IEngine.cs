using LlmOps.Models;

namespace LlmOps.Engines;

/// <summary>
/// What LlmOps knows of one engine: where it is found, what it accepts, its options, its command line, how readiness shows.
/// To add an engine: implement this, name it in <see cref="KnownEngines"/>, and name its planner in <c>Planning/EnginePlanners</c>.
/// </summary>
internal interface IEngine
{
    /// <summary>As configurations name it.</summary>
    public string Name { get; }

    /// <summary>What it is called where no binary is named.</summary>
    public string Program { get; }

    /// <summary>Its options.</summary>
    public EngineOptionTable Options { get; }

    /// <summary>Options whose values are paths, so that relative ones can be resolved.</summary>
    public IReadOnlyList<EngineOption> PathOptions { get; }

    /// <summary>Where it answers that it is ready.</summary>
    public string HealthPath { get; }

    /// <summary>Where it serves its metrics.</summary>
    public string MetricsPath { get; }

    /// <summary>Words at the start of its command line that the entry point of its own container image says already.</summary>
    public int ImageEntryWords { get; }

    /// <summary>What the engine in a container image of that name accepts, where the name alone tells; null where the image has to be asked.</summary>
    public EngineCapabilities? ReadImage(string image);

    /// <summary>Why none was found and what to do, for a message.</summary>
    /// <param name="options">Where was looked.</param>
    public string NotFound(EngineLocatorOptions options);

    /// <summary>Whether it runs models of that format.</summary>
    public bool Runs(ModelFormat format);

    /// <summary>Where it is on this machine, best first.</summary>
    public Task<IReadOnlyList<string>> CandidatesAsync(EngineLocatorOptions options, CancellationToken cancellationToken);

    /// <summary>Whether a file that somebody named is this engine, as far as its name and what lies beside it tell.</summary>
    public bool IsProgram(string path);

    /// <summary>Reads what the binary at <paramref name="path"/> accepts.</summary>
    /// <exception cref="LlmOpsException">It is not there, does not start, or is another program.</exception>
    public Task<EngineCapabilities> ReadAsync(string path, EngineLocatorOptions options, CancellationToken cancellationToken);

    /// <summary>The command for <paramref name="launch"/>.</summary>
    /// <param name="launch">What is to run.</param>
    /// <param name="engine">The binary that will run; null for the newest known version.</param>
    /// <exception cref="EngineOptionException">The binary cannot be told an option.</exception>
    public LaunchCommand Render(EngineLaunch launch, EngineCapabilities? engine);
}
