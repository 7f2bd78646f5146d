using System.IO.Enumeration;

namespace LlmOps.Diagnostics;

/// <summary>Which checks run, and which of their findings are given.</summary>
public sealed record CheckSelection
{
    /// <summary>All of them.</summary>
    public static CheckSelection All { get; } = new();

    /// <summary>Only these categories; empty for all.</summary>
    public IReadOnlyCollection<CheckCategory> Categories { get; init; } = [];

    /// <summary>Only these ids, with wildcards (<c>gpu.*</c>); empty for all.</summary>
    public IReadOnlyCollection<string> Ids { get; init; } = [];

    /// <summary>Not these ids, with wildcards.</summary>
    public IReadOnlyCollection<string> Exclude { get; init; } = [];

    /// <summary>Only findings of these statuses are given; empty for all. The checks run all the same.</summary>
    public IReadOnlyCollection<CheckStatus> Statuses { get; init; } = [];

    /// <summary>Whether a finding is to be given.</summary>
    public bool Gives(CheckResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return Statuses.Count == 0 || Statuses.Contains(result.Status);
    }

    /// <summary>Whether a check is selected.</summary>
    public bool Includes(string id, CheckCategory category) =>
        (Categories.Count == 0 || Categories.Contains(category))
        && (Ids.Count == 0 || Ids.Any(pattern => Matches(pattern, id)))
        && !Exclude.Any(pattern => Matches(pattern, id));

    /// <summary>Refuses names that no check has: a slip would otherwise check nothing and report that all is well.</summary>
    /// <exception cref="LlmOpsException"><c>CheckUnknown</c>.</exception>
    public void RequireKnown(IReadOnlyList<string> known)
    {
        foreach (string pattern in Ids.Concat(Exclude))
        {
            if (!known.Any(id => Matches(pattern, id)))
            {
                string advice = Spelling.Nearest(pattern, known) is { } near ? $"did you mean '{near}'?" : "see the list in docs/checks.md";
                throw new LlmOpsException($"there is no check '{pattern}'; {advice}", "CheckUnknown") { Kind = ErrorKind.NotFound };
            }
        }
    }

    private static bool Matches(string pattern, string id) => FileSystemName.MatchesSimpleExpression(pattern, id, ignoreCase: true);
}
