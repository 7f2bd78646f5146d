using LlmOps.Configuration;
using LlmOps.Core.Tests.Hardware;
using LlmOps.Diagnostics;
using LlmOps.Diagnostics.Checks;
using LlmOps.Engines;
using LlmOps.Engines.Vllm;
using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>A machine that checks look at: files below a root, stand-in programs on its PATH, a topology, and what is asked about.</summary>
internal sealed class CheckMachine : IDisposable
{
    public const long GiB = 1L << 30;

    private readonly List<IDisposable> _kept = [];

    public FakeRoot Files { get; } = new();

    public GpuTopology Topology { get; set; } = new() { Host = new HostInfo { Os = "Ubuntu 22.04.5 LTS", Kernel = "6.8.0-60-generic" } };

    public ServerConfig? Config { get; set; }

    public ModelDescription? Model { get; set; }

    public string? ModelProblem { get; set; }

    public EngineCapabilities? Engine { get; set; }

    public string? EngineProblem { get; set; }

    public string? EnginePath { get; set; }

    public IReadOnlyList<string> Roles { get; set; } = [];

    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);

    public bool IsOther { get; set; }

    public FileSamples? Samples { get; set; }

    public string Home => Files.Locate("/home/me");

    public CheckContext Context => new()
    {
        Topology = Topology,
        Config = Config,
        Model = Model,
        ModelProblem = ModelProblem,
        Engine = Engine,
        EngineProblem = EngineProblem,
        EnginePath = EnginePath,
        Roles = Roles,
        SystemRoot = IsOther ? null : Files.Path,
        PathVariable = Files.Locate("/stand-ins"),
        Home = Home,
        GetEnvironmentVariable = Variables.GetValueOrDefault,
        SampleFiles = Samples is { } samples ? _ => samples : FileSamples.Take,
    };

    public void Host(Func<HostInfo, HostInfo> change) => Topology = Topology with { Host = change(Topology.Host) };

    /// <summary>Cards of a compute capability, all at one processor.</summary>
    public void Cards(int count, string name = "NVIDIA GeForce RTX 3090", string capability = "8.6", GpuVendor vendor = GpuVendor.Nvidia, Func<GpuDevice, GpuDevice>? change = null) => Topology = Topology with
    {
        Driver = vendor == GpuVendor.Nvidia ? new DriverInfo { Version = "580.65.06", CudaVersion = "13.0" } : null,
        Source = vendor == GpuVendor.Nvidia ? "nvml" : "amd",
        Gpus = [.. Enumerable.Range(0, count).Select(index => (change ?? (card => card))(new GpuDevice
        {
            Index = index,
            CudaIndex = index,
            Uuid = $"GPU-{index:D8}-0000-4000-8000-000000000000",
            PciBusId = $"00000000:{index + 1:X2}:00.0",
            Vendor = vendor,
            Name = name,
            ComputeCapability = vendor == GpuVendor.Nvidia ? capability : null,
            MemoryTotalBytes = 24 * GiB,
            MemoryFreeBytes = 24 * GiB,
        }))],
    };

    /// <summary>How every pair of cards is joined.</summary>
    public void Links(GpuLinkKind kind, bool? peers, int nvlinks = 0, string? status = null) => Topology = Topology with
    {
        Links = [.. from a in Topology.Gpus from b in Topology.Gpus where a.Index < b.Index select new GpuLink { A = a.Index, B = b.Index, Kind = kind, PeerAccess = peers, Nvlinks = nvlinks, PeerStatus = status }],
    };

    /// <summary>A program that prints and ends.</summary>
    public string Program(string name, string prints = "", int exitCode = 0, string body = "")
    {
        string path = Files.Locate("/stand-ins/" + name);
        Files.Write("/stand-ins/" + name, $"#!/bin/sh\n{body}\nwhile IFS= read -r line; do printf '%s\\n' \"$line\"; done <<'END'\n{prints}\nEND\nexit {exitCode}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    /// <summary>A llama-server of the newest known flags.</summary>
    public void LlamaCpp(params EngineDevice[] devices) => Engine = Engines.EngineFixtures.LlamaServer("0.7.0", devices);

    /// <summary>vLLM in an environment that exists only in name.</summary>
    public void Vllm(string version = "0.21.0", string torchCuda = "13.0", string python = "3.10.20", params (string Name, string Version)[] more)
    {
        string folder = Files.Locate("/home/me/miniconda3/envs/vllm");
        Directory.CreateDirectory(folder);
        Engine = new EngineCapabilities
        {
            Engine = EngineNames.Vllm,
            Path = Path.Combine(folder, "bin", "vllm"),
            Version = version,
            Flags = VllmFlags.OfNewest,
            Python = new PythonEnvironment
            {
                Kind = PythonEnvironmentKind.Conda,
                Folder = folder,
                PythonVersion = python,
                TorchCuda = torchCuda.Length == 0 ? null : torchCuda,
                Packages = new Dictionary<string, string>(more.Select(package => KeyValuePair.Create(package.Name, package.Version)))
                {
                    ["vllm"] = version, ["torch"] = "2.9.0", ["transformers"] = "5.1.0",
                },
            },
        };
    }

    /// <summary>A configuration for the cards that are there.</summary>
    public void Plan(string engine = EngineNames.LlamaCpp, params (string Name, object Value)[] options)
    {
        OptionSet set = OptionSet.Empty;
        foreach ((string name, object value) in options)
        {
            set = set.With(name, value);
        }

        Config = new ServerConfig
        {
            Name = "checked",
            Engine = engine,
            Model = "/models/model",
            Devices = [.. Topology.Gpus.Select(gpu => new ConfigDevice { Name = $"CUDA{gpu.Index}", Index = gpu.Index, Uuid = gpu.Uuid })],
            Options = set,
        };
    }

    public async Task<CheckResult> RunAsync(string id) =>
        Assert.Single(await new EnvironmentChecks().RunAsync(Context, new CheckSelection { Ids = [id] }, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken));

    /// <summary>Something that lasts as long as the machine.</summary>
    public T Keep<T>(T thing)
        where T : IDisposable
    {
        _kept.Add(thing);
        return thing;
    }

    public void Dispose()
    {
        _kept.ForEach(thing => thing.Dispose());
        Files.Dispose();
    }
}
