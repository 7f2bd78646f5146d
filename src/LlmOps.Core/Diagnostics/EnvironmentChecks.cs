using System.Runtime.CompilerServices;
using LlmOps.Diagnostics.Checks;

namespace LlmOps.Diagnostics;

/// <summary>Looks for what will fail before it fails. Checks run side by side; one that hangs or breaks is a finding, not a hang or a crash.</summary>
public sealed class EnvironmentChecks
{
    private static readonly Check[] All =
    [
        new GpuDriverCheck(), new GpuPresentCheck(), new GpuMemoryHeldCheck(),
        new CpuInstructionsCheck(), new CpuQuotaCheck(), new ModelMemoryCheck(), new SwapCheck(),
        new SharedMemoryCheck(), new OpenFilesCheck(), new MemoryLockCheck(),
        new ContainerLimitCheck(), new WslCheck(),
        new EngineRunsCheck(), new EngineBackendCheck(), new EngineFlagsCheck(),
        new ModelCompleteCheck(), new ModelTemplateCheck(), new PlanFitsCheck(),
        new PortFreeCheck(), new AddressOursCheck(), new ExposureCheck(), new KeyFileCheck(), new StateFolderCheck(),
    ];

    private readonly TimeSpan _patience;

    /// <summary>Makes a run of checks.</summary>
    /// <param name="patience">How long one check may take; null for ten seconds.</param>
    public EnvironmentChecks(TimeSpan? patience = null) => _patience = patience ?? TimeSpan.FromSeconds(10);

    /// <summary>Ids of all checks, in order.</summary>
    public static IReadOnlyList<string> Ids => [.. All.Select(check => check.Id)];

    /// <summary>Runs the checks of <paramref name="categories"/> (all when empty) and yields what each found, in their order.</summary>
    public async IAsyncEnumerable<CheckResult> RunAsync(
        CheckContext context, IReadOnlyCollection<CheckCategory> categories, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Task<CheckResult>[] running = [.. All.Where(check => categories.Count == 0 || categories.Contains(check.Category)).Select(check => GuardedAsync(check, context, cancellationToken))];
        foreach (Task<CheckResult> check in running)
        {
            yield return await check.ConfigureAwait(false);
        }
    }

    /// <summary>Runs all checks.</summary>
    public IAsyncEnumerable<CheckResult> RunAsync(CheckContext context, CancellationToken cancellationToken) => RunAsync(context, [], cancellationToken);

    private async Task<CheckResult> GuardedAsync(Check check, CheckContext context, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(() => check.RunAsync(context, cancellationToken), cancellationToken).WaitAsync(_patience, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return new CheckResult(check.Id, check.Category, CheckStatus.Warn, $"the check did not finish within {_patience.TotalSeconds:0.#} s", null, "look at what it checks by hand: a driver or a disk may hang");
        }
#pragma warning disable CA1031 // Any failure of a check is itself a finding: the survey must always finish.
        catch (Exception problem) when (problem is not OperationCanceledException)
#pragma warning restore CA1031
        {
            return new CheckResult(check.Id, check.Category, CheckStatus.Skip, "the check could not tell", problem.Message, null);
        }
    }
}
