using LlmOps.Configuration;
using LlmOps.Core.Tests.Hardware;
using LlmOps.Core.Tests.Models;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;

namespace LlmOps.Core.Tests.Planning;

/// <summary>What people found by hand on their machines, the planner finds by itself.</summary>
public sealed class SeedPlanTests : IDisposable
{
    private static readonly ServerPlanner s_planner = new((first, _) => first);

    private readonly ModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // motorbottle.site/archives/754: cards 1 and 2 of five, 262144 tokens in 2 slots, q8_0, flash attention on, split by layer, --no-mmap --mlock, 60-70 tokens/s.
    [Fact]
    public void The_122B_model_goes_to_the_two_large_cards_of_five_with_its_whole_context()
    {
        ServerConfig config = Plan(Model("122b", HeaderOnlyModel.Qwen122B()), Unlimited(Machine("five-cards-dual-xeon")));

        Assert.Empty(config.Problems);
        Assert.Equal([1, 2], config.Devices.Select(device => device.Index));
        Assert.Equal(49L, config.Options.Get(LlamaCppOptions.GpuLayers));
        Assert.Equal("layer", config.Options.Get(LlamaCppOptions.SplitMode));
        Assert.Equal(49, config.Options.Get(LlamaCppOptions.TensorSplit)!.Sum());
        Assert.Equal(262144L, config.Options.Get(LlamaCppOptions.ContextLength));
        Assert.Equal(2L, config.Options.Get(LlamaCppOptions.Parallel));
        Assert.True(config.Options.Get(LlamaCppOptions.KvUnified)); // better: either request may use all 262144
        Assert.Equal("f16", config.Options.Get(LlamaCppOptions.KvCacheTypeK)); // better: q8_0 would save what nothing needs
        Assert.StartsWith("q8_0: would save", Decision(config, "kvCacheTypeK").Alternatives[0], StringComparison.Ordinal);
        Assert.Equal("on", config.Options.Get(LlamaCppOptions.FlashAttention));
        Assert.False(config.Options.Get(LlamaCppOptions.MemoryMap));
        Assert.True(config.Options.Get(LlamaCppOptions.MemoryLock));
        Assert.True(config.Options.Get(LlamaCppOptions.UbatchSize) >= 1024);
        Assert.InRange(config.Prediction!.DecodeTokensPerSecond!.Value, 50, 90);
        Assert.InRange(config.Prediction.PrefillTokensPerSecond!.Value, 800, 2000);
        Assert.Matches("RTX 4080 SUPER 1.*all of NVIDIA GeForce RTX 3060 0, Tesla P40 3, Tesla P40 4", Decision(config, "unused").Value);
    }

