using LlmOps.Configuration;
using LlmOps.Core.Tests.Models;
using LlmOps.Engines;
using LlmOps.Engines.Vllm;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;
using LlmOps.Planning.Vllm;

namespace LlmOps.Core.Tests.Planning.Vllm;

/// <summary>What a write-up and its readers found on RTX 2080 Ti cards of 22 GB (caovan.com, Qwen3.6-27B), the planner finds by itself.</summary>
public sealed class VllmSeedTests : IDisposable
{
    private static readonly ServerPlanner s_planner = new((first, _) => first);

    private readonly ModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Four_drafted_tokens_on_22527_MiB_reserve_2920_MiB_and_leave_a_share_of_0_868()
    {
        VllmReserve reserve = VllmReserve.Of(new VllmSetting
        {
            Gpus = [TuringMachine.Card(0), TuringMachine.Card(1)], TensorParallel = 2, ContextLength = 262144, BatchTokens = 8192, Sequences = 2, DraftTokens = 4,
        });

        Assert.Equal(2920 * TuringMachine.MiB, reserve.Bytes);
        Assert.Equal(0.868, reserve.Share);
    }

    [Fact]
    public void A_checkpoint_of_25_GiB_takes_12_65_GiB_of_each_of_two_cards()
    {
        ModelDescription model = Read("Qwopus3.6-27B-v2-AWQ-4bit", KnownShapes.Qwen27BLarge);

        Assert.InRange(model.SizeBytes / (double)TuringMachine.GiB, 24.8, 25.3);
        double perCard = VllmWeights.PerGpu(model, new VllmSetting { TensorParallel = 2, DraftTokens = 3 }) / (double)TuringMachine.GiB;
        Assert.InRange(perCard * 25.03 * TuringMachine.GiB / model.SizeBytes, 12.65 * 0.99, 12.65 * 1.01);
    }

    [Theory]
    [InlineData(3, 1600)]
    [InlineData(4, 1616)]
    public void A_block_of_attention_is_made_as_long_as_a_state_with_its_drafts(int drafts, long tokens)
    {
        KvPool pool = KvPool.Of(Read("Qwen3.6-27B", KnownShapes.Qwen27B), new VllmSetting { TensorParallel = 2, KvCacheType = "fp8", DraftTokens = drafts, ContextLength = 262144 });

        Assert.Equal(tokens, pool.BlockTokens); // 1600: "Setting attention block size to 1600 tokens"
        Assert.Equal(3 * (2 + drafts), pool.StateBlocks);
    }

    [Fact]
    public void Two_cards_are_given_the_published_command()
    {
        ServerConfig config = Plan("Qwen3.6-27B-AWQ-INT4", KnownShapes.Qwen27B, TuringMachine.Of(2));
        LaunchCommand command = LaunchCommandBuilder.Build(config, null);

        Assert.Empty(config.Problems);
        Assert.Equal("vllm", command.File);
        Assert.Equal("serve", command.Arguments[0]);
        AssertSays(command, "--served-model-name", "Qwen3.6-27B-AWQ-INT4");
        AssertSays(command, "--tensor-parallel-size", "2");
        AssertSays(command, "--dtype", "half");
        AssertSays(command, "--max-model-len", "262144");
        AssertSays(command, "--max-num-seqs", "1");
        AssertSays(command, "--max-num-batched-tokens", "8192");
        AssertSays(command, "--kv-cache-dtype", "fp8");
        AssertSays(command, "--mamba-cache-mode", "align");
        AssertSays(command, "--attention-backend", "FLASHINFER");
        AssertSays(command, "--speculative-config", "{\"method\":\"mtp\",\"num_speculative_tokens\":3}");
        AssertSays(command, "--compilation-config", "{\"cudagraph_mode\":\"PIECEWISE\"}");
        AssertSays(command, "--reasoning-parser", "qwen3");
        AssertSays(command, "--tool-call-parser", "qwen3_coder");
        Assert.Contains("--disable-custom-all-reduce", command.Arguments);
        Assert.Contains("--enable-prefix-caching", command.Arguments);
        Assert.Contains("--enable-flashinfer-autotune", command.Arguments);
        Assert.Contains("--enable-auto-tool-choice", command.Arguments);
        Assert.InRange(config.Options.Get(VllmOptions.GpuMemoryUtilization), 0.868, 0.885);
        Assert.Equal("0,1", command.Environment["CUDA_VISIBLE_DEVICES"]);
        Assert.Equal("12", command.Environment["OMP_NUM_THREADS"]);
        Assert.Equal("expandable_segments:True", command.Environment["PYTORCH_CUDA_ALLOC_CONF"]);
        Assert.False(command.Environment.ContainsKey("NCCL_P2P_DISABLE"));
        Assert.All(config.Options.Values, option => Assert.Contains(config.Decisions, decision => decision.Option == option.Key && decision.Reason.Length > 10));
        Assert.All(config.Environment, variable => Assert.Contains(config.Decisions, decision => decision.Option == variable.Key && decision.Reason.Length > 10));
        Assert.True(config.Plan!.Pool!.FullLengthRequests is >= 1 and < 4);
        Assert.Equal((long)((double)config.Plan.Pool.Blocks / config.Plan.Pool.BlocksPerRequest * 262144), config.Plan.Pool.Tokens);
        Assert.InRange(config.Prediction!.DecodeTokensPerSecond!.Value, 70, 105); // 77 to 90 were measured
    }

