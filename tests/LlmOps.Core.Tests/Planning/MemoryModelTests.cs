using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;

namespace LlmOps.Core.Tests.Planning;

public sealed class MemoryModelTests
{
    private static readonly AttentionShape Qwen27BAttention = new(0, 24, 4, 256, 256, null);

    [Theory]
    [InlineData("f16", 65536)] // 16 such layers
    [InlineData("q8_0", 34816)]
    public void A_token_of_a_hybrid_with_16_attention_layers_takes_the_published_bytes(string type, long expected) =>
        Assert.Equal(expected, 16 * MemoryModel.KvBytes(Qwen27BAttention, new Placement { ContextLength = 256, Unified = true, TypeK = type, TypeV = type }) / 256);

    [Fact]
    public void Slots_that_do_not_share_a_cache_are_padded_one_by_one()
    {
        Placement placement = new() { ContextLength = 3000, Slots = 3, Unified = false };
        long token = 2L * 2 * 4 * 256;
        Assert.Equal(3 * 1024 * token, MemoryModel.KvBytes(Qwen27BAttention, placement));
        Assert.Equal(3072 * token, MemoryModel.KvBytes(Qwen27BAttention, placement with { Unified = true }));
    }

    [Fact]
    public void A_sliding_window_needs_its_window_and_one_batch_only()
    {
        AttentionShape sliding = Qwen27BAttention with { SlidingWindow = 1024 };
        Placement placement = new() { ContextLength = 131072, Unified = true, UbatchSize = 512 };
        Assert.Equal(1536L * 2 * 2 * 4 * 256, MemoryModel.KvBytes(sliding, placement));
    }

    [Fact]
    public void Layers_are_split_as_the_engine_splits_them_and_the_output_goes_to_the_last_device()
    {
        GpuDevice gpu = new();
        Placement placement = new()
        {
            Devices = [new PlanDevice("CUDA0", gpu, 1, 0), new PlanDevice("CUDA1", gpu, 1, 0)],
            GpuLayers = 5,
            Shares = [1, 1],
        };
        Assert.Equal([0, 0, 0, 1, 1], MemoryModel.LayerDevices(4, placement));
        Assert.Equal([-1, -1, 0, 0, 1], MemoryModel.LayerDevices(4, placement with { GpuLayers = 3 }));
    }

    [Fact]
    public void Weights_go_to_the_device_of_their_layer_and_the_input_to_the_host()
    {
        Placement placement = new()
        {
            Devices = [new PlanDevice("CUDA0", new GpuDevice { MemoryTotalBytes = 24 * Bytes.GiB }, 23 * Bytes.GiB, 7)],
            GpuLayers = 33,
            ContextLength = 4096,
            Unified = true,
        };
        MemoryPlan plan = MemoryModel.Estimate(PlanFixtures.Llama8B, placement, new HostInfo());

        Assert.Equal((32 * 130_000_000L) + 600_000_000, plan.Devices[0].WeightsBytes);
        Assert.Equal(400_000_000, plan.Host.WeightsBytes);
        Assert.Equal(4096L * 32 * 8 * 128 * 2 * 2, plan.Devices[0].KvCacheBytes);
        Assert.Equal((23 * Bytes.GiB) - plan.Devices[0].UsedBytes, plan.Devices[0].FreeAfterBytes);
    }
}
