using System.Diagnostics;
using System.Text.Json;
using LlmOps.Benchmarks;
using LlmOps.Configuration;
using LlmOps.Servers;

namespace LlmOps.Integration.Tests;

/// <summary>Many servers at once, and servers whose processes are killed.</summary>
public sealed class ManyServersTests(RealEngine real) : IClassFixture<RealEngine>
{
    private const int ServersOfAShell = 5;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string LlmOps => Path.Combine(AppContext.BaseDirectory, "llmops");

    [Fact]
    public async Task Ten_servers_are_started_listed_and_stopped_in_parallel_from_two_shells()
    {
        _ = real.Engine;
        string state = Path.Combine(real.Folder, "two-shells");
        ServerRegistry registry = new(Path.Combine(state, "llmops", "servers"));
        await using ServerHarness servers = new(real, registry);
        List<string> files = [];
        for (int number = 0; number < 2 * ServersOfAShell; number++)
        {
            ServerConfig config = servers.Plan($"many-{number}");
            files.Add(Path.Combine(real.Folder, config.Name + ".yaml"));
            await File.WriteAllTextAsync(files[^1], ServerConfigFile.ToYaml(config with { EnginePath = real.Engine.Path }), Token);
        }

        // Each shell starts its five at once and waits for all of them.
        const string StartAll = "for file in \"$@\"; do \"$LLMOPS\" start \"$file\" --timeout 200 >/dev/null & pids=\"$pids $!\"; done; for pid in $pids; do wait $pid || exit 1; done";
        Shell[] started = await Task.WhenAll(
            ShellAsync(state, StartAll, [.. files.Take(ServersOfAShell)]), ShellAsync(state, StartAll, [.. files.Skip(ServersOfAShell)]));
        Assert.All(started, shell => Assert.True(shell.Code == 0, shell.Errors));

        Shell[] listed = await Task.WhenAll(ShellAsync(state, "\"$LLMOPS\" ps --json"), ShellAsync(state, "\"$LLMOPS\" ps --json"));
        Assert.All(listed, shell =>
        {
            using JsonDocument document = JsonDocument.Parse(shell.Output);
            Assert.Equal(
                Enumerable.Range(0, 2 * ServersOfAShell).Select(number => $"many-{number} ready"),
                document.RootElement.EnumerateArray().Select(server => $"{server.GetProperty("name").GetString()} {server.GetProperty("state").GetString()}").Order());
        });
        int[] processes = [.. registry.List().SelectMany(server => new[] { server.Pid!.Value, server.SupervisorPid!.Value })];

        // Both stop all, so that each meets servers which the other one is stopping.
        Shell[] stopped = await Task.WhenAll(
            ShellAsync(state, "\"$LLMOPS\" stop --all --grace 60 >/dev/null"), ShellAsync(state, "\"$LLMOPS\" stop --all --grace 60 >/dev/null"));

        Assert.All(stopped, shell => Assert.True(shell.Code == 0, shell.Errors));
        Assert.All(registry.List(), server => Assert.Equal((ServerState.Stopped, 0), (server.State, server.ExitCode)));
        Assert.All(processes, pid => Assert.NotEqual(true, ProcessIdentity.Of(pid)?.IsAlive));
    }

    [Fact]
    public async Task Killed_at_random_moments_nothing_is_orphaned_recorded_wrongly_or_leaked()
    {
        ChaosRun chaos = new(LlmOps, real.Engine, real.Model.Path, Directory.CreateDirectory(Path.Combine(real.Folder, "chaos")).FullName, seed: Environment.TickCount);

        await chaos.RunAsync(20, null, Token);

        Assert.True(chaos.Wrong.Count == 0, string.Join('\n', chaos.Wrong));
        Assert.True(chaos.Killed.Values.Sum() >= 5, string.Join(", ", chaos.Killed));
    }

    private static async Task<Shell> ShellAsync(string state, string script, params string[] arguments)
    {
        ProcessStartInfo start = new("/bin/sh", ["-c", script, "sh", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["XDG_STATE_HOME"] = state;
        start.Environment["LLMOPS"] = LlmOps;
        using Process shell = Process.Start(start)!;
        Task<string> errors = shell.StandardError.ReadToEndAsync(Token);
        string output = await shell.StandardOutput.ReadToEndAsync(Token);
        await shell.WaitForExitAsync(Token);
        return new Shell(shell.ExitCode, output, await errors);
    }

    private sealed record Shell(int Code, string Output, string Errors);
}
