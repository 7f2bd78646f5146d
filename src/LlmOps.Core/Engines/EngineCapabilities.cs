using System.Text.Json.Serialization;
using LlmOps.Engines.Vllm;

namespace LlmOps.Engines;

/// <summary>What one engine binary accepts, read from the binary itself.</summary>
public sealed record EngineCapabilities
{
    /// <summary>Which engine: <c>llama.cpp</c>, <c>vllm</c>.</summary>
    public required string Engine { get; init; }

    /// <summary>Full path of the binary (or of the script that starts it).</summary>
    public required string Path { get; init; }

    /// <summary>Version as the binary prints it: <c>0.7.0</c>, <c>b3277</c>; null when it prints none.</summary>
    public string? Version { get; init; }

    /// <summary>Build number; null when it prints none.</summary>
    public int? Build { get; init; }

    /// <summary>Commit; null when it prints none.</summary>
    public string? Commit { get; init; }

    /// <summary>Every flag that its help names.</summary>
    public IReadOnlyList<EngineFlag> Flags { get; init; } = [];

    /// <summary>The Python environment it is installed in; null for an engine that needs none.</summary>
    public PythonEnvironment? Python { get; init; }

    /// <summary>What keeps it from running, one line each; empty for an engine that can.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>What keeps engines that come before this one (on PATH) from running, one line each; empty where this one comes first.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> PassedOver { get; init; } = [];

    /// <summary>Devices that it can compute on besides the processor, in its own order.</summary>
    public IReadOnlyList<EngineDevice> Devices { get; init; } = [];

    /// <summary>The flag that has <paramref name="spelling"/> (<c>--ctx-size</c>, <c>-c</c>) among its names; null when the binary has none.</summary>
    public EngineFlag? Find(string spelling)
    {
        foreach (EngineFlag flag in Flags)
        {
            if (flag.Names.Contains(spelling))
            {
                return flag;
            }
        }

        return null;
    }
}

/// <summary>One command-line flag of an engine.</summary>
/// <param name="Names">All spellings: <c>-c</c>, <c>--ctx-size</c>.</param>
/// <param name="Argument">What its value is called in the help (<c>N</c>, <c>[on|off|auto]</c>); null for a switch.</param>
/// <param name="Choices">The values that the help lists; empty when it lists none.</param>
/// <param name="Help">The help text, on one line.</param>
/// <param name="Environment">The environment variable that sets it; null when there is none.</param>
public sealed record EngineFlag(
    IReadOnlyList<string> Names, string? Argument, IReadOnlyList<string> Choices, string Help, string? Environment)
{
    /// <summary>Whether the flag wants a value after it.</summary>
    public bool TakesValue => Argument is not null;
}

/// <summary>A device as an engine names it.</summary>
/// <param name="Name">The engine's name: <c>CUDA0</c>, <c>Vulkan1</c>.</param>
/// <param name="Description">The product name that the engine prints.</param>
/// <param name="TotalBytes">Memory in bytes; null when not printed.</param>
/// <param name="FreeBytes">Free memory in bytes; null when not printed.</param>
public sealed record EngineDevice(string Name, string Description, long? TotalBytes, long? FreeBytes);
