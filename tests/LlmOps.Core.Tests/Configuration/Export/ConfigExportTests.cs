using LlmOps.Configuration;
using LlmOps.Configuration.Export;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Processes;

namespace LlmOps.Tests.Configuration.Export;

/// <summary>What each form says of a server, and what none may say.</summary>
public sealed class ConfigExportTests : IDisposable
{
    private const string Secret = "sk-not-to-be-written-anywhere";

    private readonly string _folder = Directory.CreateTempSubdirectory("llmops-forms-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<ConfigFormat> Forms => [.. Enum.GetValues<ConfigFormat>()];

    [Theory]
    [MemberData(nameof(Forms))]
    public void No_form_holds_the_key_and_each_says_where_it_comes_from(ConfigFormat form)
    {
        string key = Path.Combine(_folder, "the key");
        File.WriteAllText(key, Secret + "\n");
        ServerConfig llama = Server("chat") with { Endpoint = new ServerEndpoint { ApiKeyFile = key } };
        ServerConfig vllm = llama with { Engine = EngineNames.Vllm };

        string text = Text(form, llama);
        Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
        Assert.Contains(key, text, StringComparison.Ordinal);
        if (form != ConfigFormat.PresetIni)
        {
            text = Text(form, vllm);
            Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
            Assert.Contains(key, text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_secret_in_the_configuration_itself_is_refused_by_every_form(ConfigFormat form)
    {
        ServerConfig inEnvironment = Server("chat") with { Environment = new Dictionary<string, string> { ["HF_TOKEN"] = Secret } };
        ServerConfig inArguments = Server("chat") with { ExtraArguments = ["--api-key", Secret] };

        Assert.Equal("SecretInConfig", Assert.Throws<LlmOpsException>(() => Text(form, inEnvironment)).ErrorId);
        Assert.Equal("SecretInConfig", Assert.Throws<LlmOpsException>(() => Text(form, inArguments)).ErrorId);
    }

    [Fact]
    public async Task Shellcheck_has_nothing_to_say_about_the_scripts()
    {
        Assert.SkipWhen(ExecutableFinder.Find("shellcheck") is null, "there is no shellcheck on PATH");
        string key = Path.Combine(_folder, "key");
        ServerConfig config = Server("chat") with
        {
            Engine = EngineNames.Vllm,
            Endpoint = new ServerEndpoint { ApiKeyFile = key },
            Environment = new Dictionary<string, string> { ["CUDA_VISIBLE_DEVICES"] = "GPU-a,GPU-b" },
        };
        foreach (ConfigFormat form in new[] { ConfigFormat.Bash, ConfigFormat.DockerRun })
        {
            string file = Path.Combine(_folder, ConfigExport.FileName(form, config));
            ConfigExport.Save(form, Text(form, config), file);
            ProcessResult result = await ProcessRunner.RunAsync(new ProcessRequest("shellcheck", ["--severity=style", file]) { Timeout = TimeSpan.FromMinutes(2) }, TestContext.Current.CancellationToken);
            Assert.Equal((0, string.Empty), (result.ExitCode, result.StandardOutput));
            Assert.True(File.GetUnixFileMode(file).HasFlag(UnixFileMode.UserExecute));
        }
    }

    [Theory]
    [InlineData("system")]
    [InlineData("user")]
    public async Task Systemd_analyze_has_nothing_to_say_about_the_unit(string scope)
    {
        Assert.SkipWhen(ExecutableFinder.Find("systemd-analyze") is null, "there is no systemd-analyze on PATH");
        using HostileConfig hostile = new(hasLines: false);
        ServerConfig config = hostile.Config with { EnginePath = ExecutableFinder.Find("true"), Systemd = new SystemdSettings { Scope = scope } };
        string file = Path.Combine(_folder, ConfigExport.FileName(ConfigFormat.Systemd, config));
        ConfigExport.Save(ConfigFormat.Systemd, Text(ConfigFormat.Systemd, config), file);

        ProcessResult result = await ProcessRunner.RunAsync(
            new ProcessRequest("systemd-analyze", [.. scope == "user" ? ["--user"] : Array.Empty<string>(), "verify", "--man=no", "--recursive-errors=no", file]) { Timeout = TimeSpan.FromMinutes(2), Environment = new Dictionary<string, string?> { ["XDG_RUNTIME_DIR"] = _folder } },
            TestContext.Current.CancellationToken);

        Assert.Equal((0, string.Empty), (result.ExitCode, result.StandardError));
    }

    [Fact]
    public void Two_cards_are_reserved_by_identity_in_compose_and_by_number_in_Kubernetes()
    {
        ServerConfig config = Server("chat") with
        {
            Devices = [new ConfigDevice { Name = "CUDA0", Uuid = "GPU-aa" }, new ConfigDevice { Name = "CUDA1", Uuid = "GPU-bb" }],
            Environment = new Dictionary<string, string> { ["CUDA_VISIBLE_DEVICES"] = "GPU-aa,GPU-bb" },
            Options = OptionSet.Empty.With(LlamaCppOptions.MemoryLock, true),
        };

        string compose = Text(ConfigFormat.Compose, config), kubernetes = Text(ConfigFormat.Kubernetes, config);

        Assert.Contains("device_ids:\n                - GPU-aa\n                - GPU-bb\n", compose, StringComparison.Ordinal);
        Assert.Contains("memlock: -1", compose, StringComparison.Ordinal);
        Assert.Contains("nvidia.com/gpu: \"2\"", kubernetes, StringComparison.Ordinal);
        Assert.Contains("IPC_LOCK", kubernetes, StringComparison.Ordinal);
        Assert.DoesNotContain("GPU-aa", kubernetes, StringComparison.Ordinal);
        Assert.Equal("KubernetesDeviceUnknown", Assert.Throws<LlmOpsException>(() => Text(ConfigFormat.Kubernetes, config with { Devices = [new ConfigDevice { Name = "Vulkan0" }] })).ErrorId);
    }

    [Fact]
    public void Forms_for_several_servers_hold_them_all_and_each_name_once()
    {
        ExportedServer[] both = [new(Server("one") with { Alias = "first" }, null), new(Server("two"), null)];
        foreach (ConfigFormat form in Enum.GetValues<ConfigFormat>().Where(ConfigExport.HoldsSeveral))
        {
            string text = ConfigExport.Render(form, both);
            Assert.Contains("first", text, StringComparison.Ordinal);
            Assert.Contains("two", text, StringComparison.Ordinal);
            Assert.Equal("NameTwice", Assert.Throws<LlmOpsException>(() => ConfigExport.Render(form, [both[1], both[1]])).ErrorId);
        }
    }

    [Fact]
    public void A_name_means_one_model_of_llama_swap_only()
    {
        string text = ConfigExport.Render(ConfigFormat.LlamaSwap, [new(Server("one") with { Alias = "both" }, null), new(Server("two") with { Alias = "both" }, null), new(Server("three") with { Alias = "one" }, null)]);

        Assert.Single(text.Split('\n'), line => line.Trim() == "- both");
        Assert.DoesNotContain("- one\n", text, StringComparison.Ordinal);
        Assert.Contains("asked for by its name 'two': 'both' is 'one'", text, StringComparison.Ordinal);
        Assert.Contains("asked for by its name 'three': 'one' is 'one'", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a-launcher-that-is-nowhere")]
    [InlineData("/opt/engines/elsewhere/llama-server")]
    public async Task An_engine_of_another_machine_is_written_as_it_is_named(string program)
    {
        string text = await ConfigExport.WriteAsync(ConfigFormat.Bash, [Server("chat") with { EnginePath = program }], TestContext.Current.CancellationToken);

        Assert.Contains($"\nexec {program} \\\n", text, StringComparison.Ordinal);
        Assert.Contains("newest version known", text, StringComparison.Ordinal);
    }

    [Fact]
    public void One_router_cannot_give_its_models_different_environments()
    {
        ExportedServer other = new(Server("two") with { Environment = new Dictionary<string, string> { ["CUDA_VISIBLE_DEVICES"] = "GPU-b" } }, null);

        Assert.Equal("PresetCannotSay", Assert.Throws<LlmOpsException>(() => ConfigExport.Render(ConfigFormat.PresetIni, [new(Server("one"), null), other])).ErrorId);
    }

    [Fact]
    public void A_variable_that_no_shell_can_set_is_named()
    {
        ServerConfig config = Server("chat") with { Environment = new Dictionary<string, string> { ["A-B"] = "1" } };

        LlmOpsException problem = Assert.Throws<LlmOpsException>(() => Text(ConfigFormat.Bash, config));

        Assert.Equal("VariableNameInvalid", problem.ErrorId);
        Assert.Contains("'A-B'", problem.Message, StringComparison.Ordinal);
    }

    private static ServerConfig Server(string name) => new() { Name = name, Model = "/models/m.gguf", Options = OptionSet.Empty };

    private static string Text(ConfigFormat form, ServerConfig config) => ConfigExport.Render(form, [new ExportedServer(config, null)]);
}
