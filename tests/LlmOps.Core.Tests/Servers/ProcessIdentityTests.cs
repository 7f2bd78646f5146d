using System.Diagnostics;
using LlmOps.Native.Libc;
using LlmOps.Servers;

namespace LlmOps.Tests.Servers;

public sealed class ProcessIdentityTests
{
    [Fact]
    public void This_process_is_alive() => Assert.True(ProcessIdentity.Current.IsAlive);

    [Fact]
    public void The_same_id_with_another_start_time_is_another_process() =>
        Assert.False((ProcessIdentity.Current with { StartTicks = ProcessIdentity.Current.StartTicks + 1 }).IsAlive);

    [Fact]
    public void The_same_id_and_start_time_of_another_boot_is_another_process() =>
        Assert.False((ProcessIdentity.Current with { BootId = "11111111-2222-3333-4444-555555555555" }).IsAlive);

    [Fact]
    public void A_zombie_is_dead()
    {
        // The child is ended once the shell has become a program that never collects it.
        using Process parent = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "sleep 60 & echo $!; exec sleep 60"]) { RedirectStandardOutput = true })!;
        try
        {
            int child = int.Parse(parent.StandardOutput.ReadLine()!, System.Globalization.CultureInfo.InvariantCulture);
            SpinWait.SpinUntil(() => File.ReadAllText($"/proc/{parent.Id}/comm").Trim() == "sleep", TimeSpan.FromSeconds(10));
            using (Process sleeper = Process.GetProcessById(child))
            {
                sleeper.Kill();
            }

            SpinWait.SpinUntil(() => ProcessStatus.Read(child) is not { IsDead: false }, TimeSpan.FromSeconds(10));

            Assert.Equal('Z', ProcessStatus.Read(child)!.Value.State);
            Assert.Null(ProcessIdentity.Of(child));
        }
        finally
        {
            parent.Kill();
        }
    }

    [Fact]
    public void A_signal_is_not_sent_to_a_process_that_has_taken_over_the_id()
    {
        ProcessIdentity gone = ProcessIdentity.Current with { StartTicks = 1 };

        Assert.False(gone.Signal(LibcKill.Kill)); // This test would not get here otherwise.
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-1)]
    public void Signals_to_everybody_are_refused(int target) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => LibcKill.Send(target, LibcKill.Terminate));

    [Fact]
    public void A_program_name_with_parentheses_and_spaces_does_not_shift_the_fields()
    {
        ProcessStatus? status = ProcessStatus.Parse("4711 (a) b (c)) S 1 4711 4700 0 -1 4194560 9 0 7 0 30 12 0 0 20 0 5 0 987654 1 2 3");

        Assert.Equal(new ProcessStatus(4711, 'S', 1, 4711, 4700, MajorFaults: 7, ProcessorTicks: 42, Threads: 5, StartTicks: 987654), status);
    }

    [Theory]
    [InlineData('S', 5, false)]
    [InlineData('Z', 5, false)] // Its port is not free yet.
    [InlineData('Z', 1, true)]
    [InlineData('X', 1, true)]
    public void A_process_has_ended_when_the_last_of_its_threads_has(char state, int threads, bool isDead) =>
        Assert.Equal(isDead, ProcessStatus.Parse($"4711 (a) {state} 1 4711 4700 0 -1 4194560 9 0 7 0 30 12 0 0 20 0 {threads} 0 987654 1 2 3")!.Value.IsDead);

    [Theory]
    [InlineData("")]
    [InlineData("4711")]
    [InlineData("4711 (sh) S 1 2")]
    public void A_line_that_is_no_status_is_none(string line) => Assert.Null(ProcessStatus.Parse(line));
}
