using LlmOps.Engines;
using LlmOps.Engines.Vllm.Reading;

namespace LlmOps.Core.Tests.Engines.Vllm.Reading;

/// <summary>Lines that vLLM wrote for its users, and lines of its sources.</summary>
public sealed class VllmLogTests
{
    [Fact]
    public void A_published_start_on_two_cards_is_read_with_its_progress_and_figures()
    {
        VllmLog log = new(["CUDA0", "CUDA1"]);
        List<LogStep> steps = [.. PublishedStart.Select(log.AddLoading)];

        Assert.Equal(
            [
                "loading the weights, 0 of 14 shards", "loading the weights, 7 of 14 shards", "loading the weights, 14 of 14 shards", "loading the drafter",
                "loading the drafter, 1 of 14 shards", "loading the drafter, 14 of 14 shards", "measuring what a full step takes", "compiling", "measuring what a full step takes",
            ],
            steps.Select(step => step.Activity).OfType<string>().Aggregate(new List<string>(), (list, activity) => list is [.., var last] && last == activity ? list : [.. list, activity]));
        Assert.Equal([0, 0.5, 1, 1 / 14d, 1], steps.Select(step => step.Fraction).OfType<double>());
        Assert.Equal([false, false], steps.TakeLast(2).Select(step => step.IsSignOfLife));
        EngineFigures figures = log.Figures!;
        Assert.Equal(("FLASHINFER", 184.86, 18.91), (figures.AttentionBackend, figures.WeightsSeconds, figures.CompileSeconds));
        Assert.Equal(12.65, figures.WeightsBytes!.Value / (double)Bytes.GiB, 6);
        Assert.Equal(12.65, log.Devices.Single(device => device.Device == "CUDA0").WeightsBytes / (double)Bytes.GiB, 6);
    }

    [Theory]
    [InlineData("(Worker_TP1 pid=57) INFO", 1)]
    [InlineData("(Worker_DP0_PP1_TP2_EP2 pid=58) INFO", 2)]
    [InlineData("(VllmWorker rank=3 pid=57) INFO", 3)]
    [InlineData("(EngineCore_DP0 pid=7) INFO", 0)]
    public void The_frame_of_a_line_tells_the_place_of_its_GPU(string line, int place) => Assert.Equal(place, new VllmRanks().Of(line));

    // As many ways to read it as there are underscores, each doubling: it would never end.
    [Fact]
    public void A_line_that_begins_like_a_frame_and_is_none_is_read_at_once() =>
        Assert.Equal([0, 0], ((string[])["(A" + new string('_', 200) + "!", "(A" + string.Concat(Enumerable.Repeat("_TP1", 200)) + "!"]).Select(new VllmRanks().Of));

    [Theory]
    [InlineData("(Worker_TP0 pid=57) INFO 06-21 07:20:23 [gpu_model_runner.py:4879] Starting to load model Qwen/Qwen3-0.6B...", "loading the weights")]
    [InlineData("(Worker_TP1_EP1 pid=58) INFO 06-21 07:20:23 [pynccl.py:111] vLLM is using nccl==2.27.5", "connecting the GPUs")]
    [InlineData("(EngineCore_DP0 pid=7) INFO 06-21 07:20:23 [core.py:96] Initializing a V1 LLM engine (v0.10.2) with config: model='x'", "starting the engine's processes")]
    [InlineData("INFO 06-21 07:20:23 [backends.py:215] Compiling a graph for dynamic shape takes 4.31 s", "compiling")]
    [InlineData("(EngineCore pid=7) INFO 06-21 07:20:23 [backends.py:292] Directly load the compiled graph(s) for compile range (1, 8192) from the cache, took 0.512 s", "compiling")]
    [InlineData("(EngineCore pid=7) INFO 06-21 07:20:23 [kernel_warmup.py:70] Warming up FlashInfer attention.", "warming up kernels")]
    [InlineData("DeepGEMM warmup:  40%|####      | 4/10", "warming up kernels")]
    [InlineData("(EngineCore pid=7) INFO 06-21 07:20:23 [kv_cache_utils.py:1711] GPU KV cache size: 661,808 tokens, Maximum concurrency for 32,768 tokens per request: 20.20x", "allocating the KV pool")]
    [InlineData("Capturing CUDA graphs (decode, FULL): 100%|██████████| 35/35 [00:02<00:00, 14.9it/s]", "capturing CUDA graphs")]
    [InlineData("(APIServer pid=1) INFO 06-21 07:20:23 [api_server.py:598] Starting vLLM API server 0 on http://0.0.0.0:8000", "opening the port")]
    [InlineData("(APIServer pid=1) INFO:     127.0.0.1:41234 - \"GET /health HTTP/1.1\" 200 OK", null)]
    [InlineData("(Worker_TP0 pid=7354) ERROR 06-08 21:45:51 [fa_utils.py:171] Cannot use FA version 2 is not supported due to FA2 is only supported on devices with compute capability >= 8", null)]
    public void Lines_tell_the_stage(string line, string? stage) => Assert.Equal(stage, new VllmLog([]).AddLoading(line).Activity);

