using LlmOps.Accuracy;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;
using LlmOps.Planning.Memory;

namespace LlmOps.Core.Tests.Planning;

/// <summary>Everything beside weights, cache and scratch memory of a model on its own.</summary>
public sealed class MemoryTermsTests : IDisposable
{
    private static readonly IReadOnlyDictionary<string, ModelDescription> s_models =
        ModelOutline.Read(Path.Combine(AppContext.BaseDirectory, "Planning", "Fixtures", "memory-cases.json"));

    private readonly string _folder = Directory.CreateTempSubdirectory("llmops-memory").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_figure_that_is_not_0_is_a_term_with_its_source_and_the_terms_add_up()
    {
        MemoryPlan plan = MemoryModel.Estimate(Llama, Two with { Slots = 3, Unified = true }, new HostInfo());
        Assert.All(plan.Terms, term => Assert.NotEmpty(term.Source));
        foreach (DeviceMemory device in plan.Devices)
        {
            Assert.Equal(device.UsedBytes, plan.Terms.Where(term => term.Place == device.Name).Sum(term => term.Bytes));
        }

        Assert.Equal(plan.Host.UsedBytes, plan.Terms.Where(term => term.Place == "host" && term.Kind is not ("promptCache" or "checkpoints" or "mapped" or "locked")).Sum(term => term.Bytes));
        Assert.Equal(3L * Llama.VocabularySize * sizeof(float), Assert.Single(plan.Terms, term => term.Kind == "output").Bytes);
    }

    [Fact]
    public void Saved_prompts_and_states_count_later_not_at_the_start()
    {
        MemoryPlan plan = MemoryModel.Estimate(Llama, Two with { PromptCacheBytes = 3 * Bytes.GiB }, new HostInfo());
        Assert.Equal(0, plan.Host.CheckpointBytes); // a cache that looks back all the way needs none
        Assert.Equal(plan.Host.UsedBytes + (3 * Bytes.GiB), plan.Host.PeakBytes);
    }

    [Theory]
    [InlineData(8192, 1, 4)] // one at a distance, three at the end of the prompt
    [InlineData(262144, 1, 32)] // the limit
    [InlineData(262144, 4, 128)]
    public void States_to_go_back_to_are_kept_for_each_slot_of_a_recurrent_model(long context, int slots, int expected)
    {
        Placement placement = Two with { ContextLength = context, Slots = slots, Unified = true };
        long state = HostTerms.CheckpointBytes(Hybrid, placement);
        Assert.Equal(RecurrentState.LayerBytes(Hybrid.Recurrent!, placement with { Slots = 1 }) * RecurrentState.Layers(Hybrid).Count(), state);
        Assert.Equal(expected * state, MemoryModel.Estimate(Hybrid, placement, new HostInfo()).Host.CheckpointBytes);
        Assert.Equal(2 * slots * state, MemoryModel.Estimate(Hybrid, placement with { CheckpointsPerSlot = 2 }, new HostInfo()).Host.CheckpointBytes);
    }

    [Fact]
    public void A_model_with_windows_keeps_their_cells_unless_they_hold_the_whole_context()
    {
        ModelDescription windowed = s_models.Values.First(item => item.Architecture == "gemma3");
        long state = HostTerms.CheckpointBytes(windowed, Two);
        Assert.Equal(windowed.Attention.Where(shape => shape.SlidingWindow is not null).Sum(shape => 1536L * 2 * 2 * shape.KeyValueHeadCount * shape.KeyLength), state);
        Assert.Equal(0, HostTerms.CheckpointBytes(windowed, Two with { FullWindow = true }));
    }

    [Fact]
    public void A_mapped_file_is_page_cache_and_locking_counts_what_the_host_computes_with()
    {
        ModelDescription model = Llama with { SizeBytes = 5 * Bytes.GiB };
        HostMemory mapped = MemoryModel.Estimate(model, Two, new HostInfo()).Host;
        HostMemory locked = MemoryModel.Estimate(model, Two with { Loading = WeightLoading.Locked }, new HostInfo()).Host;
        HostMemory copied = MemoryModel.Estimate(model, Two with { Loading = WeightLoading.CopiedAndLocked }, new HostInfo()).Host;
        Assert.Equal((5 * Bytes.GiB, 0L), (mapped.MappedBytes, mapped.LockedBytes));
        Assert.Equal((5 * Bytes.GiB, locked.WeightsBytes), (locked.MappedBytes, locked.LockedBytes));
        Assert.Equal((0L, copied.WeightsBytes), (copied.MappedBytes, copied.LockedBytes));
    }

