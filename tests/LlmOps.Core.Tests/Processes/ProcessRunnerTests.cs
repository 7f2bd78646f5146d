using LlmOps.Core.Tests.Engines.LlamaCpp.Install;
using LlmOps.Processes;

namespace LlmOps.Core.Tests.Processes;

public sealed class ProcessRunnerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task What_a_program_is_told_arrives_whole_and_without_a_byte_order_mark()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "cat is a program of POSIX systems");
        string told = new string('x', 300_000) + "\nä\n";
        Assert.Equal(told, (await ProcessRunner.RunAsync(new ProcessRequest("cat", []) { Input = told }, TestContext.Current.CancellationToken)).StandardOutput);
    }

    [Fact]
    public async Task A_program_that_does_not_listen_is_not_waited_for()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sh is a program of POSIX systems");
        ProcessRequest request = new("sh", ["-c", "exit 4"]) { Input = new string('x', 300_000) };
        Assert.Equal(4, (await ProcessRunner.RunAsync(request, TestContext.Current.CancellationToken)).ExitCode);
    }

    [Fact]
    public async Task A_program_still_open_for_writing_elsewhere_starts_once_it_is_closed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux refuses to start a file that is open for writing");
        string program = _folder.Write("tool", "#!/bin/sh\necho ran\n", executable: true);
        Task<ProcessResult> run;
        using (new FileStream(program, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            run = ProcessRunner.RunAsync(new ProcessRequest(program, []), TestContext.Current.CancellationToken);
            Assert.False(run.IsCompleted);
        }

        Assert.Equal("ran\n", (await run).StandardOutput);
    }

    [Fact]
    public async Task A_program_that_stays_open_for_writing_is_reported_and_not_waited_for_without_end()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux refuses to start a file that is open for writing");
        string program = _folder.Write("tool", "#!/bin/sh\necho ran\n", executable: true);
        using FileStream writer = new(program, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);

        ProcessStartException problem = await Assert.ThrowsAsync<ProcessStartException>(
            () => ProcessRunner.RunAsync(new ProcessRequest(program, []), TestContext.Current.CancellationToken));

        Assert.Contains("Text file busy", problem.Message);
    }

    public void Dispose() => _folder.Dispose();
}
