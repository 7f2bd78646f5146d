using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.Install;
using LlmOps.Engines.Vllm;
using LlmOps.Planning;
using LlmOps.Servers;

namespace LlmOps.Integration.Tests;

public sealed class DockerTests(RealEngine real, DockerEngine docker) : IClassFixture<RealEngine>, IClassFixture<DockerEngine>
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_in_a_container_is_ready_reachable_at_its_address_only_and_shows_no_secret()
    {
        docker.Require();
        await using ServerHarness servers = new(real);
        ServerConfig planned = Plan("boxed");

        LlmServer server = await StartAsync(servers, planned with { Endpoint = planned.Endpoint with { ApiKeyFile = KeyFile() } });

        Assert.Equal((ServerState.Ready, "llmops-boxed", 2048L), (server.State, server.Unit, server.ContextLength));
        string inspected = await DockerEngine.RunAsync("inspect", "llmops-boxed");
        Assert.DoesNotContain("a-secret-key", inspected, StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(inspected);
        JsonElement host = document.RootElement[0].GetProperty("HostConfig");
        JsonElement binding = Assert.Single(host.GetProperty("PortBindings").EnumerateObject()).Value[0];
        Assert.Equal("127.0.0.1", binding.GetProperty("HostIp").GetString());
        Assert.Equal("50m", host.GetProperty("LogConfig").GetProperty("Config").GetProperty("max-size").GetString());
        Assert.All(host.GetProperty("Mounts").EnumerateArray(), mount => Assert.True(mount.GetProperty("ReadOnly").GetBoolean()));
        Assert.Contains(ServerLog.Tail(server, 500), line => line.Contains("listening on", StringComparison.Ordinal) && Logs.LogLine.TryReadTime(line, out _));

        LlmServer stopped = await servers.Controller.StopAsync("boxed", Grace, Token);
        Assert.Equal((ServerState.Stopped, (int?)null), (stopped.State, stopped.Pid));
        servers.Controller.Remove("boxed");
        Assert.Empty((await DockerEngine.RunAsync("ps", "--all", "--quiet", "--filter", "name=llmops-boxed")).Trim());
    }

    [Fact]
    public async Task A_container_that_the_kernel_killed_for_its_memory_is_told_of_with_the_limit_to_raise()
    {
        docker.Require();
        await using ServerHarness servers = new(real);
        ServerConfig planned = Plan("small");
        ServerConfig config = planned with
        {
            Container = new ContainerSettings { Memory = "96m" },
            Restart = planned.Restart with { Mode = RestartMode.Never },
            Options = planned.Options.With("contextLength", 131072L), // 256 MiB of KV cache
        };

        ServerFailedException problem = await Assert.ThrowsAsync<ServerFailedException>(() => StartAsync(servers, config));

        Assert.Equal("true", (await DockerEngine.RunAsync("inspect", "--format", "{{.State.OOMKilled}}", "llmops-small")).Trim());
        Assert.Equal("host.out-of-memory-killed", problem.Findings[0].Id);
        Assert.Contains("docker --memory", problem.Message, StringComparison.Ordinal);
        LlmServer failed = servers.Registry.Require("small");
        Assert.Equal((ServerState.Failed, "host.out-of-memory-killed"), (failed.State, failed.FaultId));
        Assert.Contains("OOMKilled", failed.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_is_installed_from_a_registry_noted_by_its_digest_and_removed()
    {
        docker.Require();
        using ImageRegistry registry = new();
        string state = Directory.CreateTempSubdirectory("llmops-image-").FullName;
        EngineInstaller installer = new(new EngineInstallRequest { Engine = "llama.cpp", Source = InstallSource.Docker, Image = registry.Image, StateFolder = state });
        try
        {
            EngineInstallPlan plan = await installer.PlanAsync(Token);
            Assert.Null(plan.Problem);

            EngineInstall install = await installer.InstallAsync(plan, null, Token);

            Assert.Equal($"docker:{registry.Image}", install.Path);
            Assert.Contains(install.Files, file => file.EndsWith(registry.ManifestDigest, StringComparison.Ordinal));
            Assert.Contains(registry.ManifestDigest, await DockerEngine.RunAsync("image", "inspect", "--format", "{{.RepoDigests}}", registry.Image), StringComparison.Ordinal);

            await new EngineRemoval(new EngineInstalls(state)).RemoveAsync(install, force: false, Token);
            Assert.Empty((await DockerEngine.RunAsync("image", "ls", "--quiet", registry.Image)).Trim());
            Assert.Empty(new EngineInstalls(state).List());
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }

    [Fact]
    public async Task A_container_whose_folder_is_lost_is_listed_restarted_and_stopped_all_the_same()
    {
        docker.Require();
        await using ServerHarness servers = new(real);
        LlmServer started = await StartAsync(servers, Plan("orphan"));
        Directory.Delete(Path.Combine(servers.Registry.Folder, "orphan"), recursive: true);

        LlmServer seen = Assert.Single(new ServerRegistry(servers.Registry.Folder).List());
        Assert.Equal((ServerState.Ready, started.Endpoint, started.Pid), (seen.State, seen.Endpoint, seen.Pid));
        LlmServer restarted = await servers.Controller.RestartAsync("orphan", SupervisorCommand.Find(), TimeSpan.FromSeconds(60), null, Token);
        Assert.Equal(("orphan", started.Endpoint), (restarted.Name, restarted.Endpoint));
        Assert.NotEqual(started.Pid, restarted.Pid);
        Assert.Equal(ServerState.Stopped, (await servers.Controller.StopAsync("orphan", Grace, Token)).State);
    }

    [Fact]
    public async Task A_start_that_fails_in_a_container_is_diagnosed_at_once_and_not_tried_again()
    {
        docker.Require();
        await using ServerHarness servers = new(real);
        string broken = Path.Combine(real.Folder, "broken-boxed.gguf");
        await File.WriteAllBytesAsync(broken, new byte[4096], Token);

        ServerFailedException problem = await Assert.ThrowsAsync<ServerFailedException>(() => StartAsync(servers, Plan("broken") with { Model = broken }));

        Assert.Equal("ServerFailed", problem.ErrorId);
        Assert.NotEmpty(problem.LastLines);
        Assert.Equal("exited", (await DockerEngine.RunAsync("inspect", "--format", "{{.State.Status}}", "llmops-broken")).Trim());
    }

    [Fact]
    public async Task A_server_that_is_killed_in_its_container_is_started_again_by_docker()
    {
        docker.Require();
        await using ServerHarness servers = new(real);
        LlmServer started = await StartAsync(servers, Plan("killed"));
        Assert.SkipWhen(started.Pid is null || ProcessIdentity.Of(started.Pid.Value) is null, "the daemon's processes are not visible from here");

        Process.GetProcessById(started.Pid!.Value).Kill();
        LlmServer again = await Eventually.Is(() => servers.Registry.Require("killed"), now => now is { State: ServerState.Ready, Pid: { } pid } && pid != started.Pid, Token);

        Assert.Equal(1, again.Restarts);
    }

    [Fact]
    public async Task An_image_that_is_nowhere_is_named_with_the_command_that_would_get_it()
    {
        docker.Require();
        await using ServerHarness servers = new(real);

        LlmOpsException refused = await Assert.ThrowsAsync<LlmOpsException>(() => StartAsync(servers, Plan("nowhere") with { Image = "127.0.0.1:9/llmops/nowhere:1" }));

        Assert.Equal(("ImageNotFound", ErrorKind.NotFound), (refused.ErrorId, refused.Kind));
        Assert.Contains("docker pull 127.0.0.1:9/llmops/nowhere:1", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.Null(servers.Registry.Find("nowhere"));
    }

    [Fact]
    public async Task The_log_of_a_container_is_followed_while_it_is_written_and_until_the_end()
    {
        docker.Require();
        await using ServerHarness servers = new(real);
        LlmServer server = await StartAsync(servers, Plan("followed"));
        List<string> lines = [];
        bool asked = false;
        TaskCompletionSource answered = new();
        Task following = Task.Run(async () =>
        {
            await foreach (string line in ServerLog.FollowAsync(server, tail: 1, Token))
            {
                lines.Add(line);
                if (asked && line.Contains("slot", StringComparison.Ordinal))
                {
                    answered.TrySetResult();
                }
            }
        }, Token);

        using HttpClient client = new() { BaseAddress = server.Endpoint };
        using StringContent body = new("""{"prompt":"hello","n_predict":2}""", System.Text.Encoding.UTF8, "application/json");
        Volatile.Write(ref asked, true);
        (await client.PostAsync(new Uri("/completion", UriKind.Relative), body, Token)).EnsureSuccessStatusCode();
        await answered.Task.WaitAsync(TimeSpan.FromSeconds(30), Token);
        int before = lines.Count;
        await servers.Controller.StopAsync("followed", Grace, Token);
        await following.WaitAsync(TimeSpan.FromSeconds(30), Token);

        Assert.True(lines.Count > before, "nothing of its end was seen");
        Assert.All(lines, line => Assert.True(Logs.LogLine.TryReadTime(line, out _), line));
    }

    [Fact]
    public async Task A_container_is_listed_and_runs_again_after_its_daemon_was_restarted()
    {
        docker.Require();
        await using ServerHarness servers = new(real);
        LlmServer always = await StartAsync(servers, Plan("always") with { Restart = new RestartPolicy { Mode = RestartMode.Always } });
        await StartAsync(servers, Plan("never") with { Restart = new RestartPolicy { Mode = RestartMode.Never } });

        await docker.RestartDaemonAsync();

        LlmServer again = await Eventually.Is(() => servers.Registry.Require("always"), now => now.State == ServerState.Ready && now.Pid is { } pid && pid != always.Pid, Token);
        Assert.Equal((always.Endpoint, "llmops-always"), (again.Endpoint, again.Unit));
        LlmServer ended = servers.Registry.Require("never");
        Assert.Equal((ServerState.Failed, (int?)null), (ended.State, ended.Pid));
        Assert.Equal(["always", "never"], servers.Registry.List().Select(server => server.Name).Order());
        Assert.Equal(ServerState.Stopped, (await servers.Controller.StopAsync("always", Grace, Token)).State);
    }

    [Fact]
    public async Task Of_two_starts_of_one_name_by_two_runtimes_one_wins_and_the_other_says_who()
    {
        docker.Require();
        await using ServerHarness servers = new(real);
        Task<LlmServer>[] starts = [StartAsync(servers, Plan("one")), servers.StartAsync(servers.Plan("one"))];
        LlmOpsException? refused = null;
        foreach (Task<LlmServer> start in starts)
        {
            try
            {
                Assert.Equal(ServerState.Ready, (await start).State);
            }
            catch (LlmOpsException problem)
            {
                Assert.Null(refused);
                refused = problem;
            }
        }

        Assert.Equal("ServerAlreadyRunning", refused?.ErrorId);
        Assert.Matches("process [0-9]+|docker llmops-one", refused!.Message);
    }

    [Fact]
    public async Task Vllm_in_a_container_is_ready_with_its_figures_its_key_and_shared_memory_for_its_ranks()
    {
        docker.Require();
        await using ServerHarness servers = new(real);
        string model = Directory.CreateDirectory(Path.Combine(real.Folder, "Tiny-1.5B")).FullName;
        await File.WriteAllTextAsync(Path.Combine(model, "config.json"), """{"model_type":"llama","num_hidden_layers":1,"num_attention_heads":8,"num_key_value_heads":2,"head_dim":64,"max_position_embeddings":8192}""", Token);
        ServerConfig config = new()
        {
            Name = "ranks-in-a-box",
            Engine = EngineNames.Vllm,
            Runtime = RuntimeNames.Docker,
            Image = DockerEngine.VllmImage,
            Model = model,
            Alias = "tiny",
            Endpoint = new ServerEndpoint { Port = FreePorts.Next(), ApiKeyFile = KeyFile() },
            Options = OptionSet.Empty.With(VllmOptions.TensorParallel, 2L).With(VllmOptions.ContextLength, 4096L).With(VllmOptions.Parallel, 2L),
        };

        LlmServer server = await StartAsync(servers, config);

        Assert.Equal((ServerState.Ready, 4096L, "0.21.0"), (server.State, server.ContextLength, server.Figures?.Version));
        Assert.True(server.Figures!.KvCacheTokens > 4096);
        Assert.Equal(server.Figures, servers.Registry.Require("ranks-in-a-box").Figures);
        Assert.Equal(["CUDA0", "CUDA1"], server.PlanAccuracy.Select(device => device.Device));
        using JsonDocument inspected = JsonDocument.Parse(await DockerEngine.RunAsync("inspect", "llmops-ranks-in-a-box"));
        JsonElement container = inspected.RootElement[0];
        Assert.Equal(16L << 30, container.GetProperty("HostConfig").GetProperty("ShmSize").GetInt64());
        Assert.DoesNotContain("a-secret-key", container.GetProperty("Args").ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("a-secret-key", container.GetProperty("Mounts").ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.EnumerateFiles(Path.Combine(servers.Registry.Folder, "ranks-in-a-box")), file => File.ReadAllText(file).Contains("a-secret-key", StringComparison.Ordinal));
        using HttpClient client = new() { BaseAddress = server.Endpoint };
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(new Uri("/v1/models", UriKind.Relative), Token)).StatusCode);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "a-secret-key");
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri("/v1/models", UriKind.Relative), Token)).StatusCode);
        Assert.Equal(ServerState.Stopped, (await servers.Controller.StopAsync("ranks-in-a-box", Grace, Token)).State);
    }

    private ServerConfig Plan(string name) => new ServerPlanner().Plan(new PlanRequest
    {
        Name = name,
        Model = real.Model,
        Topology = real.Topology with { Gpus = [] },
        ContextLength = 2048,
        IsThisMachine = true,
        Port = FreePorts.Next(),
        Runtime = RuntimeNames.Docker,
        Image = DockerEngine.Image,
        Pins = new Dictionary<string, string> { ["mlock"] = "off" }, // A daemon inside a container may not lift the limit.
    });

    private string KeyFile()
    {
        string file = Path.Combine(real.Folder, "boxed.key");
        File.WriteAllText(file, "a-secret-key\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return file;
    }

    private static async Task<LlmServer> StartAsync(ServerHarness servers, ServerConfig config) => await new ServerStarter(servers.Registry, SupervisorCommand.Find()).StartAsync(
        new StartRequest { Config = config, Command = await ServerLaunch.PrepareAsync(config, Token), Timeout = TimeSpan.FromSeconds(60) }, null, Token);
}
