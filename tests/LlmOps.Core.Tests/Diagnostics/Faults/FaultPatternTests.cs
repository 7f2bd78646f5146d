using System.Text.RegularExpressions;
using LlmOps.Diagnostics;

namespace LlmOps.Tests.Diagnostics.Faults;

public sealed class FaultPatternTests
{
    [Fact]
    public void A_line_on_which_a_pattern_runs_away_is_read_all_the_same()
    {
        FaultPattern pattern = new(@"^(?<word>\w+\s?)*$", TimeSpan.FromMilliseconds(1));
        string line = new('a', 60);

        Assert.False(pattern.Match(line + "!").Success);
        Assert.True(pattern.RanAway);
        Assert.Equal(line, pattern.Match(line).Groups["word"].Value);
    }

    [Fact]
    public void Every_pattern_of_the_catalogue_can_be_matched_without_going_back()
    {
        IEnumerable<string?> patterns = FaultCatalogue.Default.Signatures.SelectMany(signature => new[] { signature.Pattern, signature.Unless, signature.Previous });

        Assert.All(patterns.OfType<string>(), pattern => _ = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture));
    }
}