    [Fact]
    public void A_draft_model_needs_what_it_would_need_alone_with_a_cache_of_its_own_type()
    {
        Placement main = Two with { TypeK = "q8_0", TypeV = "q8_0" };
        MemoryPlan without = MemoryModel.Estimate(Llama, main, new HostInfo());
        MemoryPlan with = MemoryModel.Estimate(Llama, main with { Draft = new DraftModel(Hybrid) }, new HostInfo());
        MemoryPlan alone = MemoryModel.Estimate(Hybrid, Two with { GpuLayers = Hybrid.LayerCount + 1 }, new HostInfo());
        for (int at = 0; at < 2; at++)
        {
            Assert.Equal(alone.Devices[at].UsedBytes - alone.Devices[at].OverheadBytes, with.Devices[at].DraftBytes);
            Assert.Equal(without.Devices[at].UsedBytes + with.Devices[at].DraftBytes, with.Devices[at].UsedBytes);
        }
    }

    /// <summary>llama.cpp 0.7.0 says of Qwen3.6-27B with its next-token layer, 16384 tokens, 2 slots: 64 MiB of cache and 234.06 MiB of scratch.</summary>
    [Fact]
    public void Next_token_layers_draft_with_a_small_cache_and_a_graph_of_one_layer_on_the_last_device()
    {
        ModelDescription trunk = s_models.Values.First(item => item.Architecture == "qwen35");
        int last = trunk.LayerCount;
        AttentionShape full = trunk.Attention.Last(shape => shape.KeyValueHeadCount > 0);
        WeightTensor[] tensors =
        [
            .. trunk.Weights.LayerTensors[full.Layer],
            new WeightTensor("nextn.eh_proj.weight", 2L * trunk.EmbeddingLength, trunk.EmbeddingLength, 0),
            new WeightTensor("nextn.enorm.weight", trunk.EmbeddingLength, 1, 0),
            new WeightTensor("nextn.hnorm.weight", trunk.EmbeddingLength, 1, 0),
        ];
        ModelDescription model = trunk with
        {
            LayerCount = last + 1,
            NextTokenLayerCount = 1,
            Attention = [.. trunk.Attention, full with { Layer = last, KeyValueHeadCount = 0, DraftKeyValueHeadCount = full.KeyValueHeadCount }],
            Weights = trunk.Weights with { LayerTensors = [.. trunk.Weights.LayerTensors, tensors], Layers = [.. trunk.Weights.Layers, new LayerWeights(last, 77, 0)] },
        };
        Placement placement = new() { Devices = [Device("Vulkan0"), Device("Vulkan1")], GpuLayers = last + 2, ContextLength = 16384, Slots = 2 };
        MemoryPlan without = MemoryModel.Estimate(model, placement, new HostInfo());
        MemoryPlan with = MemoryModel.Estimate(model, placement with { DraftsNextTokens = true, DraftTokens = 3 }, new HostInfo());
        Assert.Equal(0, with.Devices[0].DraftBytes);
        Assert.InRange((double)with.Devices[1].DraftBytes / Bytes.MiB, 0.98 * 298.06, 1.10 * 298.06);
        Assert.Equal(4 * without.Devices[0].RecurrentBytes, with.Devices[0].RecurrentBytes);
        Assert.Equal(77, with.Devices[1].WeightsBytes - without.Devices[1].WeightsBytes);
    }

    /// <summary>llama.cpp 0.7.0 says of this projector (SigLIP of Gemma 3, 896 pixels): 955.94 MiB on the device and 9.19 on the host.</summary>
    [Fact]
    public void A_projector_is_on_the_main_device_with_the_scratch_memory_of_its_largest_image()
    {
        ProjectorDescription projector = new() { Path = "mmproj.gguf", WeightsBytes = 856_304_640, ImageSize = 896, PatchSize = 14, EmbeddingLength = 1152, FeedForwardLength = 4304 };
        MemoryPlan plan = MemoryModel.Estimate(Llama, Two with { Projector = projector }, new HostInfo());
        Assert.InRange((double)plan.Devices[0].ProjectorBytes / Bytes.MiB, 955.94 * 0.99, 955.94 * 1.05);
        Assert.Equal(0, plan.Devices[1].ProjectorBytes);
        Assert.InRange((double)plan.Host.ProjectorBytes / Bytes.MiB, 9.18, 9.20);

        MemoryPlan onHost = MemoryModel.Estimate(Llama, Two with { Projector = projector, OffloadsProjector = false }, new HostInfo());
        Assert.Equal(0, onHost.Devices[0].ProjectorBytes);
        Assert.Equal(plan.Devices[0].ProjectorBytes + plan.Host.ProjectorBytes, onHost.Host.ProjectorBytes);
    }

