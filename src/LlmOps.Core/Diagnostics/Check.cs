using LlmOps.Diagnostics.Checks;
using LlmOps.Hardware;

namespace LlmOps.Diagnostics;

/// <summary>One environment check: a row of one of the groups in <c>Checks/</c>. To add one, add a row; the id's first part is its category.</summary>
internal sealed record Check
{
    private Check(string id, string summary, Func<CheckScope, CancellationToken, Task<Finding>> look)
    {
        Id = id;
        Category = Enum.Parse<CheckCategory>(id[..id.IndexOf('.', StringComparison.Ordinal)], ignoreCase: true);
        Summary = summary;
        Look = look;
    }

    /// <summary>Stable id: documentation, tests and scripts key on it.</summary>
    public string Id { get; }

    /// <summary>What it is about.</summary>
    public CheckCategory Category { get; }

    /// <summary>What is looked at, for the page of all checks.</summary>
    public string Summary { get; }

    /// <summary>Looks, and says what was found.</summary>
    public Func<CheckScope, CancellationToken, Task<Finding>> Look { get; }

    /// <summary>Whether it may wait for a disk or a file server without being able to give up.</summary>
    public bool MayBlock { get; init; }

    /// <summary>A check that looks at facts already gathered.</summary>
    public static Check OfFacts(string id, string summary, Func<CheckScope, Finding> look) => new(id, summary, (scope, _) => Task.FromResult(look(scope)));

    /// <summary>A check that reads files of the machine; skipped where only its topology is known.</summary>
    public static Check OfFiles(string id, string summary, Func<CheckScope, SystemFiles, Finding> look) =>
        new(id, summary, (scope, _) => Task.FromResult(scope.Files is { } files ? look(scope, files) : Finding.OtherMachine));

    /// <summary>A check that asks programs or waits for answers; skipped where only the machine's topology is known.</summary>
    public static Check OfTools(string id, string summary, Func<CheckScope, CancellationToken, Task<Finding>> look) =>
        new(id, summary, (scope, cancellationToken) => scope.Files is null ? Task.FromResult(Finding.OtherMachine) : look(scope, cancellationToken));
}
