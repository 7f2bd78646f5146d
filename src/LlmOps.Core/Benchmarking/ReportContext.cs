namespace LlmOps.Benchmarking;

/// <summary>What a reader of a report needs besides the figures.</summary>
public sealed record ReportContext
{
    /// <summary>The heading; null takes the server's name.</summary>
    public string? Title { get; init; }

    /// <summary>What was measured on what, in the order to show: GPU, driver, engine, model, options.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Environment { get; init; } = [];

    /// <summary>The command that repeats the measurement; null makes one from the results.</summary>
    public string? RepeatCommand { get; init; }
}
