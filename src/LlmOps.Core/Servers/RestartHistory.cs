using System.Globalization;
using LlmOps.Configuration;

namespace LlmOps.Servers;

/// <summary>Decides whether a server that ended by itself is started again, from its policy and from how it ended before.</summary>
/// <param name="policy">The policy.</param>
/// <param name="random">Gives numbers from 0 to 1, for the jitter; null for the usual ones.</param>
internal sealed class RestartHistory(RestartPolicy policy, Func<double>? random = null)
{
    // Servers that fell together (a driver, a disk) should not all come back in the same instant.
    private const double Jitter = 0.2;

    // A crash that repeats will repeat again: each further round only hides the cause and wears the machine.
    private const int IdenticalFailuresLimit = 3;

    private static readonly TimeSpan s_longestDelay = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_provenReadiness = TimeSpan.FromMinutes(10);

    private bool _everReady;
    private int _restartsInARow;
    private string? _lastFailure;
    private int _identicalFailures;

    /// <summary>What to do now.</summary>
    /// <param name="Delay">How long to wait before the restart; null for no restart.</param>
    /// <param name="GaveUp">Why there is no restart although the policy wants one; null otherwise.</param>
    public sealed record Decision(TimeSpan? Delay, string? GaveUp);

    /// <summary>Decides about a run that has ended.</summary>
    /// <param name="succeeded">Whether it ended without an error.</param>
    /// <param name="readyFor">How long it was ready; null when it never was.</param>
    /// <param name="failure">What identifies the way it ended.</param>
    public Decision Decide(bool succeeded, TimeSpan? readyFor, string failure)
    {
        _everReady |= readyFor is not null;
        if (readyFor >= s_provenReadiness)
        {
            _restartsInARow = 0;
            _identicalFailures = 0;
        }

        _identicalFailures = failure == _lastFailure ? _identicalFailures + 1 : 1;
        _lastFailure = failure;

        bool wanted = policy.Mode switch
        {
            RestartMode.Always => true,
            RestartMode.OnFailure => !succeeded,
            _ => false,
        };
        if (!wanted || !_everReady)
        {
            return new Decision(null, null);
        }

        if (_restartsInARow >= policy.MaxRestarts)
        {
            return new Decision(null, string.Create(CultureInfo.InvariantCulture, $"given up after {policy.MaxRestarts} restarts"));
        }

        if (_identicalFailures >= IdenticalFailuresLimit)
        {
            return new Decision(null, string.Create(CultureInfo.InvariantCulture, $"given up after ending {_identicalFailures} times in a row in the same way"));
        }

        double jitter = 1 + (Jitter * ((2 * (random ?? Random.Shared.NextDouble)()) - 1));
        TimeSpan delay = TimeSpan.FromSeconds(Math.Min(s_longestDelay.TotalSeconds, policy.BackoffSeconds * Math.Pow(2, _restartsInARow)) * jitter);
        _restartsInARow++;
        return new Decision(delay, null);
    }
}
