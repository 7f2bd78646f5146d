using System.Diagnostics;
using System.Runtime.Versioning;
using LlmOps.Servers;

namespace LlmOps.Tests.Servers;

[UnsupportedOSPlatform("windows")]
public sealed class ServerRegistryTests : IAsyncLifetime
{
    private static readonly ProcessIdentity s_dead = ProcessIdentity.Current with { StartTicks = 1 };
    private static readonly ProcessIdentity s_earlierBoot = ProcessIdentity.Current with { BootId = "an-earlier-boot" };

    private readonly ServerLab _lab = new();
    private readonly Process _living = Process.Start("sleep", "600");

    [Fact]
    public async Task A_state_folder_that_cannot_be_made_is_named_with_what_to_do()
    {
        string file = Path.GetTempFileName();
        try
        {
            LlmOpsException problem = await Assert.ThrowsAsync<LlmOpsException>(
                () => ServerLock.OfNameAsync(new ServerRegistry(Path.Combine(file, "servers")), "a", TestContext.Current.CancellationToken));

            Assert.Equal("StateFolderNotWritable", problem.ErrorId);
            Assert.Contains("XDG_STATE_HOME", problem.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_lock_is_waited_for_and_a_free_one_is_had_at_once()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("llmops-lock-");
        try
        {
            ServerRegistry registry = new(folder.FullName);
            ServerLock held = await ServerLock.OfNameAsync(registry, "a", TestContext.Current.CancellationToken);
            Task<ServerLock> second = ServerLock.OfNameAsync(registry, "a", TestContext.Current.CancellationToken);

            Assert.False(second.IsCompleted);
            held.Dispose();
            (await second).Dispose();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_registry_that_is_not_there_is_empty() => Assert.Empty(_lab.Registry.List());

    [Fact]
    public void A_record_survives_being_written_and_read()
    {
        ServerRecord record = _lab.Record("a") with
        {
            State = ServerState.Failed,
            Reason = "why \"so\" – ünd",
            Starter = ProcessIdentity.Current,
            Supervisor = s_dead,
            EngineProcess = s_earlierBoot,
            Alias = "alias",
            ReadyAt = DateTimeOffset.UtcNow,
            EndedAt = DateTimeOffset.UtcNow.AddSeconds(1),
            ExitCode = 3,
            ExitSignal = "SIGTERM",
            Restarts = 2,
            ContextLength = 131072,
            Slots = 4,
        };
        ServerFolder folder = Write(record);

        Assert.Equal(record, folder.ReadRecord());
    }

    [Fact]
    public void Only_the_owner_may_read_records()
    {
        ServerFolder folder = Write(_lab.Record("a"));

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.RecordFile));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder.Path));
    }

    [Fact]
    public void A_damaged_record_is_told_of_and_does_not_hide_the_others()
    {
        Write(_lab.Record("good") with { State = ServerState.Stopped });
        ServerFolder bad = Write(_lab.Record("bad"));
        File.WriteAllText(bad.RecordFile, "{\"schemaVersion\": 1, \"name\"");

        IReadOnlyList<LlmServer> servers = _lab.Registry.List();

        Assert.Equal(["bad", "good"], servers.Select(server => server.Name));
        Assert.Equal(ServerState.Failed, servers[0].State);
        Assert.Contains(bad.RecordFile, servers[0].Reason, StringComparison.Ordinal);
        Assert.Equal(ServerState.Stopped, servers[1].State);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"schemaVersion\":99}")]
    public void A_record_that_is_not_one_is_damaged(string json)
    {
        ServerFolder folder = Write(_lab.Record("a"));
        File.WriteAllText(folder.RecordFile, json);

        Assert.Equal("ServerRecordDamaged", Assert.Throws<LlmOpsException>(folder.ReadRecord).ErrorId);
        Assert.Single(_lab.Registry.List());
    }

    [Fact]
    public void A_running_record_with_a_living_supervisor_is_believed()
    {
        Write(_lab.Record("a") with { State = ServerState.Loading, Supervisor = Living() });

        LlmServer server = _lab.Registry.Require("a");

        Assert.Equal((ServerState.Loading, _living.Id, null), (server.State, server.SupervisorPid!.Value, server.Pid));
    }

    [Fact]
    public void An_engine_without_its_supervisor_is_unsupervised()
    {
        Write(_lab.Record("a") with { State = ServerState.Ready, Supervisor = s_dead, EngineProcess = Living() });

        LlmServer server = _lab.Registry.Require("a");

        Assert.Equal((ServerState.Unsupervised, _living.Id, null), (server.State, server.Pid!.Value, server.SupervisorPid));
    }

    [Fact]
    public void A_server_from_before_a_reboot_has_ended_with_it()
    {
        Write(_lab.Record("a") with { State = ServerState.Ready, Supervisor = s_earlierBoot, EngineProcess = s_earlierBoot });

        LlmServer server = _lab.Registry.Require("a");

        Assert.Equal((ServerState.Failed, "ended without a trace: the machine was rebooted"), (server.State, server.Reason));
    }

    [Fact]
    public void A_server_whose_processes_are_all_gone_has_failed()
    {
        Write(_lab.Record("a") with { State = ServerState.Ready, Supervisor = s_dead, EngineProcess = s_dead });

        LlmServer server = _lab.Registry.Require("a");

        Assert.Equal(ServerState.Failed, server.State);
        Assert.StartsWith("ended without a trace: its supervisor", server.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_start_that_died_before_the_supervisor_took_over_has_failed()
    {
        Write(_lab.Record("a") with { State = ServerState.Starting, Starter = s_dead });

        Assert.Equal(ServerState.Failed, _lab.Registry.Require("a").State);
    }

    [Fact]
    public void Names_are_matched_with_wildcards_in_any_case()
    {
        foreach (string name in new[] { "qwen-7b", "qwen-32b", "llama" })
        {
            Write(_lab.Record(name) with { State = ServerState.Stopped });
        }

        Assert.Equal(["qwen-32b", "qwen-7b"], _lab.Registry.Match("Q*").Select(server => server.Name));
        Assert.Equal(["qwen-7b"], _lab.Registry.Match("qwen-?b").Select(server => server.Name));
        Assert.Empty(_lab.Registry.Match("x*"));
    }

    [Fact]
    public void A_server_that_is_not_there_is_not_found()
    {
        Assert.Null(_lab.Registry.Find("nobody"));
        Assert.Equal("ServerNotFound", Assert.Throws<LlmOpsException>(() => _lab.Registry.Require("nobody")).ErrorId);
    }

    [Fact]
    public void A_server_that_has_ended_can_be_removed_and_a_running_one_cannot()
    {
        ServerFolder folder = Write(_lab.Record("a") with { State = ServerState.Ready, Supervisor = Living() });
        Assert.Equal("ServerStillRunning", Assert.Throws<LlmOpsException>(() => _lab.Controller.Remove("a")).ErrorId);
        _living.Kill();
        _living.WaitForExit();

        _lab.Controller.Remove("a");

        Assert.False(folder.Exists);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _living.Kill();
        await _living.WaitForExitAsync();
        _living.Dispose();
        await _lab.DisposeAsync();
    }

    private ServerFolder Write(ServerRecord record)
    {
        ServerFolder folder = new(Path.Combine(_lab.Registry.Folder, record.Name));
        PrivateFile.CreateFolder(folder.Path);
        folder.Write(record);
        return folder;
    }

    private ProcessIdentity Living() => ProcessIdentity.Of(_living.Id)!;
}
