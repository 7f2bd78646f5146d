using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Processes;
using LlmOps.Servers;
using LlmOps.Servers.Systemd;

namespace LlmOps.Tests.Servers.Systemd;

/// <summary>The unit file of a server.</summary>
public sealed class UnitTextTests
{
    private static readonly LaunchCommand Command = new(
        "/bin/sh", ["-c", "echo \"$HOME\" 100% \\d"], new Dictionary<string, string> { ["CUDA_VISIBLE_DEVICES"] = "GPU-aa,GPU-bb", ["NOTE"] = "50% of $x" });

    private static readonly ServerConfig Config = new() { Name = "qwen", Model = "/models/m.gguf" };

    [Fact]
    public void Words_reach_the_engine_as_they_are()
    {
        string unit = Write(Config);

        Assert.Contains("""ExecStart=/bin/sh -c "echo \"$$HOME\" 100%% \\d" """.TrimEnd() + "\n", unit, StringComparison.Ordinal);
        Assert.Contains("Environment=CUDA_VISIBLE_DEVICES=GPU-aa,GPU-bb\n", unit, StringComparison.Ordinal);
        Assert.Contains("Environment=\"NOTE=50%% of $x\"\n", unit, StringComparison.Ordinal);
    }

    [Fact]
    public void Restarts_pause_longer_each_time_where_this_systemd_can_and_stop_after_as_many_as_were_asked_for()
    {
        ServerConfig config = Config with { Restart = new RestartPolicy { Mode = RestartMode.OnFailure, MaxRestarts = 3, BackoffSeconds = 2 } };

        string today = Write(config, version: 257);
        Assert.Contains("StartLimitBurst=4\n", today, StringComparison.Ordinal);
        Assert.Contains("Restart=on-failure\nRestartSec=2\nRestartSteps=3\nRestartMaxDelaySec=60\n", today, StringComparison.Ordinal);
        Assert.DoesNotContain("RestartSteps", Write(config, version: 252), StringComparison.Ordinal);
        Assert.Contains("Restart=no\n", Write(config with { Restart = new RestartPolicy { Mode = RestartMode.Never } }), StringComparison.Ordinal);
        Assert.Contains("Restart=always\n", Write(config with { Restart = new RestartPolicy { Mode = RestartMode.Always } }), StringComparison.Ordinal);
    }

    [Fact]
    public void Caches_of_compiled_code_stay_writable_for_vllm_where_the_system_is_read_only()
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        ServerConfig config = Config with { Engine = EngineNames.Vllm };

        Assert.Contains($"ReadWritePaths=-{home}/.cache\n", Write(config), StringComparison.Ordinal);
        Assert.DoesNotContain("ReadWritePaths", Write(config, isUser: true), StringComparison.Ordinal);
        Assert.DoesNotContain("ReadWritePaths", Write(Config), StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_is_locked_only_where_the_plan_locks_it_and_the_machines_manager_protects_more()
    {
        Assert.DoesNotContain("LimitMEMLOCK", Write(Config), StringComparison.Ordinal);
        Assert.Contains("LimitMEMLOCK=infinity\n", Write(Config with { Options = OptionSet.Empty.With(LlamaCppOptions.MemoryLock, true) }), StringComparison.Ordinal);
        Assert.Contains("ProtectSystem=strict\n", Write(Config), StringComparison.Ordinal);
        Assert.DoesNotContain("ProtectSystem", Write(Config, isUser: true), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Systemd_itself_finds_nothing_wrong_with_it(bool isUser)
    {
        Assert.SkipWhen(ExecutableFinder.Find("systemd-analyze") is null, "systemd-analyze is not on PATH");
        string folder = Directory.CreateTempSubdirectory("llmops-unit-").FullName;
        try
        {
            ServerConfig config = Config with { Restart = new RestartPolicy { Mode = RestartMode.OnFailure }, Options = OptionSet.Empty.With(LlamaCppOptions.MemoryLock, true) };
            string unit = Path.Combine(folder, "llmops-qwen.service");
            string environment = Path.Combine(folder, "environment");
            await File.WriteAllTextAsync(environment, "HF_TOKEN=\"x\"\n", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(unit, UnitText.Write(config, Command, isUser, folder, environment, 252), TestContext.Current.CancellationToken);
            Assert.Null(await new SystemdManager(isUser).VerifyAsync(unit, TestContext.Current.CancellationToken));

            await File.WriteAllTextAsync(unit, "[Service]\nExecStart=relative\nRestrt=no\n", TestContext.Current.CancellationToken);
            Assert.NotNull(await new SystemdManager(isUser).VerifyAsync(unit, TestContext.Current.CancellationToken));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("LoadState=loaded\nActiveState=active\nSubState=running\nResult=success\nMainPID=77\nExecMainCode=0\nExecMainStatus=0\nExecMainStartTimestamp=@1795275446\nNRestarts=1", "Running", null, 1)]
    [InlineData("LoadState=loaded\nActiveState=activating\nSubState=auto-restart\nResult=exit-code\nMainPID=0\nExecMainCode=1\nExecMainStatus=1\nExecMainStartTimestamp=@1795275446\nNRestarts=2", "Restarting", "exit code 1", 2)]
    [InlineData("LoadState=loaded\nActiveState=failed\nSubState=failed\nResult=signal\nMainPID=0\nExecMainCode=2\nExecMainStatus=9\nExecMainStartTimestamp=@1795275446\nNRestarts=0", "Ended", "signal SIGKILL", 0)]
    [InlineData("LoadState=not-found\nActiveState=inactive\nSubState=dead\nResult=success\nNRestarts=0", "Absent", null, 0)]
    [InlineData("LoadState=loaded\nActiveState=inactive\nSubState=dead\nResult=success\nExecMainStartTimestamp=n/a\nNRestarts=0", "Absent", null, 0)]
    public void What_systemctl_shows_becomes_a_phase(string shown, string phase, string? exit, int restarts)
    {
        ManagedStatus status = UnitState.Read(shown).ToStatus();

        Assert.Equal((phase, exit, restarts), (status.Phase.ToString(), status.Exit?.ToString(), status.Restarts));
    }

    [Theory]
    [InlineData("failed", "start-limit-hit", 5, "systemd has given up after 5 restarts (start-limit-hit)", false)]
    [InlineData("failed", "signal", 4, "systemd has given up after 4 restarts", false)] // As systemd 252 shows it.
    [InlineData("failed", "signal", 0, null, false)]
    [InlineData("failed", "oom-kill", 4, "the kernel killed it because memory was used up (oom-kill)", true)]
    [InlineData("activating", "signal", 2, null, false)]
    [InlineData("inactive", "success", 2, null, false)]
    public void What_became_of_a_unit_is_named(string state, string result, int restarts, string? note, bool outOfMemory)
    {
        ManagedStatus status = UnitState.Read($"LoadState=loaded\nActiveState={state}\nSubState={state}\nResult={result}\nNRestarts={restarts}").ToStatus();

        Assert.Equal((note, outOfMemory), (status.Note, status.OutOfMemory));
    }

    [Fact]
    public void Lines_of_the_journal_get_our_times_and_lose_their_sender() => Assert.Equal(
        "2026-11-21T15:37:26.731Z srv  llama_server: listening",
        SystemdRuntime.FromJournal("1795275446.731976 llmops-qwen[123]: srv  llama_server: listening"));

    private static string Write(ServerConfig config, bool isUser = false, int? version = null) => UnitText.Write(config, Command, isUser, "/srv", null, version);
}