    [Theory]
    [InlineData("Loading safetensors checkpoint shards:  50% Completed | 2/4 [00:03<00:03,  1.55s/it]", 0.5)]
    [InlineData("Loading pt checkpoint shards: 100% Completed | 3/3 [00:03<00:00,  1.00s/it]", 1.0)]
    [InlineData("Capturing CUDA graphs (mixed prefill-decode, PIECEWISE):  53%|█████▎    | 27/51 [00:02<00:02, 11.9it/s]", 27 / 51d)]
    [InlineData("Capturing CUDA graph shapes:  10%|█         | 7/67 [00:02<00:20,  2.9it/s]", 7 / 67d)]
    [InlineData("DeepGEMM warmup:  40%|####", 0.4)]
    [InlineData("(EngineCore pid=7) INFO 06-21 07:20:23 [x.py:1] Padding mamba page size by 0.25% to ensure that mamba page size and attention page size are exactly equal.", null)]
    public void Progress_bars_tell_how_much_is_done(string line, double? fraction) => Assert.Equal(fraction, new VllmLog([]).AddLoading(line).Fraction);

    [Fact]
    public void Pool_concurrency_graphs_and_times_are_read_in_every_wording()
    {
        VllmLog log = new(["CUDA0"]);
        foreach (string line in (string[])
            [
                "(APIServer pid=1) INFO 05-21 15:47:59 [utils.py:299]  █     █     █▄   ▄█       version 0.16.1rc1.dev151+gd3bab5eb0",
                "(EngineCore pid=7) INFO 05-21 15:48:02 [gpu_model_runner.py:4959] Model loading took 17.3100 GiB and 8.123456 seconds",
                "(EngineCore pid=7) INFO 05-21 15:48:02 [gpu_worker.py:462] Available KV cache memory: 11.6 GiB",
                "(EngineCore pid=7) INFO 05-21 15:48:02 [kv_cache_utils.py:1711] GPU KV cache size: 661,808 tokens, Maximum concurrency for 32,768 tokens per request: 20.20x",
                "(EngineCore pid=7) INFO 05-21 15:48:02 [gpu_model_runner.py:6177] Graph capturing finished in 15 secs, took 1.28 GiB",
                "(EngineCore pid=7) INFO 05-21 15:48:02 [core.py:272] init engine (profile, create kv cache, warmup model) took 45.31 seconds",
            ])
        {
            log.AddLoading(line);
        }

        Assert.Equal(
            new EngineFigures
            {
                Version = "0.16.1rc1.dev151+gd3bab5eb0", WeightsBytes = (long)(17.31 * Bytes.GiB), KvCacheBytes = (long)(11.6 * Bytes.GiB), KvCacheTokens = 661_808, RequestTokens = 32_768,
                MaxConcurrency = 20.2, GraphBytes = (long)(1.28 * Bytes.GiB), GraphSeconds = 15, InitSeconds = 45.31,
            },
            log.Figures);
    }

    [Fact]
    public void Every_worker_speaks_for_its_own_card_and_the_smallest_pool_counts()
    {
        VllmLog log = new(["CUDA0", "CUDA1", "CUDA2", "CUDA3"]);
        log.AddLoading("(VllmWorker rank=3 pid=12) INFO 11-21 09:00:00 [parallel_state.py:1200] world_size=4 rank=3 local_rank=3 distributed_init_method=tcp://127.0.0.1:1 backend=nccl");
        log.AddLoading("(VllmWorker rank=3 pid=12) INFO 11-21 09:00:00 [gpu_worker.py:462] Available KV cache memory: 5.5 GiB");
        log.AddLoading("(Worker_TP1 pid=13) INFO 11-21 09:00:00 [gpu_worker.py:462] Available KV cache memory: 5.25 GiB");

        Assert.Equal([("CUDA1", 5.25), ("CUDA3", 5.5)], log.Devices.Select(device => (device.Device, device.KvCacheBytes / (double)Bytes.GiB)));
        Assert.Equal(5.25, log.Figures!.KvCacheBytes!.Value / (double)Bytes.GiB);
    }

