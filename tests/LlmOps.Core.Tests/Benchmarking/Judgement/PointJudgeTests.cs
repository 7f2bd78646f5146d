using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Judgement;
using LlmOps.Benchmarking.Observation;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Hardware;
using LlmOps.Planning;

namespace LlmOps.Core.Tests.Benchmarking.Judgement;

public sealed class PointJudgeTests
{
    private static readonly ServerConfig s_config = new()
    {
        Name = "tiny",
        Model = "/models/tiny.gguf",
        Devices = [new ConfigDevice { Name = "CUDA0", Index = 0 }],
        Options = OptionSet.Empty.With(LlamaCppOptions.GpuLayers, 33L).With(LlamaCppOptions.ContextLength, 8192L).With(LlamaCppOptions.Parallel, 4L),
        Prediction = new ThroughputPrediction(100, null, "memory bandwidth of CUDA0"),
    };

    private static readonly ThroughputResult s_result = new()
    {
        ServerName = "tiny",
        Model = "m",
        Concurrency = 1,
        Requests = 8,
        PromptTokens = 1024,
        OutputTokens = 512,
        RequestedPromptTokens = 128,
        RequestedOutputTokens = 64,
        TpotSeconds = Tpot(30),
        Server = new ServerSideFigures { OutputTokens = 512 },
    };

    [Theory]
    [InlineData(30, 1, PointVerdict.Short, "30.0 tok/s decoded, 30 % of the 100.0 predicted for one stream, which memory bandwidth of CUDA0 bounds")]
    [InlineData(80, 1, PointVerdict.AsPredicted, "80.0 tok/s decoded, 80 % of the 100.0 predicted for one stream, which memory bandwidth of CUDA0 bounds")]
    [InlineData(140, 1, PointVerdict.Above, "140.0 tok/s decoded, more than the 100.0 predicted for one stream without speculation")]
    [InlineData(20, 4, PointVerdict.AsPredicted, "80.0 tok/s decoded with 4 streams together, 80 % of the 100.0 predicted for one stream, which memory bandwidth of CUDA0 bounds")]
    [InlineData(20, 9, PointVerdict.AsPredicted, null)] // Only four slots compute at once.
    [InlineData(0, 1, PointVerdict.NotMeasured, null)]
    public void The_decode_rate_is_put_beside_the_prediction(double rate, int streams, PointVerdict verdict, string? summary)
    {
        PointJudgement judgement = Judge(s_result with { TpotSeconds = Tpot(rate), Concurrency = streams });
        Assert.Equal(verdict, judgement.Verdict);
        Assert.Equal(100, judgement.PredictedDecodeTokensPerSecond);
        if (summary is not null)
        {
            Assert.Equal(summary, judgement.Summary);
        }
    }

    [Fact]
    public void The_roofline_stands_beside_the_prediction()
    {
        PointJudgement judgement = Judge(s_result, new ObservationOptions { Config = s_config with { Prediction = s_config.Prediction! with { RooflineDecodeTokensPerSecond = 120 } } });
        Assert.Equal("30.0 tok/s decoded, 30 % of the 100.0 predicted for one stream, which memory bandwidth of CUDA0 bounds; the hardware's roofline is 120.0", judgement.Summary);
        Assert.Equal((120, 0.25), (judgement.RooflineDecodeTokensPerSecond, judgement.ShareOfRoofline));
    }

    [Fact]
    public void Without_a_prediction_causes_are_looked_for_all_the_same()
    {
        PointJudgement judgement = Judge(s_result, new ObservationOptions { Config = s_config with { Prediction = null }, StartLog = ["load_tensors: offloaded 0/33 layers to GPU"] });
        Assert.Equal((PointVerdict.NotPredicted, null), (judgement.Verdict, judgement.ShareOfPrediction));
        Assert.Contains(judgement.Causes, cause => cause.Id == "offload-missing");
    }

    [Fact]
    public void What_is_as_fast_as_predicted_has_no_causes_but_those_that_make_figures_wrong()
    {
        ObservationOptions machine = new() { Config = s_config, StartLog = ["load_tensors: offloaded 0/33 layers to GPU"] };
        Assert.Empty(Judge(s_result with { TpotSeconds = Tpot(80) }, machine).Causes);
        Assert.Equal(["prompt-cache-helped"], Judge(s_result with { TpotSeconds = Tpot(80), CachedPromptTokens = 900 }, machine).Causes.Select(cause => cause.Id));
    }