    // A blog post on QwQ-32B: one RTX 3090, 32768 tokens, 1 slot, q8_0, flash attention on, all layers on the card.
    [Fact]
    public void QwQ_fills_one_3090_with_a_quarter_of_its_context_and_a_quantised_cache()
    {
        ServerConfig config = Plan(Model("qwq", HeaderOnlyModel.Qwq32B()), Unlimited(Machine("one-3090")));
        long context = config.Options.Get(LlamaCppOptions.ContextLength);
        Assert.Equal(32768L, context);
        Assert.Contains("the longest that fits, in steps of 16384", Decision(config, "contextLength").Reason, StringComparison.Ordinal);
        Dictionary<string, string> longer = new() { ["ctx-size"] = $"{context + 16384}", ["n-gpu-layers"] = "65", ["cache-type-k"] = "q8_0", ["cache-type-v"] = "q8_0" };
        ServerConfig beyond = s_planner.Plan(new PlanRequest { Model = Model("qwq", HeaderOnlyModel.Qwq32B()), Topology = Unlimited(Machine("one-3090")), Pins = longer });
        Assert.Contains("does not fit", Assert.Single(beyond.Problems).Message, StringComparison.Ordinal);

        Assert.Empty(config.Problems);
        Assert.Equal(0, Assert.Single(config.Devices).Index);
        Assert.Equal(65L, config.Options.Get(LlamaCppOptions.GpuLayers));
        Assert.Equal(1L, config.Options.Get(LlamaCppOptions.Parallel));
        Assert.Equal("q8_0", config.Options.Get(LlamaCppOptions.KvCacheTypeK));
        Assert.Equal("q8_0", config.Options.Get(LlamaCppOptions.KvCacheTypeV));
        Assert.Equal("on", config.Options.Get(LlamaCppOptions.FlashAttention));
        Assert.True(config.Options.Get(LlamaCppOptions.MemoryLock));
        Assert.Contains("of NVIDIA GeForce RTX 3090 0", Decision(config, "unused").Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_is_locked_only_within_the_limit()
    {
        ServerConfig config = Plan(Model("qwq", HeaderOnlyModel.Qwq32B()), Machine("one-3090"));
        Assert.False(config.Options.Contains("memoryLock"));
        Assert.Contains("the limit (ulimit -l) is 8.00 MiB", Decision(config, "memoryLock").Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PlanMode.Auto)]
    [InlineData(PlanMode.Stable)]
    [InlineData(PlanMode.Fast)]
    public void Four_cards_of_22_GB_hold_the_122B_model_with_its_whole_context(PlanMode mode)
    {
        ServerConfig config = s_planner.Plan(new PlanRequest { Model = Model("122b", HeaderOnlyModel.Qwen122B()), Topology = PlanFixtures.Machine(("RTX 2080 Ti", 22), ("RTX 2080 Ti", 22), ("RTX 2080 Ti", 22), ("RTX 2080 Ti", 22)), Mode = mode });

        Assert.Empty(config.Problems);
        Assert.InRange(config.Devices.Count, 3, 4);
        Assert.Equal(262144L, config.Options.Get(LlamaCppOptions.ContextLength));
        Assert.Equal(49L, config.Options.Get(LlamaCppOptions.GpuLayers));
    }

    [Fact]
    public void An_uneven_pair_shares_layers_by_what_fits_where()
    {
        ServerConfig config = Plan(Model("qwq", HeaderOnlyModel.Qwq32B()), PlanFixtures.Machine(("NVIDIA GeForce RTX 3090", 24), ("NVIDIA GeForce RTX 3060", 12)));

        Assert.Empty(config.Problems);
        IReadOnlyList<double> shares = config.Options.Get(LlamaCppOptions.TensorSplit)!;
        Assert.Equal(65, shares.Sum());
        Assert.InRange(shares[0] / shares[1], 1.5, 2.8);
        double[] fill = [.. config.Plan!.Devices.Select(device => (double)device.UsedBytes / device.TotalBytes)];
        Assert.InRange(fill[0] - fill[1], -0.08, 0.08);
        Assert.True(config.Options.Get(LlamaCppOptions.ContextLength) > 32768);
    }

    [Fact]
    public void An_integrated_GPU_is_used_only_where_there_is_no_other_and_counts_as_main_memory()
    {
        GpuTopology laptop = Machine("hybrid-laptop");
        ServerConfig both = Plan(Model("qwq", HeaderOnlyModel.Qwq32B()), laptop);
        Assert.DoesNotContain(both.Devices, device => device.Index == 1);

        GpuTopology alone = laptop with { Gpus = [laptop.Gpus[1]] };
        ServerConfig integrated = Plan(Model("qwq", HeaderOnlyModel.Qwq32B()), alone);
        long used = integrated.Plan!.Devices.Sum(device => device.UsedBytes) + integrated.Plan.Host.UsedBytes;
        Assert.Empty(integrated.Problems);
        Assert.True(used <= alone.Host.Memory.AvailableBytes - Bytes.GiB, $"{used} of {alone.Host.Memory.AvailableBytes}");
    }

    [Fact]
    public void A_small_card_keeps_the_122B_models_attention_and_the_host_its_experts()
    {
        ServerConfig config = Plan(Model("122b", HeaderOnlyModel.Qwen122B()), PlanFixtures.Machine(("NVIDIA GeForce RTX 3060", 12)));

        Assert.Empty(config.Problems);
        Assert.InRange(config.Options.Get(LlamaCppOptions.CpuMoeLayers), 40, 48);
        Assert.Equal(49L, config.Options.Get(LlamaCppOptions.GpuLayers));
        Assert.Equal(36L, config.Options.Get(LlamaCppOptions.Threads));
    }

    [Fact]
    public void A_machine_without_a_GPU_reads_the_model_from_main_memory_on_all_its_nodes()
    {
        GpuTopology machine = Machine("five-cards-dual-xeon") with { Gpus = [], Links = [] };
        ServerConfig config = Plan(Model("122b", HeaderOnlyModel.Qwen122B()), Unlimited(machine));

        Assert.Empty(config.Problems);
        Assert.Empty(config.Devices);
        Assert.Equal("distribute", config.Options.Get(LlamaCppOptions.Numa));
        Assert.True(config.Options.Get(LlamaCppOptions.MemoryMap));
        Assert.True(config.Options.Get(LlamaCppOptions.MemoryLock));
        Assert.Equal("main memory bandwidth", config.Prediction!.LimitedBy);
        Assert.InRange(config.Prediction.DecodeTokensPerSecond!.Value, 5, 30);
        Assert.NotNull(config.Prediction.PrefillTokensPerSecond);
    }

    private static Decision Decision(ServerConfig config, string option) => config.Decisions.Single(decision => decision.Option == option);

    private static GpuTopology Machine(string name) => TopologyFile.Read(Fixture.PathOf(Path.Join("Machines", name + ".json")));

    // Whoever starts the engine as root may lock what they like.
    private static GpuTopology Unlimited(GpuTopology topology) => topology with { Host = topology.Host with { Limits = topology.Host.Limits with { MemlockBytes = -1 } } };

    private ModelDescription Model(string name, GgufHeader header) => ModelReader.Read(_folder.WriteSparse(name + ".gguf", header));

    private static ServerConfig Plan(ModelDescription model, GpuTopology topology) => s_planner.Plan(new PlanRequest { Model = model, Topology = topology });
}