    [Fact]
    public void A_file_that_is_no_projector_is_named()
    {
        string path = Path.Combine(_folder, "model.gguf");
        TinyModelWriter.Write(path, new TinyModelOptions());
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => ProjectorDescription.Read(path));
        Assert.Contains("mmproj", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_go_where_a_pattern_sends_them_and_the_first_pattern_wins()
    {
        ModelDescription experts = s_models.Values.First(item => item.Architecture == "qwen3moe");
        Placement placement = Two with { GpuLayers = experts.LayerCount + 1 };
        MemoryPlan plain = MemoryModel.Estimate(experts, placement, new HostInfo());
        MemoryPlan byNumber = MemoryModel.Estimate(experts, placement with { CpuMoeLayers = 3 }, new HostInfo());
        MemoryPlan byName = MemoryModel.Estimate(experts, placement with { Overrides = [new TensorOverride(@"blk\.[0-2]\.ffn_.*_exps", "CPU")] }, new HostInfo());
        Assert.Equal(byNumber.Host.WeightsBytes, byName.Host.WeightsBytes);
        Assert.Equal(byNumber.Devices[0].WeightsBytes, byName.Devices[0].WeightsBytes);
        Assert.Equal(byNumber.Devices[0].ComputeBytes, byName.Devices[0].ComputeBytes);
        Assert.True(byName.Devices[1].ComputeBytes < plain.Devices[1].ComputeBytes); // devices no longer work on several batches at a time

        MemoryPlan first = MemoryModel.Estimate(experts, placement with { Overrides = [new TensorOverride("exps", "CUDA1"), new TensorOverride("exps", "CPU")] }, new HostInfo());
        Assert.Equal(plain.Host.WeightsBytes, first.Host.WeightsBytes);
        Assert.Equal(plain.Devices.Sum(device => device.WeightsBytes), first.Devices.Sum(device => device.WeightsBytes));
        Assert.True(first.Devices[1].WeightsBytes > plain.Devices[1].WeightsBytes);
    }

    [Theory]
    [InlineData("exps[", "CPU", "no regular expression")]
    [InlineData("exps", "CUDA7", "no device CUDA7")]
    public void A_pattern_that_cannot_be_followed_is_refused(string pattern, string place, string message)
    {
        LlmOpsException error = Assert.Throws<LlmOpsException>(() => MemoryModel.Estimate(Llama, Two with { Overrides = [new TensorOverride(pattern, place)] }, new HostInfo()));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_of_matrices_and_whole_layers_are_shared_by_the_devices_shares()
    {
        Placement third = Two with { Shares = [2, 1] };
        MemoryPlan layers = MemoryModel.Estimate(Llama, third, new HostInfo());
        MemoryPlan rows = MemoryModel.Estimate(Llama, third with { Matrices = MatrixSplit.Rows }, new HostInfo());
        MemoryPlan tensors = MemoryModel.Estimate(Llama, third with { Matrices = MatrixSplit.Tensors }, new HostInfo());
        long all = layers.Devices.Sum(device => device.WeightsBytes);
        Assert.InRange(rows.Devices.Sum(device => device.WeightsBytes), all - 1000, all);
        Assert.Equal(layers.Devices[0].KvCacheBytes, rows.Devices[0].KvCacheBytes); // caches stay with their layer
        Assert.InRange((double)tensors.Devices[0].KvCacheBytes / tensors.Devices[1].KvCacheBytes, 1.99, 2.01);
        Assert.InRange((double)tensors.Devices[0].WeightsBytes / tensors.Devices[1].WeightsBytes, 1.98, 2.02);
    }

    [Fact]
    public void Without_flash_attention_every_layer_has_as_many_values_as_the_widest()
    {
        AttentionShape narrow = new(0, 8, 2, 64, 64, null);
        ModelDescription model = Llama with { Attention = [narrow, narrow with { Layer = 1, KeyValueHeadCount = 8 }] };
        Placement placement = new() { ContextLength = 256, Unified = true };
        Assert.Equal(256L * 64 * 2 * (2 + 2), MemoryModel.KvBytes(model.Attention[0], placement));
        (long keys, long values) = KvCache.Bytes(narrow, placement with { FlashAttention = false }, KvCache.WidestValues(model));
        Assert.Equal((256L * 64 * 2 * 2, 256L * 64 * 2 * 8), (keys, values));
    }

    [Theory]
    [InlineData("CUDA0", 330)]
    [InlineData("ROCm1", 457)]
    [InlineData("Vulkan2", 64)]
    [InlineData("CPU", 0)]
    public void Each_backend_takes_something_for_itself(string device, long mebibytes)
    {
        Assert.Equal(mebibytes * Bytes.MiB, BackendOverhead.Of(device));
        Assert.NotEmpty(BackendOverhead.Source(device));
    }

    [Fact]
    public void The_lower_bound_has_all_but_scratch_memory_and_drafting()
    {
        MemoryPlan whole = MemoryModel.Estimate(Hybrid, Two, new HostInfo());
        MemoryPlan bound = MemoryModel.LowerBound(Hybrid, Two, new HostInfo());
        for (int at = 0; at < 2; at++)
        {
            Assert.Equal(whole.Devices[at].UsedBytes - whole.Devices[at].ComputeBytes, bound.Devices[at].UsedBytes);
        }
    }

    private static ModelDescription Llama => s_models.Values.First(item => item.Architecture == "llama");

    private static ModelDescription Hybrid => s_models.Values.First(item => item.Architecture == "qwen35");

    private static Placement Two => new() { Devices = [Device("CUDA0"), Device("CUDA1")], GpuLayers = 1000, ContextLength = 16384 };

    private static PlanDevice Device(string name) => new(name, new GpuDevice(), 24 * Bytes.GiB, BackendOverhead.Of(name));
}
