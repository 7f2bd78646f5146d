using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Diagnostics;

namespace LlmOps.Commands;

/// <summary>The base of the cmdlets that run checks and give what each found, or just whether none failed.</summary>
public abstract class CheckCommand : LlmOpsCommand
{
    private readonly Dictionary<CheckStatus, int> _counts = [];
    private bool _failed;

    /// <summary>Give true or false: whether no check failed.</summary>
    [Parameter(HelpMessage = "Give true or false: whether no check failed.")]
    public SwitchParameter Quiet { get; set; }

    /// <summary>Only findings of these statuses.</summary>
    [Parameter(HelpMessage = "Only findings of these statuses: Pass, Warn, Fail, Skip. All checks run; -Quiet asks them all.")]
    public CheckStatus[] Status { get; set; } = [];

    /// <inheritdoc />
    protected override void End()
    {
        WriteVerbose($"Checks: {string.Join(", ", _counts.OrderBy(count => count.Key).Select(count => $"{count.Value} {count.Key}"))}.");
        if (Quiet)
        {
            WriteObject(!_failed);
        }
    }

    /// <summary>Runs checks and writes what they find.</summary>
    /// <param name="request">What is to be checked; its engine path as it was given.</param>
    /// <param name="selection">Which checks.</param>
    protected void Check(CheckRequest request, CheckSelection selection)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(selection);
        selection.RequireKnown(EnvironmentChecks.Ids);
        selection = selection with { Statuses = Status };
        request = request with { EnginePath = EngineChoice.PathOf(this, request.EnginePath) };
        if (request.Model is { } model)
        {
            try
            {
                request = request with { Model = FilePaths.Existing(this, model) };
            }
            catch (LlmOpsException problem)
            {
                _failed = true;
                WriteError(ErrorRecords.From(problem, model));
                request = request with { Model = null };
            }
        }

        CheckContext context;
        try
        {
            context = Await(stop => CheckContextReader.ReadAsync(request, stop));
        }
        catch (LlmOpsException)
        {
            _failed = true;
            throw;
        }

        IAsyncEnumerable<CheckResult> Run(CancellationToken stop) => new EnvironmentChecks().RunAsync(context, selection, stop);
        if (!IsMending)
        {
            Stream(Run, result => Write(result, selection));
            return;
        }

        // All are looked at before anything is changed.
        List<CheckResult> results = [];
        Stream(Run, results.Add);
        foreach (CheckResult mended in Mend(request, selection, results))
        {
            Write(mended, selection);
        }
    }

    /// <summary>Whether what is found is mended.</summary>
    protected virtual bool IsMending => false;

    /// <summary>Mends what was found, and gives what is found then.</summary>
    protected virtual IEnumerable<CheckResult> Mend(CheckRequest request, CheckSelection selection, IReadOnlyList<CheckResult> results) => results;

    private void Write(CheckResult result, CheckSelection selection)
    {
        _failed |= result.Status == CheckStatus.Fail;
        _counts[result.Status] = _counts.GetValueOrDefault(result.Status) + 1;
        if (Quiet && result.Status == CheckStatus.Fail)
        {
            WriteVerbose($"{result.Id}: {result.Message} {result.Remedy}");
        }
        else if (!Quiet && selection.Gives(result))
        {
            WriteObject(result);
        }
    }
}
