using LlmOps.Diagnostics;
using LlmOps.Diagnostics.Fixes;
using LlmOps.Tests;

namespace LlmOps.Core.Tests.Diagnostics.Fixes;

public sealed class FixRunnerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llmops-fixes-").FullName;

    public FixRunnerTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands are those of Linux.");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private FixRecords Records => new(Path.Combine(_folder, "state"));

    [Fact]
    public async Task Safe_commands_are_run_in_order_recorded_with_their_undo_and_taken_back_backwards()
    {
        string folder = Path.Combine(_folder, "made");
        string file = Path.Combine(folder, "a file");
        EnvironmentFix fix = Of(
            new RemedyCommand(["mkdir", folder]) { Safe = true, Undo = ["rmdir", folder] },
            new RemedyCommand(["tee", file]) { Safe = true, Input = "vm.x = 1\n", Undo = ["rm", file] });

        FixRecord record = await Runner().ApplyAsync(fix, TestContext.Current.CancellationToken);

        Assert.True(record.Succeeded);
        Assert.Equal("vm.x = 1\n", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal("20261121T090000.000-limits.memlock", record.Name);
        FixRecord read = Assert.Single(Records.List());
        Assert.Equal([$"mkdir {folder}", $"echo 'vm.x = 1' | tee '{file}'"], read.Commands.Select(command => command.Text));
        Assert.Equal([$"rm '{file}'", $"rmdir {folder}"], read.Undo); // In any other order rmdir would fail.

        await Runner().UndoAsync(read, TestContext.Current.CancellationToken);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task An_undo_that_fails_says_what_to_do_by_hand()
    {
        FixRecord record = await Runner().ApplyAsync(Of(new RemedyCommand(["true"]) { Safe = true, Undo = ["rmdir", "/proc/no-such-folder"] }), TestContext.Current.CancellationToken);
        LlmOpsException problem = await Assert.ThrowsAsync<LlmOpsException>(() => Runner().UndoAsync(record, TestContext.Current.CancellationToken));
        Assert.Equal("FixUndoFailed", problem.ErrorId);
        Assert.StartsWith($"'rmdir /proc/no-such-folder' of {record.Name} ended with exit code 1: rmdir: ", problem.Message, StringComparison.Ordinal);
        Assert.Null(Assert.Single(Records.List()).UndoneAt);
    }

    [Fact]
    public async Task What_was_taken_back_is_not_taken_back_twice()
    {
        string file = Path.Combine(_folder, "key");
        await File.WriteAllTextAsync(file, "secret", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        FixRecord record = await Runner().ApplyAsync(Of(new RemedyCommand(["chmod", "600", file]) { Safe = true, Undo = ["chmod", "604", file] }), TestContext.Current.CancellationToken);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

        FixRecord undone = await Runner().UndoAsync(record, TestContext.Current.CancellationToken);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead, File.GetUnixFileMode(file));
        Assert.NotNull(Assert.Single(Records.List()).UndoneAt);
        Assert.Equal("FixNotUndoable", (await Assert.ThrowsAsync<LlmOpsException>(() => Runner().UndoAsync(undone, TestContext.Current.CancellationToken))).ErrorId);
    }

    [Fact]
    public async Task A_command_that_fails_ends_it_and_what_it_said_is_kept()
    {
        string never = Path.Combine(_folder, "never");
        FixRecord record = await Runner().ApplyAsync(
            Of(new RemedyCommand(["sh", "-c", "echo no such sysctl >&2; exit 3"]) { Safe = true, Undo = ["true"] }, new RemedyCommand(["touch", never]) { Safe = true }), TestContext.Current.CancellationToken);
        Assert.False(record.Succeeded);
        FixCommand failed = Assert.Single(record.Commands);
        Assert.Equal((3, "no such sysctl"), (failed.ExitCode, failed.Output));
        Assert.False(File.Exists(never));
        Assert.Empty(record.Undo);
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_a_failure_not_a_crash()
    {
        FixRecord record = await Runner().ApplyAsync(Of(new RemedyCommand(["no-such-program-of-llmops"]) { Safe = true }), TestContext.Current.CancellationToken);
        Assert.Equal(-1, Assert.Single(record.Commands).ExitCode);
        Assert.Contains("could not be started", record.Commands[0].Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task From_the_first_dangerous_command_on_everything_is_left_to_a_person()
    {
        string never = Path.Combine(_folder, "never");
        EnvironmentFix fix = Of(
            new RemedyCommand(["true"]) { Safe = true },
            new RemedyCommand(["reboot"]) { NeedsRoot = true },
            new RemedyCommand(["touch", never]) { Safe = true });
        Assert.Equal(["true"], fix.Apply.Select(command => command.Text));
        FixRecord record = await Runner().ApplyAsync(fix, TestContext.Current.CancellationToken);
        Assert.Equal(["sudo reboot", $"touch {never}"], record.Left);
        Assert.False(File.Exists(never));

        EnvironmentFix dangerous = Of(new RemedyCommand(["reboot"]));
        LlmOpsException refused = await Assert.ThrowsAsync<LlmOpsException>(() => Runner().ApplyAsync(dangerous, TestContext.Current.CancellationToken));
        Assert.Equal("limits.memlock has no command that may be run without asking; run it by hand: reboot", refused.Message);
    }

    [Fact]
    public async Task Root_is_asked_for_only_where_it_is_needed_and_missing()
    {
        string calls = Path.Combine(_folder, "calls");
        string sudo = Path.Combine(_folder, "sudo");
        await File.WriteAllTextAsync(sudo, $"#!/bin/sh\necho \"$@\" >> '{calls}'\ncat >> '{calls}'\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(sudo, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        FixOptions options = Options() with { IsRoot = false, SudoCommand = [sudo], LlmOpsCommand = ["sh", "-c", $"echo \"llmops $0 $*\" >> '{calls}'"] };
        FixRunner runner = new(Records, options);
        await runner.ApplyAsync(
            Of(new RemedyCommand(["tee", "/etc/x"]) { Safe = true, NeedsRoot = true, Input = "line\n" }, new RemedyCommand(["llmops", "engine", "--obtain"]) { Safe = true }), TestContext.Current.CancellationToken);
        Assert.Equal("tee /etc/x\nline\nllmops engine --obtain\n", await File.ReadAllTextAsync(calls, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(CheckStatus.Pass)]
    [InlineData(CheckStatus.Skip)]
    public void What_is_in_order_or_unknown_is_not_mended(CheckStatus status) => Assert.Null(EnvironmentFix.Of(Result(new RemedyCommand(["true"]) { Safe = true }) with { Status = status }));

    [Fact]
    public void A_remedy_of_words_has_no_fix() => Assert.Null(EnvironmentFix.Of(Result()));

    [Fact]
    public async Task Records_are_found_by_name_by_check_and_by_pattern()
    {
        FixRecord record = await Runner().ApplyAsync(Of(new RemedyCommand(["true"]) { Safe = true }), TestContext.Current.CancellationToken);
        Assert.Equal(record.Name, Assert.Single(Records.Find("limits.memlock")).Name);
        Assert.Single(Records.Find("2026*"));
        Assert.Empty(Records.Find("gpu.*"));
        Assert.Equal("FixNotFound", Assert.Throws<LlmOpsException>(() => Records.Find("gpu.present")).ErrorId);
    }

    private static CheckResult Result(params RemedyCommand[] commands) =>
        new("limits.memlock", CheckCategory.Limits, CheckStatus.Fail, "memory cannot be locked", null, "raise it") { Commands = commands };

    private static EnvironmentFix Of(params RemedyCommand[] commands) => EnvironmentFix.Of(Result(commands))!;

    private static FixOptions Options() => new() { Time = new ManualTime(), IsRoot = true };

    private FixRunner Runner() => new(Records, Options());
}
