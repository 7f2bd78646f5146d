using System.Runtime.CompilerServices;
using LlmOps.Diagnostics.Checks;

namespace LlmOps.Diagnostics;

/// <summary>Looks for what will fail before it fails. Checks run side by side; one that hangs or breaks is a finding, not a hang or a crash.</summary>
public sealed class EnvironmentChecks
{
    private readonly TimeSpan _patience;
    private readonly IReadOnlyList<Check> _checks;

    /// <summary>Makes a run of checks.</summary>
    /// <param name="patience">How long one check may take; null for ten seconds.</param>
    public EnvironmentChecks(TimeSpan? patience = null)
        : this(All, patience ?? TimeSpan.FromSeconds(10))
    {
    }

    /// <summary>Makes a run of some checks.</summary>
    internal EnvironmentChecks(IReadOnlyList<Check> checks, TimeSpan patience) => (_checks, _patience) = (checks, patience);

    /// <summary>Ids of all checks, in order.</summary>
    public static IReadOnlyList<string> Ids => [.. All.Select(check => check.Id)];

    /// <summary>What each check looks at, by id, in order.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Summaries => [.. All.Select(check => KeyValuePair.Create(check.Id, check.Summary))];

    /// <summary>All checks, in the order of their results.</summary>
    internal static IReadOnlyList<Check> All { get; } =
    [
        .. DriverChecks.All, .. GpuChecks.All, .. KernelChecks.All, .. LinkChecks.All, .. CpuChecks.All, .. MemoryChecks.All, .. StorageChecks.All, .. LimitChecks.All, .. ContainerChecks.All,
        .. EngineChecks.All, .. PythonChecks.All, .. CompilerChecks.All, .. ModelChecks.All, .. NetworkChecks.All, .. SecurityChecks.All,
    ];

    /// <summary>Runs the checks of <paramref name="selection"/> and yields what each found, in their order.</summary>
    /// <exception cref="LlmOpsException"><c>CheckUnknown</c>: an id that no check has.</exception>
    public async IAsyncEnumerable<CheckResult> RunAsync(CheckContext context, CheckSelection selection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(selection);
        selection.RequireKnown([.. _checks.Select(check => check.Id)]);
        CheckScope scope = new(context);
        Task<CheckResult>[] running = [.. _checks.Where(check => selection.Includes(check.Id, check.Category)).Select(check => GuardedAsync(check, scope, cancellationToken))];
        foreach (Task<CheckResult> check in running)
        {
            yield return await check.ConfigureAwait(false);
        }
    }

    /// <summary>Runs all checks.</summary>
    public IAsyncEnumerable<CheckResult> RunAsync(CheckContext context, CancellationToken cancellationToken) => RunAsync(context, CheckSelection.All, cancellationToken);

    private async Task<CheckResult> GuardedAsync(Check check, CheckScope scope, CancellationToken cancellationToken)
    {
        // Cancelled when patience ends, so that programs which were asked do not stay behind.
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            return (await StartAsync(check, scope, limit.Token).WaitAsync(_patience, cancellationToken).ConfigureAwait(false)).ToResult(check);
        }
        catch (TimeoutException)
        {
            await limit.CancelAsync().ConfigureAwait(false);
            return Finding.Warn(
                $"the check did not finish within {_patience.TotalSeconds:0.#} s", $"looked at: {check.Summary}", "a driver, disk or program that hangs now will hang a server too", "look at what it checks by hand").ToResult(check);
        }
#pragma warning disable CA1031 // Any failure of a check is itself a finding: the survey must always finish.
        catch (Exception problem) when (problem is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return (Finding.Skip("the check could not tell") with { Evidence = problem.Message }).ToResult(check);
        }
    }

    // A thread of its own for what may block: the pool has as many as processors, and others wait for them.
    private static Task<Finding> StartAsync(Check check, CheckScope scope, CancellationToken cancellationToken) => check.MayBlock
        ? Task.Factory.StartNew(() => check.Look(scope, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()
        : Task.Run(() => check.Look(scope, cancellationToken), cancellationToken);
}
