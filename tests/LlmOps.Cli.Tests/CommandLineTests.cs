using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using LlmOps.Processes;

namespace LlmOps.Cli.Tests;

public sealed class CommandLineTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public async Task Without_a_command_the_help_goes_to_standard_error()
    {
        Outcome outcome = await _sandbox.RunAsync();

        Assert.Equal((2, string.Empty), (outcome.ExitCode, outcome.Output));
        Assert.Contains("doctor", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_lists_every_command_but_the_supervisor()
    {
        Outcome outcome = await _sandbox.RunAsync("--help");

        Assert.Equal((0, string.Empty), (outcome.ExitCode, outcome.Error));
        foreach (string name in new[] { "gpu", "model", "engine", "doctor", "plan", "start", "ps", "wait", "stop", "restart", "rm", "logs", "bench", "diagnose", "demo" })
        {
            Assert.Matches($@"(?m)^  {name}\b", outcome.Output);
        }

        Assert.DoesNotContain("supervise", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mistyped_command_is_answered_with_the_nearest()
    {
        Outcome outcome = await _sandbox.RunAsync("dcotor");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Equal("llmops: there is no command 'dcotor'; did you mean 'doctor'?", outcome.OneLineError());
    }

    [Fact]
    public async Task An_option_that_does_not_exist_is_named()
    {
        Outcome outcome = await _sandbox.RunAsync("gpu", "--josn");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("--josn", outcome.OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verbose_adds_the_stack_trace_to_the_line()
    {
        Outcome outcome = await _sandbox.RunAsync("model", "nowhere.gguf", "--verbose");

        Assert.Equal(2, outcome.ExitCode);
        Assert.StartsWith("llmops: ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("   at LlmOps.", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_doctor_fails_when_there_is_no_engine_and_says_what_to_do()
    {
        Outcome outcome = await _sandbox.RunAsync("doctor", "--json");

        Assert.Equal((1, string.Empty), (outcome.ExitCode, outcome.Error));
        JsonElement failed = outcome.Json.EnumerateArray().First(check => check.GetProperty("status").GetString() == "fail");
        Assert.StartsWith("engine.", failed.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal("engine", failed.GetProperty("category").GetString());
        Assert.NotEmpty(failed.GetProperty("remedy").GetString()!);
    }

    [Fact]
    public async Task A_program_that_is_not_an_engine_is_refused()
    {
        Outcome outcome = await _sandbox.RunAsync("engine", "--path", Environment.ProcessPath!, "--json");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(Environment.ProcessPath!, outcome.OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_engines_are_an_empty_json_array()
    {
        Outcome outcome = await _sandbox.RunAsync("engine", "--json");

        Assert.Equal((0, 0), (outcome.ExitCode, outcome.Json.GetArrayLength()));
    }

    [Theory]
    [InlineData(2, 130)]
    [InlineData(15, 143)]
    public async Task A_signal_ends_a_measurement_that_waits_for_an_answer(int signal, int expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are sent with kill");
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        using Process command = Process.Start(Start("bench", $"http://{silent.LocalEndpoint}"))!;

        // Once it is connected it waits for an answer that never comes.
        using TcpClient client = await silent.AcceptTcpClientAsync(patience.Token);
        await ProcessRunner.RunAsync(new ProcessRequest("/bin/sh", ["-c", $"kill -{signal} {command.Id}"]), patience.Token);
        await command.WaitForExitAsync(patience.Token);

        Assert.Equal((expected, string.Empty), (command.ExitCode, await command.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)));
    }

    private ProcessStartInfo Start(params string[] arguments)
    {
        ProcessStartInfo start = new(Sandbox.Command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string? value) in _sandbox.Environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }
}
