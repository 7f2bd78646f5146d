using System.Text.Json;
using LlmOps.Configuration;
using LlmOps.Processes;

namespace LlmOps.Cli.Tests;

/// <summary>Servers as units of systemd: a real llama-server, the unit file that LlmOps writes, and a systemctl that stands in and acts on it.</summary>
[Collection(RealServers.Name)]
public sealed class SystemdCommandTests : IAsyncDisposable
{
    private readonly Sandbox _sandbox = new();

    private string Root => _sandbox.PathOf("root");

    private static string StandIns => Path.Combine(AppContext.BaseDirectory, "Fixtures", "systemd");

    public async ValueTask DisposeAsync()
    {
        await _sandbox.RunAsync("stop", "--all", "--grace", "2");
        _sandbox.Dispose();
    }

    [Fact]
    public async Task An_installed_unit_is_started_listed_restarted_stopped_and_there_again_after_a_reboot()
    {
        await PlanAsync(install: true);

        JsonElement started = (await SucceedAsync("start", _sandbox.PathOf("server.yaml"), "--json")).Json;
        Assert.Equal(("ready", "systemd"), (State(started), started.GetProperty("runtime").GetString()));
        Assert.True(File.Exists(Path.Combine(Root, "etc/systemd/system/llmops-unit.service")));
        Assert.True(File.Exists(Path.Combine(Root, "etc/systemd/system/multi-user.target.wants/llmops-unit.service")));
        Assert.Contains("LLMOPS_TEST_QUOTED=\"/tmp/a $b %c\"\0", await EnvironmentAsync(started), StringComparison.Ordinal);

        JsonElement listed = Assert.Single((await SucceedAsync("ps", "--json")).Json.EnumerateArray());
        Assert.Equal((Pid(started), "ready"), (Pid(listed), State(listed)));
        await UntilAsync(server => server.GetProperty("planAccuracy").GetArrayLength() > 0); // The journal comes after the event.

        JsonElement restarted = (await SucceedAsync("restart", "unit", "--json")).Json;
        Assert.Equal("ready", State(restarted));
        Assert.NotEqual(Pid(started), Pid(restarted));
        Assert.Equal(started.GetProperty("endpoint").GetString(), restarted.GetProperty("endpoint").GetString());
        Assert.Single((await SucceedAsync("logs", "unit", "--tail", "1000")).Output.Split('\n'), line => line.Contains("listening on", StringComparison.Ordinal)); // Not the first life's.

        await SystemctlAsync("reboot");
        JsonElement again = await UntilAsync(server => State(server) == "ready" && Pid(server) != Pid(restarted));
        Assert.Equal(0, (await _sandbox.RunAsync("wait", "unit", "--timeout", "20")).ExitCode);

        JsonElement stopped = Assert.Single((await SucceedAsync("stop", "--all", "--json")).Json.EnumerateArray());
        Assert.Equal("stopped", State(stopped));
        Assert.Contains($"{stopped.GetProperty("exitCode")} {stopped.GetProperty("exitSignal")}", (IEnumerable<string>)["0 ", " SIGTERM"]); // llama-server answers before it minds SIGTERM.
        Assert.False(Directory.Exists($"/proc/{Pid(again)}"));
        Assert.Equal(0, (await SucceedAsync("ps", "--json")).Json.GetArrayLength());

        await SucceedAsync("rm", "unit");
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(Root, "etc/systemd/system"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_unit_that_is_killed_is_started_again_by_its_policy_until_that_gives_up_and_says_so()
    {
        await PlanAsync(install: false, new RestartPolicy { Mode = RestartMode.OnFailure, MaxRestarts = 1, BackoffSeconds = 0.05 });
        JsonElement started = (await SucceedAsync("start", _sandbox.PathOf("server.yaml"), "--json")).Json;
        Assert.True(File.Exists(Path.Combine(Root, "run/systemd/system/llmops-unit.service")));

        Kill(started);
        JsonElement second = await UntilAsync(server => State(server) == "ready" && Pid(server) != Pid(started));
        Assert.Equal(1, second.GetProperty("restarts").GetInt32());

        Kill(second);
        JsonElement failed = await UntilAsync(server => State(server) == "failed");
        Assert.Equal("SIGKILL", failed.GetProperty("exitSignal").GetString());
        Assert.Contains("systemd has given up after 1 restarts (start-limit-hit)", failed.GetProperty("reason").GetString(), StringComparison.Ordinal);

        // What is not installed is forgotten by a reboot; its record and its journal are not.
        await SystemctlAsync("reboot");
        JsonElement gone = Assert.Single((await SucceedAsync("ps", "--all", "--json")).Json.EnumerateArray());
        Assert.Equal("failed", State(gone));
        Assert.NotEmpty((await SucceedAsync("logs", "unit", "--tail", "3", "--json")).Json.EnumerateArray());
    }

    [Fact]
    public async Task A_unit_whose_engine_ends_at_once_fails_with_the_cause_and_is_not_started_for_ever()
    {
        await PlanAsync(install: true);
        _sandbox.WriteFile("tiny.gguf", "no weights here");

        Outcome outcome = await _sandbox.RunAsync("start", _sandbox.PathOf("server.yaml"), "--json");

        Assert.Equal(3, outcome.ExitCode);
        Assert.Contains("unit", outcome.OneLineError(), StringComparison.Ordinal);
        JsonElement failed = Assert.Single((await SucceedAsync("ps", "--all", "--json")).Json.EnumerateArray());
        Assert.Equal(("failed", 1), (State(failed), failed.GetProperty("exitCode").GetInt32()));
        Assert.StartsWith("llamacpp.", failed.GetProperty("faultId").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("ended with exit code 1 before it was ready: ", failed.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Contains("MainPID=0", await SystemctlAsync("show", "llmops-unit.service"), StringComparison.Ordinal);
    }

    private async Task PlanAsync(bool install, RestartPolicy? restart = null)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "units are Linux's");
        RealEngine.UseIn(_sandbox);
        foreach (string program in Directory.EnumerateFiles(StandIns))
        {
            File.SetUnixFileMode(program, (UnixFileMode)0b111_101_101);
        }

        Directory.CreateDirectory(Path.Combine(Root, "run/systemd/system"));
        _sandbox.Environment["LLMOPS_SYSTEMD_ROOT"] = Root;
        _sandbox.Environment["PATH"] = $"{StandIns}:/usr/bin:/bin";
        string port = FreePorts.NextText();
        string file = _sandbox.PathOf("server.yaml");
        Outcome planned = await _sandbox.RunAsync("plan", "--model", _sandbox.WriteModel(), "--name", "unit", "--port", port, "--context-length", "1024", "--runtime", "systemd", "-o", file);
        Assert.True(planned.ExitCode == 0, planned.Error);
        ServerConfig config = ServerConfigFile.Read(file);
        ServerConfigFile.Save(
            config with
            {
                Systemd = new SystemdSettings { Scope = "system", Install = install },
                Restart = restart ?? config.Restart,
                Environment = new Dictionary<string, string>(config.Environment) { ["LLMOPS_TEST_QUOTED"] = "\"/tmp/a $b %c\"" },
            },
            file);
    }

    private static async Task<string> EnvironmentAsync(JsonElement server) =>
        await File.ReadAllTextAsync($"/proc/{Pid(server)}/environ", TestContext.Current.CancellationToken);

    private async Task<Outcome> SucceedAsync(params string[] arguments)
    {
        Outcome outcome = await _sandbox.RunAsync(arguments);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        return outcome;
    }

    private async Task<string> SystemctlAsync(params string[] arguments)
    {
        ProcessResult result = await ProcessRunner.RunAsync(_sandbox.Request(arguments) with { FileName = Path.Combine(StandIns, "systemctl") }, TestContext.Current.CancellationToken);
        Assert.True(result.ExitCode == 0, result.StandardError);
        return result.StandardOutput;
    }

    private async Task<JsonElement> UntilAsync(Func<JsonElement, bool> condition)
    {
        long deadline = Environment.TickCount64 + 60_000;
        while (true)
        {
            JsonElement server = Assert.Single((await SucceedAsync("ps", "--all", "--json")).Json.EnumerateArray());
            if (condition(server))
            {
                return server;
            }

            Assert.True(Environment.TickCount64 < deadline, server.ToString());
        }
    }

    private static void Kill(JsonElement server) => System.Diagnostics.Process.GetProcessById(Pid(server)!.Value).Kill();

    private static int? Pid(JsonElement server) => server.GetProperty("pid") is { ValueKind: JsonValueKind.Number } pid ? pid.GetInt32() : null;

    private static string? State(JsonElement server) => server.GetProperty("state").GetString();
}
