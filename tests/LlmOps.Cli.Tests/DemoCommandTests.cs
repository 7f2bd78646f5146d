using System.Diagnostics;
using LlmOps.Processes;

namespace LlmOps.Cli.Tests;

/// <summary>The demonstration, with a real llama-server.</summary>
[Collection(RealServers.Name)]
public sealed class DemoCommandTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public DemoCommandTests()
    {
        Directory.CreateDirectory(_sandbox.PathOf("temporary"));
        _sandbox.Environment["TMPDIR"] = _sandbox.PathOf("temporary");
    }

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public async Task It_measures_a_real_server_and_leaves_only_its_report()
    {
        RealEngine.UseIn(_sandbox);

        Outcome outcome = await _sandbox.RunAsync("demo", "--output", _sandbox.PathOf("result"));

        Assert.Equal((0, string.Empty), (outcome.ExitCode, outcome.Error));
        Assert.Contains(_sandbox.PathOf("result/report.md"), outcome.Output, StringComparison.Ordinal);
        Assert.Contains("tok", await File.ReadAllTextAsync(_sandbox.PathOf("result/report.md"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        AssertNothingIsLeft();
    }

    [Theory]
    [InlineData(2, 130, "starting")]
    [InlineData(2, 130, "Measuring one stream")]
    [InlineData(15, 143, "Warming up")]
    public async Task A_signal_ends_it_without_leaving_anything(int signal, int expected, string moment)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are sent with kill");
        RealEngine.UseIn(_sandbox);
        int signalled = 0;
        List<string> seen = [];
        string pidFile = _sandbox.PathOf("pid");

        // The shell becomes the command, so that the number it wrote is the command's.
        ProcessResult result = await ProcessRunner.RunAsync(
            _sandbox.Request(["-c", "echo $$ > \"$1\"; exec \"$2\" demo --output \"$3\"", "sh", pidFile, Sandbox.Command, _sandbox.PathOf("result")]) with
            {
                FileName = "/bin/sh",
                OnOutputLine = line =>
                {
                    seen.Add(line);
                    if (line.EndsWith(moment, StringComparison.Ordinal) && Interlocked.Exchange(ref signalled, 1) == 0)
                    {
                        using Process kill = Process.Start("/bin/sh", ["-c", $"kill -{signal} $(cat '{pidFile}')"]);
                        kill.WaitForExit();
                    }
                },
            },
            TestContext.Current.CancellationToken);

        Assert.Equal((expected, 1), (result.ExitCode, signalled));
        AssertNothingIsLeft();
    }

    private void AssertNothingIsLeft()
    {
        Assert.Empty(Directory.EnumerateFileSystemEntries(_sandbox.PathOf("temporary"), "llmops-demo-*"));
        if (OperatingSystem.IsLinux())
        {
            Assert.DoesNotContain(CommandLines(), line => line.Contains(_sandbox.PathOf("temporary"), StringComparison.Ordinal));
        }
    }

    private static List<string> CommandLines()
    {
        List<string> lines = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
        {
            try
            {
                lines.Add(File.ReadAllText(Path.Combine(folder, "cmdline")));
            }
            catch (IOException)
            {
                // It ended between the listing and the reading.
            }
        }

        return lines;
    }
}
