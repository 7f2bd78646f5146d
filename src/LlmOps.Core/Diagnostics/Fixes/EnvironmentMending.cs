namespace LlmOps.Diagnostics.Fixes;

/// <summary>Mends findings one at a time, and looks again after each: only a check says whether something is mended.</summary>
/// <param name="request">What is checked.</param>
/// <param name="runner">What applies fixes.</param>
public sealed class EnvironmentMending(CheckRequest request, FixRunner runner)
{
    /// <summary>Whether anything was changed.</summary>
    public bool HasApplied { get; private set; }

    /// <summary>Refuses to mend a machine by looking at another one.</summary>
    /// <exception cref="LlmOpsException"><c>FixOtherMachine</c>.</exception>
    public static void RequireThisMachine(CheckRequest request)
    {
        if (request.IsOtherMachine)
        {
            throw new LlmOpsException("the topology is of another machine, and what was found there cannot be mended here; run it on that machine, or leave the topology out", "FixOtherMachine");
        }
    }

    /// <summary>Applies what is safe about <paramref name="result"/> and looks again.</summary>
    /// <returns>What the check finds now, and what was done; nothing was where an earlier fix had mended it already.</returns>
    public async Task<(CheckResult Result, FixRecord? Done)> ApplyAsync(CheckResult result, CancellationToken cancellationToken)
    {
        CheckResult now = HasApplied ? await LookAgainAsync(result, cancellationToken).ConfigureAwait(false) : result;
        if (EnvironmentFix.Of(now) is not { Apply.Count: > 0 } fix)
        {
            return (now, null);
        }

        HasApplied = true;
        FixRecord done = await runner.ApplyAsync(fix, cancellationToken).ConfigureAwait(false);
        return (await LookAgainAsync(now, cancellationToken).ConfigureAwait(false), done);
    }

    /// <summary>What the checks of <paramref name="selection"/> find now: what was mended may let others look at more, as an engine does.</summary>
    public async Task<List<CheckResult>> LookAgainAsync(CheckSelection selection, CancellationToken cancellationToken)
    {
        CheckContext context = await CheckContextReader.ReadAsync(request, cancellationToken).ConfigureAwait(false);
        return await new EnvironmentChecks().RunAsync(context, selection, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<CheckResult> LookAgainAsync(CheckResult result, CancellationToken cancellationToken) =>
        (await LookAgainAsync(new CheckSelection { Ids = [result.Id] }, cancellationToken).ConfigureAwait(false))[0];
}
