using System.Globalization;
using System.Text.RegularExpressions;
using LlmOps.Diagnostics;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>The page of all checks says what the code has.</summary>
public sealed partial class ChecksPageTests
{
    [Fact]
    public void The_page_has_a_row_for_each_check_in_the_order_of_the_code()
    {
        string[] rows = [.. File.ReadAllLines(Path.Combine(Repository.Root, "docs", "checks.md")).Where(line => Row().IsMatch(line))];

        Assert.Equal(EnvironmentChecks.Summaries.Select(check => $"| `{check.Key}` | {check.Value} |"), rows);
    }

    [Fact]
    public void The_page_says_how_many_there_are() =>
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"{EnvironmentChecks.Ids.Count} checks"), File.ReadAllText(Path.Combine(Repository.Root, "docs", "checks.md")), StringComparison.Ordinal);

    [GeneratedRegex(@"^\| `[a-z]+\.[a-z0-9-]+` \|")]
    private static partial Regex Row();
}
