using System.Buffers;

namespace LlmOps.Diagnostics;

/// <summary>Finds the signatures whose hints a line holds in one pass over the line, however many signatures there are.</summary>
internal sealed class HintIndex
{
    private readonly SearchValues<string> _any;
    private readonly Dictionary<char, (string Hint, int Row)[]> _byFirstLetter;

    public HintIndex(IReadOnlyList<FaultSignature> signatures)
    {
        (string Hint, int Row)[] hints = [.. signatures.SelectMany((signature, row) => signature.Hints.Select(hint => (hint, row)))];
        _any = SearchValues.Create([.. hints.Select(entry => entry.Hint).Distinct(StringComparer.OrdinalIgnoreCase)], StringComparison.OrdinalIgnoreCase);
        _byFirstLetter = hints.GroupBy(entry => char.ToUpperInvariant(entry.Hint[0])).ToDictionary(group => group.Key, group => group.ToArray());
    }

    /// <summary>The rows with a hint in <paramref name="line"/>, in the catalogue's order; empty for most lines.</summary>
    public IReadOnlyCollection<int> Candidates(string line)
    {
        ReadOnlySpan<char> rest = line;
        SortedSet<int>? rows = null;
        while (rest.IndexOfAny(_any) is var position and >= 0)
        {
            rest = rest[position..];
            foreach ((string hint, int row) in _byFirstLetter[char.ToUpperInvariant(rest[0])])
            {
                if (rest.StartsWith(hint, StringComparison.OrdinalIgnoreCase))
                {
                    (rows ??= []).Add(row);
                }
            }

            rest = rest[1..];
        }

        return rows is null ? [] : rows;
    }
}
