using LlmOps.Accuracy;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;
using LlmOps.Planning.Memory;

namespace LlmOps.Core.Tests.Planning;

/// <summary>The engine's own estimates beside ours. The whole comparison is a benchmark: tests/benchmarks/LlmOps.Accuracy.</summary>
public sealed class MemoryAccuracyTests
{
    // The second file has further architectures, the third one what is hardest to predict.
    private static readonly string[] s_paths =
        [.. new[] { "memory-cases.json", "more-cases.json", "hard-cases.json" }.Select(name => Path.Combine(AppContext.BaseDirectory, "Planning", "Fixtures", name))];

    private static readonly Dictionary<string, ModelDescription> s_models = new(s_paths.SelectMany(ModelOutline.Read).DistinctBy(item => item.Key));

    private static readonly MeasuredCase[] s_cases = [.. s_paths.SelectMany(MeasuredCase.Read)];

    public static TheoryData<string> Architectures => [.. s_cases.Select(item => item.Architecture).Distinct()];

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Weights_and_context_are_the_engines_to_the_mebibyte(string architecture)
    {
        foreach ((MeasuredDevice measured, double weights, double context, _) in Compare(architecture))
        {
            Assert.Equal(measured.Model, weights, tolerance: 1);
            Assert.Equal(measured.Context, context, tolerance: 1);
        }
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Compute_buffers_are_near_the_engines_and_no_device_is_promised_too_much_room(string architecture)
    {
        List<double> errors = [];
        foreach ((MeasuredDevice measured, double weights, double context, double compute) in Compare(architecture).Where(item => item.Measured.Name != "Host" && item.Measured.Total > 0))
        {
            errors.Add(Math.Abs(compute - measured.Compute) / Math.Max(1, measured.Compute));
            Assert.True(weights + context + compute >= measured.Total * 0.98, $"{measured.Name}: {weights + context + compute:F0} MiB of {measured.Total:F0}");
        }

        errors.Sort();
        Assert.InRange(errors[errors.Count / 2], 0, 0.10);
    }

    [Fact]
    public void Every_architecture_has_cases_with_one_and_with_several_devices()
    {
        Assert.True(s_cases.Select(item => item.Architecture).Distinct().Count() >= 28);
        Assert.Contains(s_cases, item => item.FreeMiB.Count == 1);
        Assert.Contains(s_cases, item => item.FreeMiB.Count >= 3);
    }

    [Fact]
    public void A_pipeline_of_devices_needs_several_copies_of_what_crosses_over()
    {
        ModelDescription model = s_models.Values.First(item => item.Architecture == "llama");
        Placement two = new()
        {
            Devices = [Device("CUDA0"), Device("CUDA1")],
            GpuLayers = model.LayerCount + 1,
            ContextLength = 8192,
        };
        Assert.True(ComputeBuffers.IsPipelined(model, two));
        Assert.False(ComputeBuffers.IsPipelined(model, two with { GpuLayers = model.LayerCount }));
        Assert.False(ComputeBuffers.IsPipelined(model, two with { OffloadsCache = false }));

        long one = MemoryModel.Estimate(model, two with { Devices = [Device("CUDA0")] }, new HostInfo()).Host.ComputeBytes;
        Assert.True(MemoryModel.Estimate(model, two, new HostInfo()).Host.ComputeBytes > 2 * one);
    }

    [Fact]
    public void Attention_scores_that_are_stored_cost_heads_times_cells_times_tokens()
    {
        ModelDescription model = s_models.Values.First(item => item.Architecture == "llama");
        Placement flash = new() { Devices = [Device("CUDA0")], GpuLayers = model.LayerCount + 1, ContextLength = 8192 };
        long with = MemoryModel.Estimate(model, flash, new HostInfo()).Devices[0].ComputeBytes;
        long without = MemoryModel.Estimate(model, flash with { FlashAttention = false }, new HostInfo()).Devices[0].ComputeBytes;
        long scores = 8192L * 512 * 32 * sizeof(float);
        Assert.InRange(without - with, scores * 8 / 10, scores);
    }

    [Fact]
    public void A_model_without_a_list_of_tensors_gets_the_buffers_of_its_shape()
    {
        ModelDescription known = s_models.Values.First(item => item.Architecture == "llama");
        ModelDescription bare = known with { Weights = known.Weights with { LayerTensors = [] } };
        Placement placement = new() { Devices = [Device("CUDA0")], GpuLayers = known.LayerCount + 1, ContextLength = 8192 };
        Assert.Equal(
            MemoryModel.Estimate(known, placement, new HostInfo()).Devices[0].ComputeBytes,
            MemoryModel.Estimate(bare, placement, new HostInfo()).Devices[0].ComputeBytes);
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void An_architecture_that_nobody_has_heard_of_is_sized_by_its_metadata_and_tensors_and_gets_a_margin(string architecture)
    {
        List<double> ratios = [];
        foreach ((MeasuredDevice measured, double weights, double context, double compute) in Compare(architecture, model => model with { Architecture = "unheard-of" }))
        {
            Assert.Equal(measured.Model, weights, tolerance: 1);
            Assert.Equal(measured.Context, context, tolerance: 1);
            if (measured.Name != "Host" && measured.Total > 0)
            {
                Assert.True(weights + context + compute >= measured.Total * 0.98, $"{measured.Name}: {weights + context + compute:F0} MiB of {measured.Total:F0}");
                ratios.Add(compute / Math.Max(1, measured.Compute));
            }
        }

        // A quarter more than what is nearly right, and not much more than that.
        ratios.Sort();
        Assert.InRange(ratios[ratios.Count / 2], 1.0, 1.35);
    }

    [Fact]
    public void Layers_of_unknown_operations_count_as_usual_ones_with_a_quarter_more()
    {
        ModelDescription known = s_models.Values.First(item => item.Architecture == "llama");
        WeightTensor[] foreign = [new WeightTensor("time_mix_key.weight", known.EmbeddingLength, known.EmbeddingLength, 1)];
        ModelDescription strange = known with { Weights = known.Weights with { LayerTensors = [.. Enumerable.Repeat(foreign, known.LayerCount)] } };
        Placement placement = new() { Devices = [Device("CUDA0")], GpuLayers = known.LayerCount + 1, ContextLength = 8192 };
        long usual = MemoryModel.Estimate(known, placement, new HostInfo()).Devices[0].ComputeBytes;
        Assert.Equal(usual * 5 / 4, MemoryModel.Estimate(strange, placement, new HostInfo()).Devices[0].ComputeBytes);
    }

    private static PlanDevice Device(string name) => new(name, new GpuDevice(), 24 * Bytes.GiB, 0);

    private static IEnumerable<(MeasuredDevice Measured, double Weights, double Context, double Compute)> Compare(string architecture, Func<ModelDescription, ModelDescription>? change = null)
    {
        foreach (MeasuredCase item in s_cases.Where(item => item.Architecture == architecture))
        {
            ModelDescription model = s_models[$"{item.Model}.{item.Mix}"];
            model = change?.Invoke(model) ?? model;
            MemoryPlan plan = MemoryModel.Estimate(model, item.ToPlacement(model), new HostInfo());
            foreach (MeasuredDevice device in item.Devices)
            {
                if (device.Name == "Host")
                {
                    yield return (device, MiB(plan.Host.WeightsBytes), MiB(plan.Host.KvCacheBytes + plan.Host.RecurrentBytes), MiB(plan.Host.ComputeBytes));
                }
                else if (plan.Devices.FirstOrDefault(memory => memory.Name == device.Name) is { } memory)
                {
                    yield return (device, MiB(memory.WeightsBytes), MiB(memory.KvCacheBytes + memory.RecurrentBytes), MiB(memory.ComputeBytes));
                }
            }
        }

        static double MiB(long bytes) => (double)bytes / Bytes.MiB;
    }
}
