using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Planning;

namespace LlmOps.Core.Tests.Configuration;

public sealed class ServerConfigFileTests
{
    private static readonly ServerConfig Full = new()
    {
        Name = "qwq-32b",
        EnginePath = "/opt/llama cpp/llama-server",
        Model = "/models/Qwen: \"QwQ\" #1.gguf",
        Alias = "true",
        Devices = [new ConfigDevice { Name = "CUDA0", Index = 1, Uuid = "GPU-8f2c" }, new ConfigDevice { Name = "CUDA1", Index = 2, Uuid = "GPU-9a11" }],
        Options = OptionSet.Empty
            .With(LlamaCppOptions.GpuLayers, 65L)
            .With(LlamaCppOptions.TensorSplit, [23.5, 31])
            .With(LlamaCppOptions.ContextLength, 32768L)
            .With(LlamaCppOptions.FlashAttention, "on")
            .With(LlamaCppOptions.MemoryLock, true),
        ExtraArguments = ["--rope-scale", "2", "# not a comment"],
        Environment = new Dictionary<string, string> { ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID", ["EMPTY"] = "" },
        Endpoint = new ServerEndpoint { Host = "0.0.0.0", Port = 18434, ApiKeyFile = "/run/keys/llm" },
        Health = new HealthPolicy { StallSeconds = 60 },
        Restart = new RestartPolicy { Mode = RestartMode.Always, MaxRestarts = 3, BackoffSeconds = 0.5 },
        Plan = new MemoryPlan
        {
            Devices = [new DeviceMemory { Name = "CUDA0", TotalBytes = 34359738368, WeightsBytes = 17_000_000_001, KvCacheBytes = 5, FreeAfterBytes = -7, Layers = 33 }],
            Host = new HostMemory { TotalBytes = 1, WeightsBytes = 2, FreeAfterBytes = -1 },
        },
        Prediction = new ThroughputPrediction(42.5, null, "memory bandwidth of CUDA0"),
        Problems = [new PlanProblem("CUDA0 lacks 7 B: sorry", "use less")],
        Decisions =
        [
            new Decision("contextLength", "32768", "all that the model was trained for (32768)", []),
            new Decision("memoryLock", "true", "as asked", [], Pinned: true),
            new Decision("gpuLayers", "65", "a reason that is so long that it cannot stand beside the value and has to go above it, wrapped over as many lines as it takes to say it all", ["64: one layer would run on the processor"]),
            new Decision("port", "18434", "as asked", [], Pinned: true),
        ],
    };

    [Fact]
    public void A_configuration_survives_the_way_through_yaml()
    {
        ServerConfig read = ServerConfigFile.Parse(ServerConfigFile.ToYaml(Full), "test");

        Assert.Equal(ServerConfigFile.ToYaml(Full), ServerConfigFile.ToYaml(read));
        Assert.Equal(Full.Model, read.Model);
        Assert.Equal("true", read.Alias);
        Assert.Equal(Full.Devices, read.Devices);
        Assert.Equal(Full.ExtraArguments, read.ExtraArguments);
        Assert.Equal(Full.Environment, read.Environment);
        Assert.Equal(Full.Endpoint, read.Endpoint);
        Assert.Equal(Full.Restart, read.Restart);
        Assert.Equal(Full.Plan!.Devices, read.Plan!.Devices);
        Assert.Equal(Full.Plan.Host, read.Plan.Host);
        Assert.Equal(Full.Prediction, read.Prediction);
        Assert.Equal(Full.Problems, read.Problems);
        Assert.Equal([23.5, 31], read.Options.Get(LlamaCppOptions.TensorSplit)!);
    }

    [Fact]
    public void Reasons_and_rejected_alternatives_survive_as_comments()
    {
        ServerConfig read = ServerConfigFile.Parse(ServerConfigFile.ToYaml(Full), "test");
        foreach (Decision expected in Full.Decisions)
        {
            Decision found = Assert.Single(read.Decisions, decision => decision.Option == expected.Option);
            Assert.Equal((expected.Value, expected.Reason, expected.Pinned), (found.Value, found.Reason, found.Pinned));
            Assert.Equal(expected.Alternatives, found.Alternatives);
        }
    }

    [Fact]
    public void A_short_reason_stands_beside_its_value() =>
        Assert.Matches(@"(?m)^  contextLength: 32768\s+# all that the model was trained for \(32768\)$", ServerConfigFile.ToYaml(Full));

    [Theory]
    [InlineData("name: a\nmodel: m\noptions:\n  contextLenght: 5\n", 4, 3, "unknown key 'contextLenght' in options; did you mean contextLength?")]
    [InlineData("name: a\nmodel: m\noptions:\n  ctx-size: 5\n", 4, 3, "the option for --ctx-size is called contextLength")]
    [InlineData("name: a\nmodel: m\noptions:\n  contextLength: many\n", 4, 18, "contextLength must be a whole number of at least 0, not 'many'")]
    [InlineData("name: a\nmodle: m\n", 2, 1, "unknown key 'modle' in the configuration; did you mean model?")]
    [InlineData("name: a\nmodel: m\nendpoint:\n  port: 70000\n", 4, 9, "port must be a whole number from 1 to 65535, not '70000'")]
    [InlineData("name: a\nmodel: m\nendpoint: 8080\n", 3, 11, "endpoint must be a block of 'key: value' lines, not '8080'")]
    [InlineData("name: a\nmodel: m\noptions:\n  jinja: perhaps\n", 4, 10, "jinja must be true or false, not 'perhaps'")]
    [InlineData("name: a b\nmodel: m\n", 1, 7, "'a b' cannot be a server name")]
    [InlineData("name: a\nmodel: m\nengine: ollama\n", 3, 9, "engine 'ollama' is not supported")]
    [InlineData("name: a\n", 1, 1, "the key 'model' is missing")]
    [InlineData("", 1, 1, "the file is empty")]
    [InlineData("- a\n", 1, 1, "the file must be a block of 'key: value' lines, not a list")]
    [InlineData("name: 'a\n", 1, 0, "this is not valid YAML")]
    [InlineData("name: a\nmodel: m\nname: b\n", 3, 0, "this is not valid YAML")]
    [InlineData("name: a\nmodel: m\n---\nname: b\n", 4, 1, "a second document")]
    public void A_mistake_is_named_with_line_and_column(string yaml, long line, long column, string message)
    {
        ConfigException error = Assert.Throws<ConfigException>(() => ServerConfigFile.Parse(yaml, "server.yaml"));
        Assert.Equal(line, error.Line);
        Assert.True(column == 0 || column == error.Column, $"column {error.Column}");
        Assert.StartsWith($"server.yaml:{error.Line}:{error.Column}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Relative_paths_are_meant_from_the_folder_of_the_file()
    {
        string folder = Directory.CreateTempSubdirectory("llmops-test-").FullName;
        try
        {
            string file = Path.Combine(folder, "server.yaml");
            File.WriteAllText(file, "name: a\nmodel: models/m.gguf\nendpoint:\n  apiKeyFile: key\n");
            ServerConfig config = ServerConfigFile.Read(file);
            Assert.Equal(Path.Combine(folder, "models/m.gguf"), config.Model);
            Assert.Equal(Path.Combine(folder, "key"), config.Endpoint.ApiKeyFile);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Equal("ConfigNotFound", Assert.Throws<LlmOpsException>(() => ServerConfigFile.Read("/nowhere/server.yaml")).ErrorId);
}
