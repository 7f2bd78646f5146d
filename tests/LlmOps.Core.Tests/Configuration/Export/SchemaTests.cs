using LlmOps.Configuration;
using LlmOps.Configuration.Export;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using YamlDotNet.RepresentationModel;

namespace LlmOps.Tests.Configuration.Export;

/// <summary>What is written for tools that publish a schema fits it, with every part that a server can have.</summary>
public sealed class SchemaTests
{
    [Fact]
    public void Compose_fits_the_compose_specification() => AssertFits(ConfigFormat.Compose, "shm_size", "compsoe", _ => "compose-spec");

    [Fact]
    public void Llama_swap_fits_its_own_schema() => AssertFits(ConfigFormat.LlamaSwap, "cmd", "command", _ => "llama-swap");

    [Fact]
    public void Kubernetes_fits_the_strict_schemas_of_its_kinds() =>
        AssertFits(ConfigFormat.Kubernetes, "mountPath", "mountpath", document => "kubernetes-" + ((YamlScalarNode)document["kind"]).Value!.ToLowerInvariant());

    private static void AssertFits(ConfigFormat format, string key, string mistake, Func<YamlNode, string> schema)
    {
        string text = ConfigExport.Render(format, Servers());
        Assert.Empty(Problems(text));
        Assert.NotEmpty(Problems(text.Replace($"{key}:", $"{mistake}:", StringComparison.Ordinal)));

        IEnumerable<string> Problems(string yaml)
        {
            YamlStream stream = [];
            stream.Load(new StringReader(yaml));
            Assert.NotEmpty(stream.Documents);
            return stream.Documents.SelectMany(document => JsonSchema.Read(schema(document.RootNode)).Problems(document.RootNode));
        }
    }

    private static ExportedServer[] Servers()
    {
        using HostileConfig hostile = new(hasLines: false);
        ServerConfig plain = hostile.Config with { Environment = new Dictionary<string, string> { ["GGML_CUDA_FORCE_MMQ"] = "1", ["EMPTY"] = "" } };
        ConfigDevice[] cards = [new() { Name = "CUDA0", Uuid = "GPU-aa" }, new() { Name = "CUDA1", Index = 1 }];
        return
        [
            new(plain, null),
            new(plain with
            {
                Name = "Cards.with_all-things",
                Alias = "first/of-them",
                Devices = cards,
                Endpoint = new ServerEndpoint { Host = "::1", Port = 8090, ApiKeyFile = "/keys/the key" },
                Container = new ContainerSettings { Ipc = "private", ShmSize = "8g", Memory = "24g", Ulimits = new Dictionary<string, string> { ["nofile"] = "1024:65536" } },
                Options = plain.Options.With(LlamaCppOptions.MemoryLock, true).With(LlamaCppOptions.ChatTemplateFile, "/templates/a b.jinja"),
                Restart = new RestartPolicy { Mode = RestartMode.Always },
            }, null),
            new(plain with { Name = "vllm", Alias = null, Engine = EngineNames.Vllm, Model = "/models/Tiny", Options = OptionSet.Empty, Devices = cards, Container = new ContainerSettings { Ipc = "host" }, Endpoint = new ServerEndpoint { ApiKeyFile = "/keys/k" } }, null),
            new(plain with { Name = "amd", Alias = "amd", Devices = [new ConfigDevice { Name = "ROCm0" }] }, null),
        ];
    }
}
