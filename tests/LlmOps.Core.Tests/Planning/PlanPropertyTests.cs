using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;

namespace LlmOps.Core.Tests.Planning;

/// <summary>What holds for every plan, whatever the machine and the model: tried on many that chance makes up.</summary>
public sealed class PlanPropertyTests
{
    private static readonly ServerPlanner s_planner = new((first, _) => first);
    private static readonly (string Name, int GiB)[] s_cards = [("RTX 3090", 24), ("RTX 3060", 12), ("RTX 4080 SUPER", 16), ("RTX 2080 Ti", 22), ("NVIDIA A100 80GB", 80), ("Tesla P40", 24), ("GTX 1650", 4)];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_plan_without_problems_leaves_every_device_its_headroom_and_one_that_does_not_says_so(int seed)
    {
        PlanRequest request = Request(new Random(seed));
        ServerConfig config = s_planner.Plan(request);

        double headroom = request.Mode switch { PlanMode.Stable => 2, PlanMode.Fast => 0.5, _ => 1 };
        bool lacks = false;
        foreach (DeviceMemory device in config.Plan!.Devices)
        {
            ConfigDevice chosen = config.Devices.Single(item => item.Name == device.Name);
            GpuDevice gpu = request.Topology.Gpus.Single(item => item.Index == chosen.Index);
            long usable = gpu.MemoryFreeBytes!.Value - (long)(headroom * Math.Min(512 * Bytes.MiB, gpu.MemoryTotalBytes * 3 / 100));
            lacks |= device.UsedBytes > usable + 1;
        }

        long shared = config.Plan.Devices.Where((_, at) => request.Topology.Gpus.Single(gpu => gpu.Index == config.Devices[at].Index).SharedMemory).Sum(device => device.UsedBytes);
        lacks |= config.Plan.Host.UsedBytes + shared > request.Topology.Host.Memory.AvailableBytes;
        bool reported = config.Problems.Any(problem => problem.Message.Contains("does not fit", StringComparison.Ordinal));
        Assert.True(!lacks || reported, "a plan that does not fit must say so");
        Assert.True(lacks || !reported || config.Plan.Host.UsedBytes + shared > request.Topology.Host.Memory.AvailableBytes - (3 * Bytes.GiB), "a plan that fits must not say that it does not");
        Assert.All(config.Problems, problem => Assert.False(string.IsNullOrWhiteSpace(problem.Remedy)));
        Assert.All(config.Problems, problem => Assert.DoesNotContain('\n', problem.Message + problem.Remedy));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Every_layer_is_somewhere_and_every_option_has_a_reason(int seed)
    {
        PlanRequest request = Request(new Random(seed));
        ServerConfig config = s_planner.Plan(request);
        long onGpus = config.Devices.Count == 0 ? 0 : config.Options.Get(LlamaCppOptions.GpuLayers);
        int placed = config.Plan!.Devices.Sum(device => device.Layers);
        Assert.InRange(placed, Math.Max(0, onGpus - 1), Math.Min(request.Model.LayerCount, onGpus));
        if (config.Devices.Count > 0 && config.Options.Get(LlamaCppOptions.TensorSplit) is { } shares && !request.Pins.ContainsKey("tensor-split"))
        {
            Assert.Equal(onGpus, (long)shares.Sum());
        }

        Assert.All(config.Options.Values, option => Assert.False(string.IsNullOrWhiteSpace(config.Decisions.Single(decision => decision.Option == option.Key).Reason), option.Key));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Pins_are_never_changed_and_the_same_input_gives_the_same_plan(int seed)
    {
        PlanRequest request = Request(new Random(seed));
        ServerConfig config = s_planner.Plan(request);
        foreach ((string flag, string value) in request.Pins)
        {
            EngineOption option = LlamaCppOptions.Table.ByFlag(flag)!;
            Assert.True(option.TryParse(value, out object expected));
            Assert.Equal(EngineOption.Format(expected), EngineOption.Format(config.Options[option.Name]!));
            Assert.True(config.Decisions.Single(decision => decision.Option == option.Name).Pinned);
        }

        Assert.Equal(ServerConfigFile.ToYaml(config), ServerConfigFile.ToYaml(s_planner.Plan(Request(new Random(seed)))));
    }

    private static PlanRequest Request(Random random)
    {
        int layers = random.Next(4, 96);
        bool experts = random.Next(3) == 0;
        int heads = 8 << random.Next(4);
        int kvHeads = Math.Max(1, heads / (1 << random.Next(4)));
        int embedding = 1024 * random.Next(1, 9);
        long layerBytes = random.NextInt64(5, 800) * 1_000_000;
        long context = 4096L << random.Next(7);
        ModelDescription model = PlanFixtures.Dense("random", layers, layerBytes, heads, kvHeads, embedding, embedding * 3, 32000 * random.Next(1, 8), context);
        int? window = random.Next(4) == 0 ? 1024 : null;
        model = model with
        {
            ParameterCount = layers * layerBytes * 2,
            NextTokenLayerCount = random.Next(5) == 0 && layers > 8 ? 1 : 0,
            Architecture = random.Next(2) == 0 ? "llama" : "qwen35",
            Experts = experts ? new ExpertShape(64, 4, embedding) : null,
            Attention = [.. model.Attention.Select(shape => shape with { SlidingWindow = shape.Layer % 2 == 0 ? window : null })],
            Weights = model.Weights with { Layers = [.. model.Weights.Layers.Select(layer => experts ? layer with { DenseBytes = layerBytes / 8, ExpertBytes = layerBytes * 7 / 8 } : layer)] },
        };

        (string, int)[] cards = [.. Enumerable.Range(0, random.Next(0, 9)).Select(_ => s_cards[random.Next(s_cards.Length)])];
        GpuTopology topology = PlanFixtures.Machine(cards);
        topology = topology with
        {
            Gpus = [.. topology.Gpus.Select(gpu => gpu with { MemoryFreeBytes = random.Next(4) == 0 ? gpu.MemoryFreeBytes!.Value / random.Next(1, 8) : gpu.MemoryFreeBytes, SharedMemory = random.Next(10) == 0 })],
            Host = topology.Host with { Memory = topology.Host.Memory with { AvailableBytes = random.NextInt64(2, 200) * Bytes.GiB } },
        };

        Dictionary<string, string> pins = [];
        Pin("ctx-size", random.Next(1, 64) * 1024);
        Pin("parallel", random.Next(1, 9));
        Pin("n-gpu-layers", random.Next(0, layers + 2));
        Pin("ubatch-size", 64 << random.Next(6));
        Pin("n-cpu-moe", random.Next(0, layers));
        Pin("cache-type-k", new[] { "f16", "q8_0", "q4_0" }[random.Next(3)]);
        Pin("kv-unified", random.Next(2) == 0 ? "true" : "false");
        Pin("kv-offload", random.Next(2) == 0 ? "true" : "false");
        Pin("split-mode", new[] { "layer", "none", "row" }[random.Next(3)]);
        return new PlanRequest { Model = model, Topology = topology, Mode = (PlanMode)random.Next(3), Pins = pins };

        void Pin(string flag, object value)
        {
            if (random.Next(7) == 0)
            {
                pins[flag] = Convert.ToString(value, CultureInfo.InvariantCulture)!;
            }
        }
    }
}
