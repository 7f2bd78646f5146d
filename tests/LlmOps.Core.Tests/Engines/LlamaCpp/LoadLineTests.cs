using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Tests.Engines.LlamaCpp;

public sealed class LoadLineTests
{
    [Theory]
    [InlineData("load_tensors:   CPU_Mapped model buffer size =     0.52 MiB", "CPU_Mapped", "model", 0.52)]
    [InlineData("0.00.123 I llama_kv_cache:      CUDA0 KV buffer size =  8192.00 MiB", "CUDA0", "KV", 8192)]
    [InlineData("load_tensors: RPC0[10.0.0.2:50052] model buffer size = 12 MiB", "RPC0", "model", 12)]
    [InlineData("sched_reserve: Vulkan0 compute buffer size= 304.75 MiB (estimated)", "Vulkan0", "compute", 304.75)]
    [InlineData("llama_context:        CPU  output buffer size =     0.13 MiB", "CPU", "output", 0.13)]
    [InlineData("the buffer size = 12 KiB", null, null, 0)]
    [InlineData("CUDA0 compute buffer size of 304.75 MiB, does not match expectation", null, null, 0)]
    [InlineData(" buffer size = 1 MiB", null, null, 0)]
    public void A_buffer_is_read_with_its_device_and_kind(string line, string? device, string? kind, double mib)
    {
        (string Device, string Kind, double MiB)? buffer = LoadLine.ReadBuffer(line);

        Assert.Equal((device, kind, mib), (buffer?.Device, buffer?.Kind, buffer?.MiB ?? 0));
    }

    [Theory]
    [InlineData("load_tensors: offloaded 33/33 layers to GPU", 33, 33)]
    [InlineData("load_tensors: offloaded 0/2 layers to GPU (none)", 0, 2)]
    [InlineData("load_tensors: offloading 32 repeating layers to GPU", null, null)]
    [InlineData("offloaded x/2 layers to GPU", null, null)]
    public void Offloaded_layers_are_read(string line, int? some, int? all)
    {
        (int Some, int All)? layers = LoadLine.ReadLayers(line);

        Assert.Equal((some, all), (layers?.Some, layers?.All));
    }
}
