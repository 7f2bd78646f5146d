using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Engines.Vllm;
using LlmOps.Servers.Docker;

namespace LlmOps.Tests.Servers.Docker;

/// <summary>The command line that starts a container.</summary>
public sealed class DockerCommandLineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llmops-docker-line-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_model_over_two_cards_of_three_is_published_on_its_address_with_its_cards_folder_and_locked_memory()
    {
        // The 122B mixture of experts of a published set-up, whose own line opened the port to everybody and numbered the cards.
        string line = Line(Config() with
        {
            Devices = [new ConfigDevice { Name = "CUDA0", Uuid = "GPU-aa" }, new ConfigDevice { Name = "CUDA1", Uuid = "GPU-bb" }],
            Options = OptionSet.Empty.With(LlamaCppOptions.MemoryLock, true).With(LlamaCppOptions.ContextLength, 262144),
            Endpoint = new ServerEndpoint { Host = "192.168.1.5", Port = 18434 },
        });

        Assert.Contains("--gpus '\"device=GPU-aa,GPU-bb\"'", line, StringComparison.Ordinal);
        Assert.Contains($"--mount type=bind,source={_folder},target=/models,readonly", line, StringComparison.Ordinal);
        Assert.Contains("--publish 192.168.1.5:18434:8080", line, StringComparison.Ordinal);
        Assert.Contains("--ulimit memlock=-1", line, StringComparison.Ordinal);
        Assert.Contains("--restart on-failure:5", line, StringComparison.Ordinal);
        Assert.Contains("--log-opt max-size=50m --log-opt max-file=4 ghcr.io/ggml-org/llama.cpp:server-cuda --model /models/m.gguf", line, StringComparison.Ordinal);
        Assert.Contains("--host 0.0.0.0 --port 8080 --device CUDA0,CUDA1 --ctx-size 262144 ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("--ipc", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Cards_that_the_device_interface_names_are_asked_for_by_those_names_and_podman_knows_no_other_way()
    {
        ServerConfig config = Config() with { Devices = [new ConfigDevice { Name = "CUDA0", Uuid = "GPU-aa" }] };
        CdiDevices named = new("kind: nvidia.com/gpu\ndevices:\n- name: \"0\"\n- name: GPU-aa\n");

        Assert.Contains("--device nvidia.com/gpu=GPU-aa", Line(config, named), StringComparison.Ordinal);
        Assert.Contains("--gpus", Line(config, new CdiDevices("- name: GPU-aab")), StringComparison.Ordinal);
        Assert.Contains("--device nvidia.com/gpu=GPU-aa", Line(config, program: "/usr/bin/podman"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("host", null, "--ipc host", "--shm-size")]
    [InlineData("private", null, "--ipc private --shm-size 16g", "--ipc host")]
    [InlineData(null, null, "--shm-size 16g", "--ipc")]
    [InlineData("private", "32g", "--shm-size 32g", "16g")]
    public void Ranks_of_vllm_get_shared_memory_to_talk_through(string? ipc, string? size, string expected, string unexpected)
    {
        string line = Line(Vllm(2) with { Container = new ContainerSettings { Ipc = ipc, ShmSize = size } });

        Assert.Contains(expected, line, StringComparison.Ordinal);
        Assert.DoesNotContain(unexpected, line, StringComparison.Ordinal);
        Assert.DoesNotContain("--shm-size", Line(Vllm(1)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_of_vllm_is_passed_on_by_name_and_its_file_is_not_mounted()
    {
        string key = NewFile("key");
        ServerConfig config = Vllm(1);

        string line = Line(config with { Endpoint = config.Endpoint with { ApiKeyFile = key } });

        Assert.StartsWith($"VLLM_API_KEY=\"$(head -n 1 {key})\" docker run", line, StringComparison.Ordinal);
        Assert.Contains("--env VLLM_API_KEY ", line, StringComparison.Ordinal);
        Assert.DoesNotContain($"source={key}", line, StringComparison.Ordinal);
        Assert.DoesNotContain("api-key", line, StringComparison.Ordinal);
    }

    [Fact]
    public void An_amd_card_gets_its_nodes_and_the_image_that_supports_it()
    {
        string line = Line(Config() with { Devices = [new ConfigDevice { Name = "ROCm0" }] });

        Assert.Contains("--device /dev/kfd --device /dev/dri --group-add video", line, StringComparison.Ordinal);
        Assert.Contains("llama.cpp:server-rocm", line, StringComparison.Ordinal);
        Assert.DoesNotContain("--gpus", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Key_template_projector_and_files_of_extra_arguments_are_mounted_where_the_engine_is_told_they_are()
    {
        string key = NewFile("key"), template = NewFile("with,comma.jinja"), projector = NewFile("mmproj.gguf"), adapter = NewFile("adapter.gguf");
        string line = Line(Config() with
        {
            Endpoint = new ServerEndpoint { ApiKeyFile = key },
            Options = OptionSet.Empty.With(LlamaCppOptions.ChatTemplateFile, template).With(LlamaCppOptions.Projector, projector),
            ExtraArguments = ["--lora", adapter, "--temp", "0.6"],
        });

        Assert.Contains($"source={key},target=/run/secrets/llmops-api-key,readonly", line, StringComparison.Ordinal);
        Assert.Contains($"type=bind,\"source={template}\",\"target=/llmops/with,comma.jinja\",readonly", line, StringComparison.Ordinal);
        Assert.Contains("--api-key-file /run/secrets/llmops-api-key", line, StringComparison.Ordinal);
        Assert.Contains("--chat-template-file /llmops/with,comma.jinja", line, StringComparison.Ordinal);
        Assert.Contains("--mmproj /llmops/mmproj.gguf", line, StringComparison.Ordinal);
        Assert.EndsWith("--lora /llmops/adapter.gguf --temp 0.6", line, StringComparison.Ordinal);
        Assert.DoesNotContain("--env", line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_is_a_link_is_mounted_from_where_it_leads_with_all_its_parts()
    {
        string[] targets = [NewFile("blob1"), NewFile("blob2")];
        string links = Directory.CreateDirectory(Path.Combine(_folder, "snapshot")).FullName;
        File.CreateSymbolicLink(Path.Combine(links, "m-00001-of-00002.gguf"), targets[0]);
        File.CreateSymbolicLink(Path.Combine(links, "m-00002-of-00002.gguf"), targets[1]);

        string line = Line(Config() with { Model = Path.Combine(links, "m-00001-of-00002.gguf") });

        Assert.Contains($"source={targets[0]},target=/models/m-00001-of-00002.gguf,readonly", line, StringComparison.Ordinal);
        Assert.Contains($"source={targets[1]},target=/models/m-00002-of-00002.gguf,readonly", line, StringComparison.Ordinal);
        Assert.Contains("--model /models/m-00001-of-00002.gguf", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost", "127.0.0.1:8080:8080")]
    [InlineData("::1", "'[::1]:8080:8080'")]
    [InlineData("*", "0.0.0.0:8080:8080")]
    public void The_address_is_published_as_docker_writes_it(string host, string expected) =>
        Assert.Contains($"--publish {expected}", Line(Config() with { Endpoint = new ServerEndpoint { Host = host } }), StringComparison.Ordinal);

    [Fact]
    public void A_name_of_a_machine_is_no_address_to_publish_on() =>
        Assert.Equal("HostNotAddress", Assert.Throws<LlmOpsException>(() => Line(Config() with { Endpoint = new ServerEndpoint { Host = "gpu-box" } })).ErrorId);

    [Theory]
    [InlineData(RestartMode.Never, 5, "--restart no")]
    [InlineData(RestartMode.OnFailure, 3, "--restart on-failure:3")]
    [InlineData(RestartMode.OnFailure, 0, "--restart no")]
    [InlineData(RestartMode.Always, 5, "--restart unless-stopped")]
    public void The_restart_policy_is_dockers_own(RestartMode mode, int most, string expected) =>
        Assert.Contains(expected, Line(Config() with { Restart = new RestartPolicy { Mode = mode, MaxRestarts = most } }), StringComparison.Ordinal);

    [Fact]
    public void Settings_of_the_container_are_passed_on()
    {
        string line = Line(Config() with
        {
            Image = "mine:1",
            Container = new ContainerSettings { Ipc = "host", ShmSize = "8g", Memory = "24g", Ulimits = new Dictionary<string, string> { ["nofile"] = "65536" } },
            Environment = new Dictionary<string, string> { ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID" },
        });

        Assert.Contains("--env CUDA_DEVICE_ORDER=PCI_BUS_ID --ipc host --shm-size 8g --memory 24g --ulimit nofile=65536", line, StringComparison.Ordinal);
        Assert.Contains(" mine:1 --model", line, StringComparison.Ordinal);
    }

    private ServerConfig Config() => new() { Name = "m", Model = NewFile("m.gguf") };

    private ServerConfig Vllm(long ranks) => new()
    {
        Name = "v",
        Engine = EngineNames.Vllm,
        Runtime = RuntimeNames.Docker,
        Image = "vllm/vllm-openai:v0.21.0",
        Model = _folder,
        Options = OptionSet.Empty.With(VllmOptions.TensorParallel, ranks),
    };

    private string NewFile(string name)
    {
        string file = Path.Combine(_folder, name);
        File.WriteAllText(file, "x");
        return file;
    }

    private static string Line(ServerConfig config, CdiDevices? cdi = null, string program = "docker") =>
        ShellText.Line(DockerCommandLine.Run(ContainerSpecs.Of(config, null, cdi ?? CdiDevices.None), program));
}