    [Fact]
    public void Four_cards_share_the_model_and_guess_four_tokens()
    {
        ServerConfig config = Plan("Qwen3.6-27B-AWQ-INT4", KnownShapes.Qwen27B, TuringMachine.Of(4, GpuLinkKind.PHB));
        LaunchCommand command = LaunchCommandBuilder.Build(config, null);

        Assert.Empty(config.Problems);
        AssertSays(command, "--tensor-parallel-size", "4");
        AssertSays(command, "--kv-cache-dtype", "fp8");
        AssertSays(command, "--max-model-len", "262144");
        AssertSays(command, "--speculative-config", "{\"method\":\"mtp\",\"num_speculative_tokens\":4}");
        Assert.Equal("0,1,2,3", command.Environment["CUDA_VISIBLE_DEVICES"]);
    }

    [Theory]
    [InlineData(PlanMode.Stable, 3)]
    [InlineData(PlanMode.Fast, 4)]
    public void Stable_guesses_three_tokens_and_fast_four(PlanMode mode, int tokens)
    {
        ServerConfig config = Plan("Qwen3.6-27B", KnownShapes.Qwen27B, TuringMachine.Of(2), request => request with { Mode = mode });

        Assert.Contains($"\"num_speculative_tokens\":{tokens}", config.Options.Get(VllmOptions.Speculation), StringComparison.Ordinal);
    }

    [Fact]
    public void The_plugins_launcher_is_left_what_it_computes_and_the_plan_says_so()
    {
        ServerConfig config = Plan("Qwen3.6-27B-AWQ-INT4", KnownShapes.Qwen27B, TuringMachine.Of(2), request => request with { Launcher = "caovan-vllm-serve", Mode = PlanMode.Stable });
        LaunchCommand command = LaunchCommandBuilder.Build(config, null);

        Assert.Equal("caovan-vllm-serve", command.File);
        Assert.Equal(config.Model, command.Arguments[0]);
        Assert.DoesNotContain("--gpu-memory-utilization", command.Arguments);
        Assert.DoesNotContain("--speculative-config", command.Arguments);
        Assert.DoesNotContain("--compilation-config", command.Arguments);
        AssertSays(command, "--additional-config", "{\"caovan\":true,\"caovan_mode\":\"stable\"}");
        Assert.False(command.Environment.ContainsKey("CAOVAN_AUTO_SPEC"));
        foreach (string option in (string[])["gpuMemoryUtilization", "speculation", "compilation"])
        {
            Assert.Equal("left to the plugin", config.Decisions.Single(decision => decision.Option == option).Value);
        }
    }

