using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using LlmOps.Configuration;
using LlmOps.Diagnostics;
using LlmOps.Engines;
using LlmOps.Processes;
using LlmOps.Servers;

namespace LlmOps.Integration.Tests;

/// <summary>The real llama-server, failing in each way that can be provoked: the reason must be named, with a remedy for this machine.</summary>
public sealed class FailureModeTests(RealEngine real) : IClassFixture<RealEngine>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_that_is_no_model_is_named_as_such()
    {
        await using ServerHarness servers = new(real);
        string model = Path.Combine(real.Folder, "pointer.gguf");
        await File.WriteAllTextAsync(model, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", Token);

        ServerFailedException error = await Assert.ThrowsAsync<ServerFailedException>(() => servers.StartAsync(servers.Plan("pointer") with { Model = model }));

        Assert.Equal(("llamacpp.not-gguf", "llamacpp.not-gguf"), (error.Findings[0].Id, error.Server.FaultId));
    }

    [Fact]
    public async Task A_wrong_flag_is_named()
    {
        await using ServerHarness servers = new(real);

        ServerFailedException error = await Assert.ThrowsAsync<ServerFailedException>(() => StartWithAsync(servers, "flag", "--no-such-flag"));

        Assert.Equal("llamacpp.unknown-option", error.Findings[0].Id);
        Assert.Contains("--no-such-flag", error.Findings[0].Cause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_was_taken_in_the_meantime_leads_to_who_has_it()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        await using ServerHarness servers = new(real);

        // The check before the start looks at the configuration's port; the engine then meets another one, as if it had been taken just now.
        string taken = ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        ServerFailedException error = await Assert.ThrowsAsync<ServerFailedException>(() => StartWithAsync(servers, "taken", "--port", taken));

        Assert.Equal("llamacpp.port-in-use", error.Findings[0].Id);
        Assert.Contains($"Port {taken} is held by", error.Findings[0].Remedy, StringComparison.Ordinal);
        Assert.Contains($"(process {Environment.ProcessId}", error.Findings[0].Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_of_another_machine_is_told_apart_from_a_port_in_use()
    {
        await using ServerHarness servers = new(real);

        ServerFailedException error = await Assert.ThrowsAsync<ServerFailedException>(() => StartWithAsync(servers, "elsewhere", "--host", "192.0.2.9"));

        Assert.Equal("llamacpp.port-in-use", error.Findings[0].Id);
        Assert.StartsWith("192.0.2.9 is no address of this machine", error.Findings[0].Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_limit_of_locked_memory_is_a_warning_with_the_lines_that_raise_it()
    {
        Assert.SkipWhen(ExecutableFinder.Find("setpriv") is null || ExecutableFinder.Find("prlimit") is null, "setpriv and prlimit (util-linux) are needed to lower the limit");
        await using ServerHarness servers = new(real);
        string limited = Script("limited", $"exec setpriv --bounding-set=-ipc_lock --inh-caps=-ipc_lock prlimit --memlock=65536:65536 {real.Engine.Path} \"$@\"");
        LlmServer server = await StartWithAsync(servers, "locked", limited, "--load-mode", "mlock");

        IReadOnlyList<FaultFinding> findings = FaultAdvisor.Advise(FaultCatalogue.Default.Diagnose(ServerLog.SinceStart(server)), FaultContext.Of(server));

        FaultFinding finding = Assert.Single(findings, one => one.Id == "llamacpp.mlock-failed");
        Assert.Equal((ServerState.Ready, FaultSeverity.Warning), (server.State, finding.Severity));
        Assert.Contains("memlock", finding.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain(findings, one => one.Severity == FaultSeverity.Error);
    }

    [Fact]
    public async Task An_engine_killed_while_it_loads_is_told_with_its_signal()
    {
        await using ServerHarness servers = new(real);
        string slow = Script("slow-load", "echo 'load_tensors: loading model tensors, this can take a while...'; exec sleep 600");
        Task<LlmServer> start = servers.StartAsync(servers.Plan("killed") with { EnginePath = slow });
        LlmServer? loading = await Eventually.Is(() => servers.Registry.Find("killed"), now => now is { State: ServerState.Loading, Pid: not null }, Token);

        await SignalAsync("KILL", loading!.Pid!.Value);
        ServerFailedException error = await Assert.ThrowsAsync<ServerFailedException>(() => start);

        Assert.Equal(("host.killed", "SIGKILL"), (error.Server.FaultId, error.Server.ExitSignal));
        Assert.Contains("before it was ready", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_on_a_disk_that_does_not_answer_stalls_the_start()
    {
        await using ServerHarness servers = new(real);

        // A pipe that nobody writes to stands for a network drive that hangs: opening it never returns.
        string model = Path.Combine(real.Folder, "hanging.gguf");
        File.Delete(model);
        await ProcessRunner.RunAsync(new ProcessRequest("mkfifo", [model]), Token);
        ServerConfig config = servers.Plan("hanging") with { Model = model, Health = new HealthPolicy { StallSeconds = 2 } };

        ServerFailedException error = await Assert.ThrowsAsync<ServerFailedException>(() => servers.StartAsync(config));

        Assert.Equal("ServerStalled", error.ErrorId);
        Assert.Null(servers.Registry.Find("hanging")?.Pid);
    }

    [Fact]
    public async Task A_slow_disk_is_waited_for_as_long_as_anything_moves()
    {
        await using ServerHarness servers = new(real);

        // Stands for a disk that needs 5 s: a line now and then; each pause is shorter than the stall, all of them are longer.
        string slow = Script("slow-disk", $"for i in 1 2 3 4; do echo \"load progress 0.$i\"; sleep 1.3; done; exec {real.Engine.Path} \"$@\"");
        List<double> fractions = [];
        LlmServer server = await servers.StartAsync(
            servers.Plan("slow") with { EnginePath = slow, Health = new HealthPolicy { StallSeconds = 4 } }, progress: new Fractions(fractions));

        Assert.Equal(ServerState.Ready, server.State);
        Assert.Equal([0.1, 0.2, 0.3, 0.4], fractions.Where(fraction => fraction < 0.5));
    }

    [Fact]
    public async Task A_server_goes_on_when_the_disk_under_its_log_is_full_and_tells_of_the_gap_afterwards()
    {
        string folder = Path.Combine(real.Folder, "full-disk");
        Directory.CreateDirectory(folder);
        ProcessResult mounted = await ProcessRunner.RunAsync(new ProcessRequest("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", folder]), Token);
        Assert.SkipWhen(mounted.ExitCode != 0, $"a small file system cannot be mounted here: {mounted.StandardError.Trim()}");
        try
        {
            ServerRegistry registry = new(Path.Combine(folder, "llmops", "servers"));
            await using ServerHarness servers = new(real, registry);
            LlmServer server = await servers.StartAsync(servers.Plan("full"));
            string filler = Path.Combine(folder, "filler");
            await using (FileStream file = File.Create(filler))
            {
                FillUp(file);
            }

            using HttpClient client = new();
            for (int request = 0; request < 20; request++)
            {
                using HttpResponseMessage answer = await CompleteAsync(client, server, "user");
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            }

            Assert.Equal(ServerState.Ready, registry.Find("full")!.State);
            File.Delete(filler);
            using (HttpResponseMessage answer = await CompleteAsync(client, server, "user"))
            {
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            }

            await Eventually.Is(
                () => ServerLog.Tail(server, 5000).Any(line => line.Contains("lines were lost because the log could not be written", StringComparison.Ordinal)), told => told, Token);
        }
        finally
        {
            await ProcessRunner.RunAsync(new ProcessRequest("umount", ["-l", folder]), CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_template_that_refuses_a_role_is_named_with_the_command_that_makes_another()
    {
        await using ServerHarness servers = new(real);
        string template = Path.Combine(real.Folder, "strict.jinja");
        await File.WriteAllTextAsync(
            template,
            "{% for m in messages %}{% if m.role not in ['system', 'user', 'assistant'] %}{{ raise_exception('Unexpected message role.') }}{% endif %}{{ m.role }}: {{ m.content }}\n{% endfor %}",
            Token);
        LlmServer server = await servers.StartAsync(servers.Plan("strict", pins: ("chat-template-file", template)));
        using HttpClient client = new();

        using HttpResponseMessage answer = await CompleteAsync(client, server, "critic");
        Assert.False(answer.IsSuccessStatusCode);

        IReadOnlyList<FaultFinding> findings = await Eventually.Is(
            () => FaultAdvisor.Advise(FaultCatalogue.Default.Diagnose(ServerLog.SinceStart(server)), FaultContext.Of(server)),
            found => found.Any(finding => finding.Id == "llamacpp.role-unknown"),
            Token);
        Assert.Contains($"New-LlmChatTemplate -Path '{real.Model.Path}' -AllowRole developer", findings.First(finding => finding.Id == "llamacpp.role-unknown").Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_hangs_after_it_was_ready_is_noticed_and_started_again()
    {
        await using ServerHarness servers = new(real);
        LlmServer server = await servers.StartAsync(servers.Plan("hung") with
        {
            Health = new HealthPolicy { UnresponsiveSeconds = 2 },
            Restart = new RestartPolicy { Mode = RestartMode.OnFailure, BackoffSeconds = 0.05 },
        });

        await SignalAsync("STOP", server.Pid!.Value);

        LlmServer again = await Eventually.Is(() => servers.Registry.Find("hung")!, now => now is { State: ServerState.Ready, Restarts: > 0 }, Token);
        Assert.NotEqual(server.Pid, again.Pid);
        Assert.Contains(ServerLog.Tail(server, 500), line => line.Contains("the server is unresponsive", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_library_that_is_not_found_leads_to_the_folder_that_has_it()
    {
        await using ServerHarness servers = new(real);
        string folder = Path.Combine(real.Folder, "release", "build", "bin");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "libmtmd.so.0"), "x", Token);
        string engine = Path.Combine(folder, "llama-server");
        await File.WriteAllTextAsync(engine, $"#!/bin/sh\necho '{engine}: error while loading shared libraries: libmtmd.so.0: cannot open shared object file: No such file or directory' >&2\nexit 127\n", Token);
        File.SetUnixFileMode(engine, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        ServerFailedException error = await Assert.ThrowsAsync<ServerFailedException>(() => servers.StartAsync(servers.Plan("library") with { EnginePath = engine }));

        Assert.Equal("loader.engine-library-missing", error.Findings[0].Id);
        Assert.StartsWith($"libmtmd.so.0 is in {folder}: set LD_LIBRARY_PATH={folder}", error.Findings[0].Remedy, StringComparison.Ordinal);
    }

    private static Task<ProcessResult> SignalAsync(string signal, int pid) =>
        ProcessRunner.RunAsync(new ProcessRequest("kill", [$"-{signal}", pid.ToString(CultureInfo.InvariantCulture)]), Token);

    private static async Task<HttpResponseMessage> CompleteAsync(HttpClient client, LlmServer server, string role)
    {
        string body = $$"""{"max_tokens":2,"messages":[{"role":"{{role}}","content":"a"}]}""";
        using StringContent content = new(body, Encoding.UTF8, "application/json");
        return await client.PostAsync(new Uri(server.Endpoint, "/v1/chat/completions"), content, Token);
    }

    private static void FillUp(FileStream file)
    {
        byte[] block = new byte[4096];
        try
        {
            while (true)
            {
                file.Write(block);
                file.Flush();
            }
        }
        catch (IOException)
        {
            // Full, as wanted.
        }
    }

    /// <summary>Starts with arguments after those of the plan: what comes last counts.</summary>
    private Task<LlmServer> StartWithAsync(ServerHarness servers, string name, params string[] more)
    {
        ServerConfig config = servers.Plan(name);
        LaunchCommand command = LaunchCommandBuilder.Build(config, real.Engine);
        bool otherFile = more[0].StartsWith('/');
        return new ServerStarter(servers.Registry, SupervisorCommand.Find()).StartAsync(
            new StartRequest
            {
                Config = config,
                Command = command with { File = otherFile ? more[0] : command.File, Arguments = [.. command.Arguments, .. otherFile ? more[1..] : more] },
                Timeout = TimeSpan.FromSeconds(60),
            },
            null,
            Token);
    }

    private string Script(string name, string text)
    {
        string file = Path.Combine(real.Folder, name);
        File.WriteAllText(file, $"#!/bin/sh\n{text}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return file;
    }

    private sealed class Fractions(List<double> seen) : IProgress<StartProgress>
    {
        public void Report(StartProgress value)
        {
            if (value is { Fraction: { } fraction, LogLine: not null })
            {
                lock (seen)
                {
                    seen.Add(fraction);
                }
            }
        }
    }
}