    [Fact]
    public void Where_only_the_first_worker_speaks_all_that_share_the_layers_hold_the_same()
    {
        VllmLog shared = new(["CUDA0", "CUDA1"]);
        VllmLog staged = new(["CUDA0", "CUDA1"]);
        foreach ((VllmLog log, string name) in new[] { (shared, "Worker_TP0"), (staged, "Worker_PP0") })
        {
            log.AddLoading($"({name} pid=12) INFO 11-21 09:00:00 [parallel_state.py:1200] world_size=2 rank=0 local_rank=0 distributed_init_method=tcp://127.0.0.1:1 backend=nccl");
            log.AddLoading($"({name} pid=12) INFO 11-21 09:00:00 [gpu_model_runner.py:4959] Model loading took 12.65 GiB memory and 212.687311 seconds");
        }

        Assert.Equal(["CUDA0", "CUDA1"], shared.Devices.Select(device => device.Device));
        Assert.Equal(["CUDA0"], staged.Devices.Select(device => device.Device));
    }

    [Fact]
    public void Throughput_and_speculation_of_a_published_run_are_read()
    {
        VllmLog log = new([]);
        Assert.True(log.AddServing("(APIServer pid=5769) INFO 06-08 21:49:21 [loggers.py:271] Engine 000: Avg prompt throughput: 0.0 tokens/s, Avg generation throughput: 61.1 tokens/s, Running: 1 reqs, Waiting: 0 reqs, GPU KV cache usage: 13.6%, Prefix cache hit rate: 0.0%"));
        Assert.True(log.AddServing("(APIServer pid=5769) INFO 06-08 21:49:21 [metrics.py:101] SpecDecoding metrics: Mean acceptance length: 3.92, Accepted throughput: 45.48 tokens/s, Drafted throughput: 62.38 tokens/s, Accepted: 455 tokens, Drafted: 624 tokens, Per-position acceptance rate: 0.865, 0.795, 0.673, 0.583, Avg Draft acceptance rate: 72.9%"));
        Assert.False(log.AddServing("(APIServer pid=1) INFO:     127.0.0.1:41234 - \"POST /v1/chat/completions HTTP/1.1\" 200 OK"));

        EngineFigures figures = log.Figures!;
        Assert.Equal(new ThroughputFigures { OutputTokensPerSecond = 61.1, Running = 1, KvCacheUsage = 0.136, PrefixCacheHitRate = 0 }, figures.Throughput);
        Assert.Equal((3.92, 45.48, 62.38, 0.729), (figures.Speculation!.MeanAcceptanceLength, figures.Speculation.AcceptedTokensPerSecond, figures.Speculation.DraftedTokensPerSecond, figures.Speculation.AcceptanceRate));
        Assert.Equal([0.865, 0.795, 0.673, 0.583], figures.Speculation.PositionAcceptanceRates);
    }

    [Fact]
    public void Engines_of_data_parallel_add_up_and_newer_wordings_are_read()
    {
        VllmLog log = new([]);
        log.AddServing("(APIServer pid=1) INFO 11-21 09:00:00 [loggers.py:300] Engine 000: Avg prompt throughput: 100.0 tokens/s, Avg generation throughput: 40.5 tokens/s, Running: 2 reqs, Waiting: 1 reqs, Deferred: 3 reqs, Preemptions: 1, GPU KV cache usage: 3.1%, Prefix cache hit rate: 40.0%, MM cache hit rate: 50.0%");
        log.AddServing("(APIServer pid=1) INFO 11-21 09:00:00 [loggers.py:300] Engine 001: Avg prompt throughput: 20.0 tokens/s, Avg generation throughput: 10.0 tokens/s, Running: 1 reqs, Waiting: 0 reqs, GPU KV cache usage: 9.1%, Prefix cache hit rate: 20.0%");

        ThroughputFigures both = log.Figures!.Throughput!;
        Assert.Equal((120.0, 50.5, 3, 1), (both.PromptTokensPerSecond, both.OutputTokensPerSecond, both.Running, both.Waiting));
        Assert.Equal((0.091, 0.3), (Math.Round(both.KvCacheUsage, 6), Math.Round(both.PrefixCacheHitRate!.Value, 6)));
    }