    [Fact]
    public void A_pinned_depth_reaches_the_plugin_by_its_variable()
    {
        ServerConfig config = Plan("Qwen3.6-27B", KnownShapes.Qwen27B, TuringMachine.Of(2), request => request with
        {
            Launcher = "caovan-vllm-serve",
            Pins = new Dictionary<string, string> { ["speculative-config"] = "{\"method\":\"mtp\",\"num_speculative_tokens\":4}" },
        });

        Assert.Equal("4", config.Environment["CAOVAN_AUTO_SPEC"]);
        Assert.DoesNotContain("--speculative-config", LaunchCommandBuilder.Build(config, null).Arguments);
    }

    // A reader's checkpoint of 25.03 GiB: told on the page that it was too large for two cards, it was not; main memory was too small.
    [Fact]
    public void The_checkpoint_of_25_GiB_fits_with_its_whole_context_and_what_stands_in_the_way_is_main_memory()
    {
        Func<PlanRequest, PlanRequest> one = request => request with { Parallel = 1 };
        ServerConfig roomy = Plan("large", KnownShapes.Qwen27BLarge, TuringMachine.Of(2), one);
        ServerConfig wsl = Plan("large", KnownShapes.Qwen27BLarge, TuringMachine.UnderWsl((long)(8.9 * TuringMachine.GiB)), one);

        Assert.Empty(roomy.Problems);
        Assert.Equal(262144, roomy.Options.Get(VllmOptions.ContextLength));
        Assert.Equal("fp8", roomy.Options.Get(VllmOptions.KvCacheType));
        Assert.True(roomy.Plan!.Pool!.FullLengthRequests >= 1);
        PlanProblem only = Assert.Single(wsl.Problems);
        Assert.Contains("main memory", only.Message, StringComparison.Ordinal);
        Assert.Contains("8.90 GiB are free", only.Message, StringComparison.Ordinal);
        Assert.Contains(".wslconfig", only.Remedy, StringComparison.Ordinal);
        Assert.Equal("false", wsl.Decisions.Single(decision => decision.Option == "pin_memory").Value);
    }

    [Fact]
    public void A_checkpoint_of_36_GiB_is_refused_with_the_arithmetic_and_what_would_work()
    {
        ServerConfig config = Plan("huge", KnownShapes.Qwen27BTooLarge, TuringMachine.Of(2));

        Assert.InRange(Read("again", KnownShapes.Qwen27BTooLarge).SizeBytes / (double)TuringMachine.GiB, 35.5, 36.7);
        PlanProblem problem = Assert.Single(config.Problems);
        Assert.Contains("does not fit", problem.Message, StringComparison.Ordinal);
        Assert.Contains("weights take 18", problem.Message, StringComparison.Ordinal);
        Assert.Contains("four cards", problem.Remedy, StringComparison.Ordinal);
        Assert.Contains("shorter context", problem.Remedy, StringComparison.Ordinal);
        Assert.Contains("smaller quantisation", problem.Remedy, StringComparison.Ordinal);

        Assert.Empty(Plan("huge-on-four", KnownShapes.Qwen27BTooLarge, TuringMachine.Of(4)).Problems);
    }

    private static void AssertSays(LaunchCommand command, string flag, string value)
    {
        int at = command.Arguments.ToList().IndexOf(flag);
        Assert.True(at >= 0, $"{flag} is not in {string.Join(' ', command.Arguments)}");
        Assert.Equal(value, command.Arguments[at + 1]);
    }

    private ModelDescription Read(string name, ShapedFolder shape) => ModelReader.Read(shape.Write(_folder.PathOf(name)));

    private ServerConfig Plan(string name, ShapedFolder shape, GpuTopology machine, Func<PlanRequest, PlanRequest>? change = null)
    {
        PlanRequest request = new() { Model = Read(name, shape), Topology = machine };
        return s_planner.Plan(change?.Invoke(request) ?? request);
    }
}