    [Theory]
    [InlineData("load_tensors: offloaded 0/33 layers to GPU", true)]
    [InlineData("load_tensors: offloaded 20/33 layers to GPU", true)]
    [InlineData("load_tensors: offloaded 33/33 layers to GPU", false)]
    [InlineData("load_tensors: something else", false)]
    public void Layers_that_did_not_get_onto_gpus_are_a_cause(string line, bool fires)
    {
        LikelyCause? cause = Cause("offload-missing", s_result, new ObservationOptions { Config = s_config, StartLog = ["older", line] });
        Assert.Equal(fires, cause is not null);
        Assert.True(cause is null || (cause.Option == "n-gpu-layers" && cause.Cause.Contains("of 33 layers on GPUs; the plan had 33", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(0.4, true)]
    [InlineData(60.0, false)]
    public void A_planned_gpu_that_idles_while_tokens_come_is_a_cause(double busy, bool fires) => Assert.Equal(fires, Cause("offload-missing", Seeing(new PointObservation
    {
        Gpus = [new GpuLoadFigures { Index = 0, Samples = 9, UtilizationPercent = busy }, new GpuLoadFigures { Index = 1, Samples = 9, UtilizationPercent = 0 }],
    })) is not null);

    [Theory]
    [InlineData(0, false, true)]
    [InlineData(1, false, false)]
    [InlineData(0, true, false)]
    public void A_machine_with_gpus_and_a_configuration_without_is_a_cause(int devices, bool integrated, bool fires) => Assert.Equal(fires, Cause("gpu-not-used", s_result, new ObservationOptions
    {
        Config = devices == 0 ? s_config with { Devices = [] } : s_config,
        Topology = new GpuTopology { Gpus = [new GpuDevice { Name = "RTX 4090", IsIntegrated = integrated }] },
    }) is not null);

    [Theory]
    [InlineData(1, 8, 0, true)]
    [InlineData(4, 8, 5, false)]
    [InlineData(4, 1, 0, false)]
    public void One_slot_for_many_requests_is_a_cause(int slots, int offered, int running, bool fires)
    {
        LikelyCause? cause = Cause("batch-of-one", Seeing(new PointObservation { Server = new ServerLoadFigures { Engine = "llama.cpp", PeakRequestsRunning = running, PeakRequestsWaiting = 3 } })
            with { Concurrency = offered }, new ObservationOptions { Config = s_config, Slots = slots });
        Assert.Equal(fires, cause is not null);
        Assert.True(cause is null || cause.Option == "parallel");
    }

    [Fact]
    public void A_server_that_never_computes_two_at_once_is_a_cause_whatever_its_slots()
    {
        LikelyCause cause = Cause("batch-of-one", Seeing(new PointObservation { Server = new ServerLoadFigures { Engine = "vllm", PeakRequestsRunning = 1, PeakRequestsWaiting = 7 } }) with { Concurrency = 8 })!;
        Assert.Equal("max-num-seqs", cause.Option);
        Assert.Contains("up to 7 waited", cause.Cause, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--model-draft", null, true)]
    [InlineData("--model-draft", 40L, false)]
    [InlineData("--log-verbosity", null, false)]
    public void Speculation_that_was_asked_for_and_proposes_nothing_is_a_cause(string argument, long? drafts, bool fires) => Assert.Equal(fires, Cause(
        "speculation-off",
        s_result with { Server = s_result.Server with { DraftTokens = drafts } },
        new ObservationOptions { Config = s_config with { ExtraArguments = [argument, "x"] } }) is not null);

    [Theory]
    [InlineData(0.1, true)]
    [InlineData(0.8, false)]
    public void Drafts_that_are_thrown_away_are_a_cause(double acceptance, bool fires) =>
        Assert.Equal(fires, Cause("drafts-rejected", Seeing(new PointObservation { Server = new ServerLoadFigures { Engine = "vllm", DraftTokens = 100, AcceptanceRate = acceptance } })) is not null);

    [Theory]
    [InlineData(2, 3e9, true)]
    [InlineData(2, 1e9, false)]
    [InlineData(1, 3e9, false)]
    public void A_busy_link_between_the_parts_of_a_split_model_is_a_cause(int devices, double rate, bool fires)
    {
        ServerConfig config = s_config with
        {
            Devices = [.. Enumerable.Range(0, devices).Select(index => new ConfigDevice { Name = $"CUDA{index}", Index = index })],
            Options = s_config.Options.With(LlamaCppOptions.SplitMode, "row"),
        };
        PointObservation seen = new() { Gpus = [new GpuLoadFigures { Index = 1, PcieReceivedBytesPerSecond = rate, PcieLinkBytesPerSecond = 4e9, UtilizationPercent = 80 }] };
        LikelyCause? cause = Cause("pcie-bound-split", Seeing(seen), new ObservationOptions { Config = config });
        Assert.Equal(fires, cause is not null);
        Assert.True(cause is null || (cause.Option == "split-mode" && cause.Remedy.Contains("--split-mode layer", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("SwThermalSlowdown", 0.5, true)]
    [InlineData("SwPowerCap", 0.02, false)]
    [InlineData("SomethingNew", 0.9, false)]
    public void Clocks_held_down_by_heat_or_power_are_a_cause(string reason, double share, bool fires)
    {
        GpuLoadFigures gpu = new() { Index = 0, PeakTemperatureCelsius = 87, Throttling = new Dictionary<string, double> { [reason] = share } };
        LikelyCause? cause = Cause("throttling", Seeing(new PointObservation { Gpus = [gpu] }));
        Assert.Equal(fires, cause is not null);
        Assert.True(cause is null || cause.Cause == "GPU 0 held its clocks down 50 % of the time for heat (at most 87 °C)");
    }

    [Theory]
    [InlineData(900, 0, true)]
    [InlineData(10, 0, false)]
    [InlineData(900, 100, false)]
    public void Prompts_that_should_be_new_and_came_from_the_cache_are_told(long cached, int shared, bool fires) =>
        Assert.Equal(fires, Cause("prompt-cache-helped", s_result with { CachedPromptTokens = cached, SharedPrefixTokens = shared }) is not null);

    [Theory]
    [InlineData(0, 100, true)]
    [InlineData(700, 100, false)]
    [InlineData(0, 0, false)]
    public void A_cache_that_does_not_help_shared_prompts_is_told(long cached, int shared, bool fires) =>
        Assert.Equal(fires, Cause("prompt-cache-idle", s_result with { CachedPromptTokens = cached, SharedPrefixTokens = shared }) is not null);

    [Theory]
    [InlineData(8L, 6L, true)]
    [InlineData(1L, 0L, false)]
    public void A_context_that_pushes_weights_off_the_gpu_is_a_cause(long cacheGiB, long hostGiB, bool fires)
    {
        MemoryPlan plan = new()
        {
            Devices = [new DeviceMemory { Name = "CUDA0", WeightsBytes = 10 * Bytes.GiB, KvCacheBytes = cacheGiB * Bytes.GiB }],
            Host = new HostMemory { WeightsBytes = hostGiB * Bytes.GiB },
        };
        LikelyCause? cause = Cause("context-too-long", s_result, new ObservationOptions { Config = s_config with { Plan = plan } });
        Assert.Equal(fires, cause is not null);
        Assert.True(cause is null || cause.Option == "ctx-size");
    }

    [Theory]
    [InlineData(6000, true)]
    [InlineData(100, false)]
    public void A_depth_at_which_reading_the_context_is_felt_is_a_cause(int prompt, bool fires)
    {
        MemoryPlan plan = new() { Devices = [new DeviceMemory { Name = "CUDA0", WeightsBytes = 4 * Bytes.GiB, KvCacheBytes = 3 * Bytes.GiB }] };
        Assert.Equal(fires, Cause("context-too-long", s_result with { RequestedPromptTokens = prompt }, new ObservationOptions { Config = s_config with { Plan = plan } }) is not null);
    }

    [Theory]
    [InlineData(0.95, 0.0, true)]
    [InlineData(0.1, 0.02, true)]
    [InlineData(0.1, 0.0009, false)]
    public void A_client_that_is_busy_or_kept_waiting_is_told(double share, double delay, bool fires) => Assert.Equal(fires, Cause(
        "client-bottleneck", Seeing(new PointObservation { ClientSchedulingDelaySeconds = delay }) with { Client = new ClientSideFigures { CpuShare = share }, TpotSeconds = Tpot(80) }) is not null);

    [Theory]
    [InlineData(60.0, true)]
    [InlineData(33.0, false)]
    public void A_client_that_sees_tokens_later_than_the_server_makes_them_is_told(double serverRate, bool fires)
    {
        RequestFigures[] requests = [.. Enumerable.Repeat(new RequestFigures { TpotSeconds = 1 / 30.0, ServerDecodeTokensPerSecond = serverRate }, 5)];
        LikelyCause? cause = Cause("client-bottleneck", s_result with { Samples = requests });
        Assert.Equal(fires, cause is not null);
        Assert.True(cause is null || cause.Cause.Contains("2.0 times slower than the server says", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0.98, 1.0, true)]
    [InlineData(0.98, 3.5, false)]
    [InlineData(0.50, 0.1, false)]
    public void Other_programs_on_the_processors_are_a_cause(double busy, double server, bool fires) => Assert.Equal(fires, Cause(
        "processor-contention", Seeing(new PointObservation { HostCpuShare = busy, HostProcessors = 4, ServerProcessors = server, ClientProcessors = 0.1 })) is not null);

    [Theory]
    [InlineData(3L, true)]
    [InlineData(0L, false)]
    public void Requests_thrown_out_of_a_full_cache_are_told(long count, bool fires) => Assert.Equal(fires, Cause(
        "cache-overflow", Seeing(new PointObservation { Server = new ServerLoadFigures { Engine = "vllm", Preemptions = count, PeakKvCacheUsage = 1 } })) is not null);

    private static LatencySummary Tpot(double rate) => rate > 0 ? new LatencySummary { Count = 8, P50 = 1 / rate, Mean = 1 / rate } : new LatencySummary();

    private static ThroughputResult Seeing(PointObservation seen) => s_result with { Observation = seen };

    private static PointJudgement Judge(ThroughputResult result, ObservationOptions? machine = null) => new PointJudge(machine ?? new ObservationOptions { Config = s_config }).Judge(result);

    private static LikelyCause? Cause(string id, ThroughputResult result, ObservationOptions? machine = null) => Judge(result, machine).Causes.FirstOrDefault(cause => cause.Id == id);
}
