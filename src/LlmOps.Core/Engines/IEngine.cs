using System.Text.Json;
using LlmOps.Models;

namespace LlmOps.Engines;

/// <summary>
/// What LlmOps knows of one engine: where it is found, what it accepts, its options, its command line, its log, how readiness shows.
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

    /// <summary>Where a server that is ready says what it made of its options, as JSON.</summary>
    public string FactsPath { get; }

    /// <summary>The variable from which it takes its API key; null when it reads the key from a file.</summary>
    public string? ApiKeyVariable { get; }

    /// <summary>Flags with a value, and words, that have no influence on the memory it takes: names, addresses, keys.</summary>
    public IReadOnlyList<string> MemorylessArguments { get; }

    /// <summary>Folders of its user's home that it writes to, such as caches of compiled code.</summary>
    public IReadOnlyList<string> WrittenFolders { get; }

    /// <summary>Where it serves its metrics.</summary>
    public string MetricsPath { get; }

    /// <summary>Words at the start of its command line that the entry point of its own container image says already.</summary>
    public int ImageEntryWords { get; }

    /// <summary>The size of <c>/dev/shm</c>, as docker writes it, that a container of it needs whose memory is not the host's; null for docker's own.</summary>
    public string? SharedMemorySize(OptionSet options);

    /// <summary>A reader of one run's log.</summary>
    /// <param name="devices">The devices that the run was given, by the engine's names, in order.</param>
    public IEngineLog NewLog(IReadOnlyList<string> devices);

    /// <summary>Reads what <see cref="FactsPath"/> answered.</summary>
    public ServerFacts ReadFacts(JsonElement answer);

    /// <summary>What the engine in a container image of that name accepts, where the name alone tells; null where the image has to be asked.</summary>
    public EngineCapabilities? ReadImage(string image);

    /// <summary>Why none was found and what to do, for a message.</summary>
    /// <param name="options">Where was looked.</param>
    public string NotFound(EngineLocatorOptions options);

    /// <summary>Whether it runs models of that format.</summary>
    public bool Runs(ModelFormat format);

    /// <summary>Where it is on this machine, best first.</summary>
    public Task<IReadOnlyList<string>> CandidatesAsync(EngineLocatorOptions options, CancellationToken cancellationToken);

    /// <summary>The program of that name where this engine keeps programs beside PATH; null when there is none.</summary>
    public string? FindProgram(string name, EngineLocatorOptions options);

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
