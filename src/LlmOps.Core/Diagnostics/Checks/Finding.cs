namespace LlmOps.Diagnostics.Checks;

/// <summary>What a check found.</summary>
/// <param name="Status">The outcome.</param>
/// <param name="Message">What was found, in one sentence.</param>
/// <param name="Evidence">What was seen; null when there is nothing to show.</param>
internal sealed record Finding(CheckStatus Status, string Message, string? Evidence = null)
{
    /// <summary>Of that machine only the topology is known.</summary>
    public static Finding OtherMachine { get; } = Skip("of that machine only its topology is known");

    /// <summary>Why it matters for this machine, model and configuration.</summary>
    public string? Why { get; init; }

    /// <summary>What to do.</summary>
    public Remedy? Remedy { get; init; }

    /// <summary>Whether a server cannot start until it is mended.</summary>
    public bool Blocks { get; init; }

    /// <summary>In order.</summary>
    public static Finding Pass(string message, string? evidence = null) => new(CheckStatus.Pass, message, evidence);

    /// <summary>Does not apply, or could not tell.</summary>
    public static Finding Skip(string message) => new(CheckStatus.Skip, message);

    /// <summary>It will work, but not as well as it could.</summary>
    public static Finding Warn(string message, string? evidence, string why, Remedy remedy) => new(CheckStatus.Warn, message, evidence) { Why = why, Remedy = remedy };

    /// <summary>It will not work, and a server cannot start.</summary>
    public static Finding Fail(string message, string? evidence, string why, Remedy remedy) => new(CheckStatus.Fail, message, evidence) { Why = why, Remedy = remedy, Blocks = true };

    /// <summary>A server would start, and not do what is wanted.</summary>
    public Finding WithoutBlocking() => this with { Blocks = false };

    /// <summary>The same as a result of <paramref name="check"/>.</summary>
    public CheckResult ToResult(Check check) => new(check.Id, check.Category, Status, Message, Evidence, Remedy?.ToString())
    {
        Why = Why,
        Blocks = Blocks,
        Commands = Remedy?.Commands ?? [],
    };
}
