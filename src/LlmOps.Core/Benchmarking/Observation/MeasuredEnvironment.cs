namespace LlmOps.Benchmarking.Observation;

/// <summary>What was measured on what, and how to do it again.</summary>
public sealed record MeasuredEnvironment
{
    /// <summary>Machine, GPUs, driver, engine, model and options, in the order to show.</summary>
    public IReadOnlyList<EnvironmentFact> Facts { get; init; } = [];

    /// <summary>The command line that the server was started with; null when it is not known. It holds no secret: keys travel by file.</summary>
    public string? ServerCommand { get; init; }

    /// <summary>The command that measured; null when it is not known.</summary>
    public string? MeasureCommand { get; init; }
}

/// <summary>One line about the environment.</summary>
/// <param name="Name">What it is about.</param>
/// <param name="Value">What is so.</param>
public sealed record EnvironmentFact(string Name, string Value);