    [Fact]
    public void Figures_are_written_and_read_back_whole()
    {
        EngineFigures figures = new()
        {
            Version = "0.21.0", AttentionBackend = "FLASHINFER", WeightsBytes = 1, KvCacheBytes = 2, KvCacheTokens = 3, MaxConcurrency = 4.5, RequestTokens = 5, GraphBytes = 6,
            WeightsSeconds = 7.5, CompileSeconds = 8.5, GraphSeconds = 9, InitSeconds = 10,
            Throughput = new ThroughputFigures { PromptTokensPerSecond = 1, OutputTokensPerSecond = 2, Running = 3, Waiting = 4, KvCacheUsage = 0.5, PrefixCacheHitRate = 0.25 },
        };
        System.Buffers.ArrayBufferWriter<byte> text = new();
        using (System.Text.Json.Utf8JsonWriter json = new(text))
        {
            figures.Write(json);
        }

        using System.Text.Json.JsonDocument document = System.Text.Json.JsonDocument.Parse(text.WrittenMemory);
        Assert.Equal(figures, EngineFigures.Read(document.RootElement));
    }

    // From a reader's report of two RTX 2080 Ti that ended in a hang; the shards in between are left out.
    private static string[] PublishedStart =>
    [
        "(Worker_TP1 pid=7355) ERROR 06-08 21:45:51 [fa_utils.py:171] Cannot use FA version 2 is not supported due to FA2 is only supported on devices with compute capability >= 8",
        "(Worker_TP0 pid=7354) INFO 06-08 21:45:52 [cuda.py:372] Using FLASHINFER attention backend out of potential backends: ['FLASHINFER', 'TRITON_ATTN'].",
        "(Worker_TP0 pid=7354) INFO 06-08 21:45:52 [weight_utils.py:938] Filesystem type for checkpoints: EXT4. Checkpoint size: 25.03 GiB. Available RAM: 8.90 GiB.",
        "Loading safetensors checkpoint shards: 0% Completed | 0/14 [00:00<?, ?it/s]",
        "Loading safetensors checkpoint shards: 50% Completed | 7/14 [01:50<01:51, 15.93s/it]",
        "Loading safetensors checkpoint shards: 100% Completed | 14/14 [03:04<00:00, 13.20s/it]",
        "(Worker_TP0 pid=7354) INFO 06-08 21:48:57 [default_loader.py:397] Loading weights took 184.86 seconds",
        "(Worker_TP0 pid=7354) INFO 06-08 21:49:00 [gpu_model_runner.py:4881] Loading drafter model...",
        "Loading safetensors checkpoint shards: 7% Completed | 1/14 [00:00<00:10, 1.24it/s]",
        "Loading safetensors checkpoint shards: 100% Completed | 14/14 [00:13<00:00, 1.48s/it]",
        "(Worker_TP0 pid=7354) INFO 06-08 21:49:28 [gpu_model_runner.py:4959] Model loading took 12.65 GiB memory and 212.687311 seconds",
        "(Worker_TP0 pid=7354) INFO 06-08 21:49:28 [interface.py:669] Padding mamba page size by 0.25% to ensure that mamba page size and attention page size are exactly equal.",
        "(Worker_TP0 pid=7354) INFO 06-08 21:49:28 [gpu_model_runner.py:5920] Encoder cache will be initialized with a budget of 16384 tokens, and profiled with 1 image items of the maximum feature size.",
        "(Worker_TP0 pid=7354) INFO 06-08 21:49:51 [backends.py:1148] Dynamo bytecode transform time: 5.07 s",
        "(Worker_TP0 pid=7354) INFO 06-08 21:50:05 [backends.py:292] Directly load the compiled graph(s) for compile range (1, 8192) from the cache, took 12.751 s",
        "(Worker_TP0 pid=7354) INFO 06-08 21:50:05 [monitor.py:53] torch.compile took 18.91 s in total",
        "(EngineCore pid=7332) INFO 06-08 21:50:29 [shm_broadcast.py:681] No available shared memory broadcast block found in 60 seconds. This typically happens when some processes are hanging or doing some time-consuming work (e.g. compilation, weight/kv cache quantization).",
        "(EngineCore pid=7332) INFO 06-08 21:51:29 [shm_broadcast.py:681] No available shared memory broadcast block found in 60 seconds. This typically happens when some processes are hanging or doing some time-consuming work (e.g. compilation, weight/kv cache quantization).",
    ];
}
