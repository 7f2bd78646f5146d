using System.Globalization;
using LlmOps.Cli.Output;
using LlmOps.Diagnostics;
using LlmOps.Diagnostics.Fixes;
using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary>What <c>llmops doctor</c> does about its findings.</summary>
internal static class DoctorFixes
{
    /// <summary>Applies what is safe, one at a time, asking before each.</summary>
    /// <returns>What the checks find then.</returns>
    public static async Task<List<CheckResult>> ApplyAsync(CheckRequest request, CheckSelection selection, IReadOnlyList<CheckResult> results, bool yes, CancellationToken cancellationToken)
    {
        EnvironmentMending.RequireThisMachine(request);
        EnvironmentMending mending = new(request, Runner());
        List<CheckResult> mended = [];
        foreach (CheckResult result in results)
        {
            CheckResult now = result;
            EnvironmentFix? fix = EnvironmentFix.Of(result);
            if (fix is { Apply.Count: > 0 } && (yes || Ask(fix)))
            {
                (now, FixRecord? done) = await mending.ApplyAsync(result, cancellationToken).ConfigureAwait(false);
                Tell(result.Id, now, done);
            }

            if (fix is { Leave.Count: > 0 } && now.Status is not (CheckStatus.Pass or CheckStatus.Skip))
            {
                Screen.Error.Line($"{result.Id}: left to you: {string.Join("; ", fix.Leave)}");
            }

            mended.Add(now);
        }

        return mending.HasApplied ? await mending.LookAgainAsync(selection, cancellationToken).ConfigureAwait(false) : mended;
    }

    /// <summary>Lists what was done, or takes some of it back.</summary>
    public static async Task<int> ShowAsync(string? undo, bool json, CancellationToken cancellationToken)
    {
        IReadOnlyList<FixRecord> records = undo is null ? FixRecords.Default.List() : [FixRecords.Default.Find(undo)[0]];
        if (undo is not null)
        {
            records = [await Runner().UndoAsync(records[0], cancellationToken).ConfigureAwait(false)];
        }

        if (json)
        {
            JsonOutput.Write(records, CliJson.Readable.IReadOnlyListFixRecord);
            return ExitCode.Success;
        }

        foreach (FixRecord record in records)
        {
            Screen.Output.Line($"{record.Name}: {record.Done}{(record.Succeeded ? string.Empty : " (failed)")}");
            Screen.Output.Line(record.UndoneAt is { } at ? $"  taken back {at.UtcDateTime.ToString("u", CultureInfo.InvariantCulture)}"
                : record.Undo.Count > 0 ? $"  take back: {string.Join("; ", record.Undo)}" : "  --undo has nothing to take back");
        }

        if (records.Count == 0)
        {
            Screen.Output.Line("Nothing was mended by 'llmops doctor --fix'.");
        }

        return ExitCode.Success;
    }

    private static FixRunner Runner()
    {
        SupervisorCommand command = SupervisorCommand.Find();
        return new FixRunner(FixRecords.Default, new FixOptions { LlmOpsCommand = command.LlmOps, LlmOpsEnvironment = command.Environment });
    }

    private static bool Ask(EnvironmentFix fix)
    {
        if (Console.IsInputRedirected)
        {
            Screen.Error.Line($"{fix.CheckId}: would run {fix.Text} (nobody to ask: --yes runs it)");
            return false;
        }

        Console.Error.Write($"{fix.CheckId}: {fix.Message}\nrun {fix.Text} ? [y/N] ");
        return Console.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    private static void Tell(string id, CheckResult now, FixRecord? done)
    {
        if (done is { Succeeded: false, Commands: [.., var failed] })
        {
            Screen.Error.Line($"{id}: '{failed.Text}' ended with exit code {failed.ExitCode}: {failed.Output}");
        }
        else
        {
            Screen.Error.Line(done is null ? $"{id}: mended by an earlier one" : $"{id}: ran {done.Done}; now: {now.Message}{(done.Undo.Count > 0 ? $" (take back: {string.Join("; ", done.Undo)})" : string.Empty)}");
        }
    }
}
