namespace LlmOps.Hardware;

/// <summary>How a survey looks at a machine.</summary>
public sealed record SurveyOptions
{
    /// <summary>The folder that stands for <c>/</c>. Every file is read below it, and libraries and programs are looked up below it too.</summary>
    public string SystemRoot { get; init; } = "/";

    /// <summary>Who is asked for the GPUs.</summary>
    public TopologySource Source { get; init; } = TopologySource.Auto;

    /// <summary>How long a driver may take to answer everything; a hung one then costs this much and leaves a note.</summary>
    public TimeSpan DriverTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Where environment variables come from.</summary>
    public Func<string, string?> GetEnvironmentVariable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>Tells the time of the snapshot.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
