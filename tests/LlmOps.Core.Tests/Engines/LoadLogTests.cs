using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Tests.Engines;

public sealed class LoadLogTests
{
    [Fact]
    public void What_a_real_start_on_two_devices_allocated_is_read()
    {
        LoadLog log = Read(
            "0.00.096.278 I print_info: no_alloc              = 0",
            "0.00.097.861 I load_tensors: offloaded 5/5 layers to GPU",
            "0.00.097.863 I load_tensors:   CPU_Mapped model buffer size =     0.25 MiB",
            "0.00.097.864 I load_tensors:      Vulkan0 model buffer size =     4.51 MiB",
            "0.00.097.864 I load_tensors:      Vulkan1 model buffer size =     1.75 MiB",
            "0.00.104.336 I llama_context: constructing llama_context",
            "0.00.104.597 I llama_context: Vulkan_Host  output buffer size =     0.50 MiB",
            "0.00.104.686 I llama_kv_cache:    Vulkan0 KV buffer size =     6.00 MiB",
            "0.00.114.174 I llama_kv_cache:    Vulkan1 KV buffer size =     2.00 MiB",
            "0.00.119.325 I sched_reserve:    Vulkan0 compute buffer size =    20.05 MiB",
            "0.00.119.368 I sched_reserve: Vulkan_Host compute buffer size =    13.07 MiB");

        Assert.Equal((5, 5), (log.OffloadedLayers, log.LayerCount));
        Assert.Equal(["CPU_Mapped", "Vulkan0", "Vulkan1", "Vulkan_Host"], log.Devices.Select(device => device.Device));
        Assert.Equal(30.56, log.Devices[1].TotalBytes / 1048576d, 2);
        Assert.Equal((true, false, false, true), (LoadLog.IsHost("CPU_Mapped"), LoadLog.IsHost("Vulkan0"), LoadLog.IsHost("CUDA0"), LoadLog.IsHost("Vulkan_Host")));
    }

    [Fact]
    public void Devices_of_other_machines_go_by_their_name_without_the_address_of_their_server()
    {
        LoadLog log = new();
        log.Add("0.00.208.956 I load_tensors: RPC0[127.0.0.2:50181] model buffer size =     6.26 MiB");
        log.Add("0.00.218.305 I llama_kv_cache: RPC0[127.0.0.2:50181] KV buffer size =     4.00 MiB");
        log.Add("0.00.226.539 I sched_reserve: RPC0[127.0.0.2:50181] compute buffer size =     8.51 MiB");

        DeviceBuffers device = Assert.Single(log.Devices);
        Assert.Equal(("RPC0", 4L << 20), (device.Device, device.KvCacheBytes));
        Assert.True(device is { WeightsBytes: > 6 << 20, ComputeBytes: > 8 << 20 });
    }

    [Fact]
    public void A_second_reservation_of_one_context_replaces_the_first_and_that_of_another_context_adds_to_it()
    {
        LoadLog log = Read(
            "llama_context: constructing llama_context",
            "llama_context:      CUDA0 compute buffer size =  1000.00 MiB",
            "llama_context:      CUDA0 compute buffer size =   300.00 MiB",
            "llama_context: constructing llama_context",
            "llama_context:      CUDA0 compute buffer size =    50.00 MiB");

        Assert.Equal(350L << 20, Assert.Single(log.Devices).ComputeBytes);
    }

    [Fact]
    public void The_model_is_the_one_with_the_most_layers_and_a_trial_allocates_nothing()
    {
        LoadLog log = Read(
            "print_info: no_alloc              = 1",
            "load_tensors:        CUDA0 model buffer size =  9000.00 MiB",
            "print_info: no_alloc              = 0",
            "load_tensors: offloaded 40/65 layers to GPU",
            "load_tensors:        CUDA0 model buffer size =  4000.00 MiB",
            "llama_memory_recurrent:      CUDA0 RS buffer size =   149.50 MiB",
            "load_tensors: offloaded 2/2 layers to GPU");

        Assert.Equal((40, 65), (log.OffloadedLayers, log.LayerCount));
        Assert.Equal(4149.5, Assert.Single(log.Devices).TotalBytes / 1048576d);
    }

    [Fact]
    public void The_engine_s_own_word_about_a_missing_gpu_is_kept() =>
        Assert.Equal(
            "warning: no usable GPU found, --gpu-layers option will be ignored",
            Read("warning: no usable GPU found, --gpu-layers option will be ignored").NoGpuLine);

    private static LoadLog Read(params string[] lines)
    {
        LoadLog log = new();
        foreach (string line in lines)
        {
            log.Add(line);
        }

        return log;
    }
}
