namespace LlmOps.Diagnostics;

/// <summary>One environment check. To add one, add a class in Checks/ and a row in <see cref="EnvironmentChecks"/>.</summary>
internal abstract class Check
{
    /// <summary>Stable id: documentation, tests and scripts key on it.</summary>
    public abstract string Id { get; }

    /// <summary>What it is about.</summary>
    public abstract CheckCategory Category { get; }

    /// <summary>Looks, and says what was found.</summary>
    public abstract Task<CheckResult> RunAsync(CheckContext context, CancellationToken cancellationToken);

    /// <summary>In order.</summary>
    protected CheckResult Pass(string message, string? evidence = null) => new(Id, Category, CheckStatus.Pass, message, evidence, null);

    /// <summary>It will work, but not as well as it could.</summary>
    protected CheckResult Warn(string message, string? evidence, string remedy) => new(Id, Category, CheckStatus.Warn, message, evidence, remedy);

    /// <summary>It will not work.</summary>
    protected CheckResult Fail(string message, string? evidence, string remedy) => new(Id, Category, CheckStatus.Fail, message, evidence, remedy);

    /// <summary>Does not apply, or could not tell.</summary>
    protected CheckResult Skip(string message) => new(Id, Category, CheckStatus.Skip, message, null, null);
}

/// <summary>A check that looks at facts already gathered and waits for nothing.</summary>
internal abstract class FactCheck : Check
{
    /// <inheritdoc/>
    public sealed override Task<CheckResult> RunAsync(CheckContext context, CancellationToken cancellationToken) => Task.FromResult(Run(context));

    /// <summary>Looks, and says what was found.</summary>
    protected abstract CheckResult Run(CheckContext context);
}
