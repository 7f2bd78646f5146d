using System.Globalization;
using LlmOps.Processes;

namespace LlmOps.Diagnostics.Fixes;

/// <summary>Applies fixes one at a time, remembers what was done, and takes it back.</summary>
/// <param name="records">Where it is remembered.</param>
/// <param name="options">How commands are run.</param>
public sealed class FixRunner(FixRecords records, FixOptions options)
{
    private const int KeptOutput = 4000;

    /// <summary>Runs the safe commands of <paramref name="fix"/> until one fails, and remembers them.</summary>
    /// <exception cref="LlmOpsException"><c>FixHasNothingSafe</c>: all of its commands are for a person to decide.</exception>
    public async Task<FixRecord> ApplyAsync(EnvironmentFix fix, CancellationToken cancellationToken)
    {
        if (fix.Apply.Count == 0)
        {
            throw new LlmOpsException($"{fix.CheckId} has no command that may be run without asking; run it by hand: {string.Join("; ", fix.Leave)}", "FixHasNothingSafe");
        }

        DateTimeOffset at = options.Time.GetUtcNow();
        FixRecord record = new()
        {
            Name = string.Create(CultureInfo.InvariantCulture, $"{at.UtcDateTime:yyyyMMddTHHmmss.fff}-{fix.CheckId}"),
            CheckId = fix.CheckId,
            Message = fix.Message,
            At = at,
            User = Environment.UserName,
            Left = [.. fix.Leave.Select(command => command.Text)],
        };
        foreach (RemedyCommand command in fix.Apply)
        {
            // Written before each command: one that never returns has been seen to start.
            records.Write(record with { Commands = [.. record.Commands, new FixCommand(command.Text, -1, "not finished") { Undo = command.Undo, NeedsRoot = command.NeedsRoot }] });
            FixCommand done = await RunAsync(command, cancellationToken).ConfigureAwait(false);
            record = record with { Commands = [.. record.Commands, done], Succeeded = done.ExitCode == 0 };
            records.Write(record);
            if (!record.Succeeded)
            {
                break;
            }
        }

        return record;
    }

    /// <summary>Takes back what <paramref name="record"/> says was done, the last first.</summary>
    /// <returns>The record, with the time.</returns>
    /// <exception cref="LlmOpsException"><c>FixNotUndoable</c>: there is nothing to take back; <c>FixUndoFailed</c>: a command failed.</exception>
    public async Task<FixRecord> UndoAsync(FixRecord record, CancellationToken cancellationToken)
    {
        FixCommand[] toUndo = [.. record.Commands.Reverse().Where(command => command.ExitCode == 0 && command.Undo is not null)];
        if (record.UndoneAt is not null || toUndo.Length == 0)
        {
            throw new LlmOpsException(record.UndoneAt is null ? $"nothing of {record.Name} can be taken back: {record.Done}" : $"{record.Name} was taken back already", "FixNotUndoable");
        }

        foreach (FixCommand command in toUndo)
        {
            FixCommand undone = await RunAsync(new RemedyCommand(command.Undo!) { NeedsRoot = command.NeedsRoot }, cancellationToken).ConfigureAwait(false);
            if (undone.ExitCode != 0)
            {
                throw new LlmOpsException($"'{undone.Text}' of {record.Name} ended with exit code {undone.ExitCode}: {undone.Output.ReplaceLineEndings(" ")}; take it back by hand", "FixUndoFailed") { Kind = ErrorKind.ServerFailed };
            }
        }

        FixRecord taken = record with { UndoneAt = options.Time.GetUtcNow() };
        records.Write(taken);
        return taken;
    }

    private async Task<FixCommand> RunAsync(RemedyCommand command, CancellationToken cancellationToken)
    {
        string[] line = [.. command.NeedsRoot && !options.IsRoot ? options.SudoCommand : [], .. command.Arguments is ["llmops", ..] ? [.. options.LlmOpsCommand, .. command.Arguments.Skip(1)] : command.Arguments];
        FixCommand done = new(command.Text, 0, string.Empty) { Undo = command.Undo, NeedsRoot = command.NeedsRoot };
        try
        {
            ProcessRequest request = new(line[0], line[1..])
            {
                Input = command.Input,
                Timeout = options.Patience,
                Environment = new Dictionary<string, string?>(options.LlmOpsEnvironment.Select(variable => KeyValuePair.Create(variable.Key, (string?)variable.Value))) { ["LC_ALL"] = "C", ["DEBIAN_FRONTEND"] = "noninteractive" },
            };
            ProcessResult result = await ProcessRunner.RunAsync(request, cancellationToken).ConfigureAwait(false);
            string said = (result.StandardOutput + result.StandardError).Trim();
            return done with { ExitCode = result.ExitCode, Output = said.Length > KeptOutput ? said[^KeptOutput..] : said };
        }
        catch (Exception problem) when (problem is ProcessStartException or TimeoutException)
        {
            return done with { ExitCode = -1, Output = problem.Message };
        }
    }
}
