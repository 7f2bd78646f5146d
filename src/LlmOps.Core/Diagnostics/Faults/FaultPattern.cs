using System.Text.RegularExpressions;

namespace LlmOps.Diagnostics;

/// <summary>A pattern of the catalogue: cheap to make, and certain to end on any line.</summary>
/// <remarks>
/// A pattern that cannot run away takes .NET ten to a hundred times as long to prepare as to match one line, and a supervisor that has to say
/// why its engine died prepares dozens, once. So the ordinary kind goes first, with a limit, and the other kind takes over where it is reached.
/// </remarks>
/// <param name="pattern">The pattern. Nothing that needs backtracking: no look-around, no reference to a group.</param>
/// <param name="limit">How long the first kind may take for a line.</param>
internal sealed class FaultPattern(string pattern, TimeSpan limit)
{
    private const RegexOptions Common = RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;

    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(100);

    private Regex? _quick;
    private Regex? _certain;

    /// <summary>The same with the limit for logs.</summary>
    public FaultPattern(string pattern)
        : this(pattern, s_limit)
    {
    }

    /// <summary>Whether lines had to be left to the kind that cannot run away.</summary>
    public bool RanAway => _certain is not null;

    /// <summary>Looks for the pattern in a line.</summary>
    public Match Match(string line)
    {
        if (_certain is null)
        {
            try
            {
                return (_quick ??= new Regex(pattern, Common, limit)).Match(line);
            }
            catch (RegexMatchTimeoutException)
            {
                _certain = new Regex(pattern, Common | RegexOptions.NonBacktracking);
            }
        }

        return _certain.Match(line);
    }
}
