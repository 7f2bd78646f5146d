using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using LlmOps.Configuration;
using LlmOps.Engines.Vllm;
using LlmOps.Engines;
using LlmOps.Planning;
using LlmOps.Processes;
using LlmOps.Servers;

namespace LlmOps.Tests.Servers;

/// <summary>A registry of its own, an environment whose vLLM is the stand-in, and a small model folder; leaves no process behind.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class VllmLab : IAsyncDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("llmops-vllm-").FullName;

    public ServerRegistry Registry => new(Path.Combine(_root, "servers"));

    public ServerController Controller => new(Registry);

    public string PathOf(string name) => Path.Combine(_root, name);

    /// <summary>A configuration for two cards that guesses three tokens ahead.</summary>
    /// <param name="name">The server's name.</param>
    /// <param name="stallSeconds">Seconds without a sign of life before a start counts as stalled.</param>
    /// <param name="environment">Variables for the stand-in.</param>
    public async Task<ServerConfig> ConfigAsync(string name, int stallSeconds, params (string Name, string Value)[] environment) => new()
    {
        Name = name,
        Engine = EngineNames.Vllm,
        EnginePath = await InstallAsync(),
        Model = WriteModel(),
        Alias = "tiny",
        Endpoint = new ServerEndpoint { Port = FreePorts.Next() },
        Devices = [new ConfigDevice { Name = "CUDA0" }, new ConfigDevice { Name = "CUDA1" }],
        Options = OptionSet.Empty.With(VllmOptions.TensorParallel, 2L).With(VllmOptions.ContextLength, 4096L).With(VllmOptions.Parallel, 4L).With(VllmOptions.BatchTokens, 2048L)
            .With(VllmOptions.Speculation, """{"method":"mtp","num_speculative_tokens":3}"""),
        Environment = environment.ToDictionary(variable => variable.Name, variable => variable.Value),
        Health = new HealthPolicy { StallSeconds = stallSeconds },
        Restart = new RestartPolicy { Mode = RestartMode.Never },
        Plan = new MemoryPlan
        {
            Devices = [Device("CUDA0"), Device("CUDA1")],
            Pool = new PoolPlan { Bytes = 20 * Bytes.GiB, Tokens = 1_000_000_000 },
        },
    };

    /// <summary>Starts a configuration.</summary>
    public Task<LlmServer> StartAsync(ServerConfig config, IProgress<StartProgress>? progress = null) => new ServerStarter(Registry, SupervisorInTests.Command).StartAsync(
        new StartRequest { Config = config, Command = LaunchCommandBuilder.Build(config, null), Timeout = TimeSpan.FromSeconds(60) }, progress, TestContext.Current.CancellationToken);

    /// <summary>Runs a configuration under a supervisor inside this process until it has ended.</summary>
    public async Task<ServerRecord> SuperviseAsync(ServerConfig config)
    {
        ServerFolder folder = Registry.FolderOf(config.Name);
        ServerFiles.Write(folder, config, ServerFiles.NewRecord(config, DateTimeOffset.UtcNow), LaunchCommandBuilder.Build(config, null));
        await new Supervisor(folder.Path).RunAsync(TestContext.Current.CancellationToken);
        return folder.ReadRecord();
    }

    public async ValueTask DisposeAsync()
    {
        // What has ended was supervised here, and a stop would wait for the end of its supervisor: of the tests.
        foreach (LlmServer server in Registry.List().Where(server => server.State is not (ServerState.Failed or ServerState.Stopped)))
        {
            await Controller.StopAsync(server.Name, TimeSpan.Zero, CancellationToken.None);
        }

        Directory.Delete(_root, recursive: true);
    }

    /// <summary>Runs the stand-in to its end.</summary>
    public static async Task<ProcessResult> RunStandInAsync(IReadOnlyList<string> arguments, params (string Name, string Value)[] environment) => await ProcessRunner.RunAsync(
        new ProcessRequest(DotNet, ["exec", Path.Combine(AppContext.BaseDirectory, "vllm-stand-in.dll"), .. arguments])
        {
            Environment = environment.ToDictionary(variable => variable.Name, variable => (string?)variable.Value),
            Timeout = TimeSpan.FromMinutes(1),
        },
        TestContext.Current.CancellationToken);

    private static string DotNet => Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));

    private async Task<string> InstallAsync()
    {
        string environment = PathOf("environment");
        if (!Directory.Exists(environment))
        {
            ProcessResult installed = await RunStandInAsync(["install", environment]);
            Assert.Equal((0, string.Empty), (installed.ExitCode, installed.StandardError));
        }

        return Path.Combine(environment, "bin", "vllm");
    }

    private string WriteModel()
    {
        string folder = Directory.CreateDirectory(PathOf("Tiny-1.5B")).FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), """
            { "architectures": ["LlamaForCausalLM"], "model_type": "llama", "num_hidden_layers": 4, "hidden_size": 512, "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 64, "max_position_embeddings": 8192 }
            """);
        for (int shard = 1; shard <= 3; shard++)
        {
            byte[] header = Encoding.UTF8.GetBytes($$$"""{"model.layers.{{{shard}}}.w":{"dtype":"BF16","shape":[512,512],"data_offsets":[0,524288]}}""");
            byte[] file = new byte[8 + header.Length + 524288];
            BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)header.Length);
            header.CopyTo(file, 8);
            File.WriteAllBytes(Path.Combine(folder, $"model-0000{shard}-of-00003.safetensors"), file);
        }

        return folder;
    }

    private static DeviceMemory Device(string name) => new() { Name = name, WeightsBytes = 10 * Bytes.MiB, KvCacheBytes = 20 * Bytes.GiB, ComputeBytes = Bytes.GiB, OverheadBytes = Bytes.GiB };
}
