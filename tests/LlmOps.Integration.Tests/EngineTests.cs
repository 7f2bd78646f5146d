using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Servers;

namespace LlmOps.Integration.Tests;

public sealed class EngineTests(RealEngine real) : IClassFixture<RealEngine>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void The_real_binary_tells_its_version_and_flags()
    {
        Assert.NotNull(real.Engine.Version);
        Assert.True(real.Engine.Flags.Count > 100, $"{real.Engine.Flags.Count} flags");
        Assert.Equal("LLAMA_ARG_CTX_SIZE", real.Engine.Find("-c")?.Environment);
    }

    [Fact]
    public async Task One_and_the_same_configuration_starts_an_old_server_and_a_new_one()
    {
        EngineCapabilities old = await OldLlamaServer.CreateAsync(real, Token);
        await using ServerHarness servers = new(real);
        ServerConfig config = servers.Plan("both", old, ("flash-attn", "on"), ("mlock", "true"), ("no-mmap", "true"));

        Assert.Contains("--mlock", LaunchCommandBuilder.Build(config, old).Arguments);
        LlmServer onOld = await servers.StartAsync(config, old);
        Assert.Equal(ServerState.Ready, onOld.State);
        await servers.Controller.StopAsync("both", TimeSpan.FromSeconds(5), Token);

        ServerConfig same = ServerConfigFile.Parse(ServerConfigFile.ToYaml(config), "same") with { EnginePath = null };
        IReadOnlyList<string> line = LaunchCommandBuilder.Build(same, real.Engine).Arguments;
        Assert.DoesNotContain("--mlock", line);
        Assert.Contains("--load-mode", line);
        LlmServer onNew = await servers.StartAsync(same);
        Assert.Equal(ServerState.Ready, onNew.State);
    }

    [Fact]
    public async Task An_intent_that_the_old_binary_cannot_be_told_is_refused_before_anything_starts()
    {
        EngineCapabilities old = await OldLlamaServer.CreateAsync(real, Token);
        await using ServerHarness servers = new(real);
        ServerConfig config = servers.Plan("refused", old);
        config = config with { Options = config.Options.With(LlamaCppOptions.CpuMoeLayers, 3L) };

        Assert.Equal("EngineOptionUnsupported", Assert.Throws<EngineOptionException>(() => LaunchCommandBuilder.Build(config, old)).ErrorId);
    }

    [Theory]
    [InlineData("/bin/ls", "EngineNotLlamaServer")]
    [InlineData("/etc/hostname", "EngineNotStarted")]
    [InlineData("/nowhere/llama-server", "EngineNotFound")]
    public async Task What_is_no_llama_server_is_refused_in_one_line(string path, string errorId)
    {
        EngineLocator locator = new(new EngineLocatorOptions { CacheFolder = Path.Combine(real.Folder, "cache") });
        LlmOpsException error = await Assert.ThrowsAsync<LlmOpsException>(() => locator.RequireAsync(path, Token));
        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public async Task A_binary_that_does_not_start_is_shown_with_its_own_last_lines()
    {
        string path = Path.Combine(real.Folder, "broken-llama-server");
        await File.WriteAllTextAsync(path, "#!/bin/sh\necho 'llama-server: error while loading shared libraries: libmtmd.so: cannot open shared object file' >&2\nexit 127\n", Token);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        EngineLocator locator = new(new EngineLocatorOptions { CacheFolder = Path.Combine(real.Folder, "cache") });
        LlmOpsException error = await Assert.ThrowsAsync<LlmOpsException>(() => locator.RequireAsync(path, Token));
        Assert.Equal("EngineNotStarted", error.ErrorId);
        Assert.Contains("127", error.Message, StringComparison.Ordinal);
        Assert.Contains("libmtmd.so", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_binary_said_is_remembered_until_the_file_changes()
    {
        string path = Path.Combine(real.Folder, "counted-llama-server");
        string count = Path.Combine(real.Folder, "count");
        string script = $"#!/bin/sh\necho run >>'{count}'\nexec '{real.Engine.Path}' \"$@\"\n";
        await File.WriteAllTextAsync(path, script, Token);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        EngineLocator locator = new(new EngineLocatorOptions { CacheFolder = Path.Combine(real.Folder, "cache") });

        await locator.RequireAsync(path, Token);
        int first = (await File.ReadAllLinesAsync(count, Token)).Length;
        await locator.RequireAsync(path, Token);
        Assert.Equal(first, (await File.ReadAllLinesAsync(count, Token)).Length);

        await File.AppendAllTextAsync(path, "# changed\n", Token);
        await locator.RequireAsync(path, Token);
        Assert.Equal(2 * first, (await File.ReadAllLinesAsync(count, Token)).Length);
    }
}
