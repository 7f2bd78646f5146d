using LlmOps.Configuration;
using LlmOps.Core.Tests.Models;
using LlmOps.Engines;
using LlmOps.Engines.Vllm;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;
using LlmOps.Planning.Vllm;

namespace LlmOps.Core.Tests.Planning.Vllm;

public sealed class VllmPlanTests : IDisposable
{
    private static readonly ServerPlanner s_planner = new((first, _) => first);

    private readonly ModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // vLLM's own figures from public logs: pool in GiB, tokens that it printed (club-3090 issues 104, 612, 642; vllm pull request 39559).
    [Theory]
    [InlineData(9.84, 2, 262144, 0, 619202)]
    [InlineData(11.05, 2, 262144, 3, 623873)]
    public void The_pool_holds_as_many_tokens_as_vllm_printed(double gib, int ranks, long context, int drafts, double printed)
    {
        VllmSetting setting = new() { TensorParallel = ranks, ContextLength = context, KvCacheType = "fp8", DraftTokens = drafts };

        Assert.InRange(KvPool.Of(Read("m", KnownShapes.Qwen27B), setting).Tokens((long)(gib * TuringMachine.GiB), context), printed * 0.995, printed * 1.005);
    }

    [Fact]
    public void Windows_and_whole_contexts_share_a_pool()
    {
        KvPool pool = KvPool.Of(Read("m", KnownShapes.GptOss120B), new VllmSetting { ContextLength = 131072, BatchTokens = 1024 });

        Assert.Equal(4.54, pool.RequestBytes / (double)TuringMachine.GiB, 0.01); // "4.54 GiB KV cache is needed" (vllm issue 27508)
    }

    [Fact]
    public void Weights_are_what_vllm_logs_to_a_hundredth_of_a_GiB()
    {
        Assert.Equal(14.9888, VllmWeights.PerGpu(Read("m", KnownShapes.Llama8B), new VllmSetting()) / (double)TuringMachine.GiB, 0.01);
    }

    [Fact]
    public void A_small_model_on_one_of_several_cards_keeps_sixteen_bits()
    {
        ServerConfig config = Plan(KnownShapes.Llama8B with { Context = 16384 }, Ampere(2, 80));

        Assert.Empty(config.Problems);
        Assert.Equal(1, config.Options.Get(VllmOptions.TensorParallel));
        Assert.Single(config.Devices);
        Assert.Equal("auto", config.Options.Get(VllmOptions.KvCacheType));
        Assert.Equal("auto", config.Options.Get(VllmOptions.DataType));
        Assert.Null(config.Options.Get(VllmOptions.AttentionBackend));
        Assert.Equal(4, config.Options.Get(VllmOptions.Parallel));
        Assert.Equal("llama3_json", config.Options.Get(VllmOptions.ToolCallParser));
    }

    [Fact]
    public void Six_cards_share_layers_by_two_and_stand_in_three_stages_where_heads_do_not_divide_by_six()
    {
        // 40 heads and 8 key-value heads divide by 2 and 4; 94 GiB of weights want six cards of 24.
        ServerConfig config = Plan(KnownShapes.Qwen32BFour with { Bits = (16, 16, 16), Layers = 100, Context = 8192 }, Ampere(6, 24));

        Assert.True(config.Options.Get(VllmOptions.TensorParallel) * config.Options.Get(VllmOptions.PipelineParallel) == 6, string.Join(' ', config.Problems.Select(problem => problem.Message)));
        Assert.Equal(2, config.Options.Get(VllmOptions.TensorParallel));
    }

    // 3 cards of 22 GB: two of them share the layers of a model of 64 heads at twice the speed of three stages.
    [Fact]
    public void Stages_do_not_take_the_place_of_cards_that_share_layers()
    {
        ServerConfig config = Plan(KnownShapes.Qwen32BFour with { KvHeads = 8, Context = 40960 }, TuringMachine.Of(3, GpuLinkKind.PHB));

        Assert.Empty(config.Problems);
        Assert.Equal(2, config.Options.Get(VllmOptions.TensorParallel));
        Assert.False(config.Options.Contains(VllmOptions.PipelineParallel.Name));
        Assert.Equal(2, config.Devices.Count);
    }

    [Fact]
    public void Of_two_kinds_with_as_much_memory_the_newer_card_serves()
    {
        ServerConfig config = Plan(KnownShapes.Llama8B with { Context = 16384 }, Unlike(("NVIDIA GeForce RTX 3090", "8.6", 24576), ("NVIDIA GeForce RTX 4090", "8.9", 24564)));

        Assert.Equal(1, Assert.Single(config.Devices).Index);
    }

    [Fact]
    public void Unlike_cards_serve_together_where_one_kind_is_too_small_and_the_weakest_decides()
    {
        GpuTopology machine = Unlike(("NVIDIA GeForce RTX 4090", "8.9", 24564), ("NVIDIA GeForce RTX 2080 Ti", "7.5", 22527), ("NVIDIA GeForce GTX 1080", "6.1", 8192));
        ServerConfig config = Plan(KnownShapes.Qwen27BLarge, machine, request => request with { Parallel = 1 });

        Assert.Empty(config.Problems);
        Assert.Equal([0, 1], config.Devices.Select(device => device.Index));
        Assert.Equal(2, config.Options.Get(VllmOptions.TensorParallel));
        Assert.Equal("half", config.Options.Get(VllmOptions.DataType));
        Assert.Contains("RTX 4090 and 1 × NVIDIA GeForce RTX 2080 Ti", config.Decisions.Single(decision => decision.Option == "devices").Reason, StringComparison.Ordinal);

        // Only one of a kind, pinned to two: the same cards. To three: the third has no kernels.
        Func<PlanRequest, PlanRequest> two = request => request with { Pins = new Dictionary<string, string> { ["tensor-parallel-size"] = "2" } };
        Func<PlanRequest, PlanRequest> four = request => request with { Pins = new Dictionary<string, string> { ["tensor-parallel-size"] = "4" } };
        Assert.Equal([0, 1], Plan(KnownShapes.Llama8B, machine, two).Devices.Select(device => device.Index));
        Assert.Contains("this machine has", Assert.Throws<LlmOpsException>(() => Plan(KnownShapes.Llama8B, machine, four)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unlike_cards_that_are_too_small_together_are_refused_as_the_set_that_lacks_least()
    {
        ServerConfig config = Plan(KnownShapes.Qwen27BTooLarge, Unlike(("NVIDIA GeForce RTX 4080", "8.9", 16376), ("NVIDIA GeForce RTX 3080", "8.6", 12288)));

        Assert.Contains("each of 2 card(s)", Assert.Single(config.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Volta_is_planned_for_the_last_version_that_runs_on_it()
    {
        ServerConfig config = Plan(KnownShapes.Llama8B with { Context = 16384 }, Unlike(("Tesla V100-SXM2-32GB", "7.0", 32768)));

        Assert.Empty(config.Problems);
        Assert.Equal("0.19.0", config.Decisions.Single(decision => decision.Option == "engineVersion").Value);
        Assert.Equal("TRITON_ATTN", config.Options.Get(VllmOptions.AttentionBackend));
        Assert.Equal("auto", config.Options.Get(VllmOptions.KvCacheType));
        Assert.False(config.Options.Contains(VllmOptions.FlashInferAutotune.Name));
    }

    [Theory]
    [InlineData("awq", "7.0", false)]
    [InlineData("gptq", "7.0", true)]
    [InlineData("awq", "7.5", true)]
    public void A_quantisation_without_kernels_for_the_card_is_a_problem_with_one_that_has_them(string method, string capability, bool runs)
    {
        ShapedFolder shape = KnownShapes.Llama8B with { Context = 16384, Quantization = new System.Text.Json.Nodes.JsonObject { ["quant_method"] = method, ["bits"] = 4, ["group_size"] = 128 } };
        ServerConfig config = Plan(shape, Unlike(("Tesla V100-SXM2-32GB", capability, 32768)));

        Assert.Equal(runs, config.Problems.Count == 0);
        Assert.All(config.Problems, problem => Assert.Contains("GPTQ", problem.Remedy, StringComparison.Ordinal));
    }

    [Fact]
    public void A_context_beyond_the_models_own_is_a_problem_unless_positions_are_stretched()
    {
        Dictionary<string, string> pins = new() { ["max-model-len"] = "65536" };
        PlanProblem problem = Assert.Single(Plan(KnownShapes.Llama8B with { Context = 32768 }, Ampere(1, 80), request => request with { Pins = pins }).Problems);
        ServerConfig stretched = Plan(KnownShapes.Llama8B with { Context = 32768 }, Ampere(1, 80), request => request with { Pins = new Dictionary<string, string>(pins) { ["hf-overrides"] = "{\"rope_parameters\":{\"rope_type\":\"yarn\",\"factor\":2.0}}" } });

        Assert.Contains("32768", problem.Message, StringComparison.Ordinal);
        Assert.Empty(stretched.Problems);
        Assert.Contains("--hf-overrides", stretched.ExtraArguments);
    }

    [Fact]
    public void Cards_that_the_driver_says_cannot_reach_each_other_are_told_to_NCCL()
    {
        ServerConfig config = Plan(KnownShapes.Qwen27B, TuringMachine.Of(2, GpuLinkKind.SYS, peers: false));

        Assert.Equal("1", config.Environment["NCCL_P2P_DISABLE"]);
        Assert.Contains("cannot reach", config.Decisions.Single(decision => decision.Option == "NCCL_P2P_DISABLE").Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_requests_at_a_time_leave_nothing_to_guess_with()
    {
        Assert.Equal(3, VllmSpeculation.Depth(Read("a", KnownShapes.Qwen27B), 2, 1, 4, PlanMode.Auto).Tokens);
        Assert.Equal(2, VllmSpeculation.Depth(Read("b", KnownShapes.Qwen27B), 2, 1, 8, PlanMode.Auto).Tokens);
        Assert.Equal(0, VllmSpeculation.Depth(Read("c", KnownShapes.Qwen27B), 2, 1, 64, PlanMode.Auto).Tokens);
    }

    [Fact]
    public void A_fine_tune_that_lost_its_next_token_layer_does_not_guess_and_the_plan_says_why()
    {
        ServerConfig config = Plan(KnownShapes.Qwen27B with { HasNextToken = false, DeclaresNextToken = true }, TuringMachine.Of(2));

        Assert.Null(config.Options.Get(VllmOptions.Speculation));
        Assert.Contains("tensors are not in the files", config.Decisions.Single(decision => decision.Option == "speculation").Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Requests_beyond_the_blocks_for_their_states_are_a_problem_with_the_number_that_works()
    {
        ServerConfig config = Plan(KnownShapes.Qwen27B, TuringMachine.Of(2), request => request with { Parallel = 64 });

        PlanProblem problem = Assert.Single(config.Problems);
        long most = long.Parse(problem.Remedy["pin max-num-seqs=".Length..], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Empty(Plan(KnownShapes.Qwen27B, TuringMachine.Of(2), request => request with { Parallel = (int)most }).Problems);
    }

    [Theory]
    [InlineData("tensor-parallel-size", "3", "TensorParallelInvalid", "use 4")]
    [InlineData("tensor-parallel-size", "8", "TensorParallelInvalid", "at most 4")]
    [InlineData("gpu-memory-utilisation", "0.9", "EngineFlagUnknown", "gpu-memory-utilization")]
    [InlineData("max-num-seqs", "many", "PinInvalid", "whole number")]
    [InlineData("api-key", "secret", "SecretInArguments", "file")]
    [InlineData("swap-space", "4", "EngineFlagUnknown", "0.17.0")]
    public void Impossible_pins_are_named_with_what_works(string flag, string value, string errorId, string hint)
    {
        ShapedFolder shape = KnownShapes.Qwen27B with { Heads = 32, KvHeads = 8 };
        LlmOpsException error = Assert.Throws<LlmOpsException>(() => Plan(shape, TuringMachine.Of(4), request => request with { Pins = new Dictionary<string, string> { [flag] = value } }));

        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(hint, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_key_file_becomes_the_variable_that_vllm_reads_and_no_argument()
    {
        ServerConfig config = Plan(KnownShapes.Llama8B, TuringMachine.Of(2), request => request with { ApiKeyFile = "/etc/my key" });
        LaunchCommand command = LaunchCommandBuilder.Build(config, null);

        Assert.Equal(new Dictionary<string, string> { ["VLLM_API_KEY"] = "/etc/my key" }, command.SecretFiles);
        Assert.DoesNotContain(command.Arguments, argument => argument.Contains("key", StringComparison.Ordinal));
        Assert.StartsWith("VLLM_API_KEY=\"$(head -n 1 '/etc/my key')\" ", ShellText.Line(command), StringComparison.Ordinal);
    }

    [Fact]
    public void MTP_that_is_pinned_for_a_checkpoint_without_its_tensors_is_an_error()
    {
        LlmOpsException error = Assert.Throws<LlmOpsException>(() => Plan(KnownShapes.Qwen27B with { HasNextToken = false }, TuringMachine.Of(2), request => request with
        {
            Pins = new Dictionary<string, string> { ["speculative-config"] = "{\"method\":\"mtp\",\"num_speculative_tokens\":3}" },
        }));

        Assert.Equal("SpeculationImpossible", error.ErrorId);
    }

    [Fact]
    public void Eight_bit_keys_on_old_cards_are_an_error_from_0_24_on_and_none_before()
    {
        LlmOpsException error = Assert.Throws<LlmOpsException>(() => Plan(KnownShapes.Qwen27B, TuringMachine.Of(2), request => request with { EngineVersion = "0.24.0", KvCacheType = "fp8" }));
        ServerConfig before = Plan(KnownShapes.Qwen27B, TuringMachine.Of(2), request => request with { EngineVersion = "0.23.0", KvCacheType = "fp8" });
        ServerConfig open = Plan(KnownShapes.Qwen27B, TuringMachine.Of(2), request => request with { EngineVersion = "0.24.0" });

        Assert.Equal("KvCacheTypeUnsupported", error.ErrorId);
        Assert.Contains("0.23", error.Message, StringComparison.Ordinal);
        Assert.Equal("fp8", before.Options.Get(VllmOptions.KvCacheType));
        Assert.Equal("auto", open.Options.Get(VllmOptions.KvCacheType));
        Assert.Equal("TRITON_ATTN", open.Options.Get(VllmOptions.AttentionBackend));
    }

    [Fact]
    public void An_expert_that_is_cut_within_a_block_of_its_scales_is_refused()
    {
        ShapedFolder shape = KnownShapes.Qwen35BExperts with
        {
            Quantization = new System.Text.Json.Nodes.JsonObject { ["quant_method"] = "fp8", ["weight_block_size"] = new System.Text.Json.Nodes.JsonArray(128, 128) },
        };
        ModelDescription model = Read("m", shape);

        Assert.Null(VllmSplits.Problem(model, 4));
        Assert.Contains("blocks of 128", VllmSplits.Problem(model, 8), StringComparison.Ordinal); // parts of 64: vllm issue 52997
    }

    [Fact]
    public void A_plan_survives_its_file()
    {
        ServerConfig config = Plan(KnownShapes.Qwen27B, TuringMachine.Of(2));
        string file = _folder.PathOf("server.yaml");
        File.WriteAllText(file, ServerConfigFile.ToYaml(config));
        ServerConfig read = ServerConfigFile.Read(file);

        Assert.Equal("vllm", read.Engine);
        Assert.Equal(LaunchCommandBuilder.Build(config, null).Arguments, LaunchCommandBuilder.Build(read, null).Arguments);
        Assert.Equal(config.Environment, read.Environment);
        Assert.Equal(config.Plan!.Pool, read.Plan!.Pool);
    }

    [Fact]
    public void A_folder_is_vllms_and_llama_cpp_refuses_it_by_name()
    {
        LlmOpsException error = Assert.Throws<LlmOpsException>(() => Plan(KnownShapes.Llama8B, TuringMachine.Of(1), request => request with { EngineName = "llama.cpp" }));

        Assert.Equal("EngineModelMismatch", error.ErrorId);
        Assert.Equal("EngineNotSupported", Assert.Throws<LlmOpsException>(() => Plan(KnownShapes.Llama8B, TuringMachine.Of(1), request => request with { EngineName = "sglang" })).ErrorId);
    }

    private static GpuTopology Ampere(int cards, int gib) => TuringMachine.Of(cards) is var machine
        ? machine with { Gpus = [.. machine.Gpus.Select(gpu => gpu with { Name = "NVIDIA A100", ComputeCapability = "8.0", MemoryTotalBytes = gib * TuringMachine.GiB, MemoryFreeBytes = gib * TuringMachine.GiB - TuringMachine.GiB / 2 })] }
        : machine;

    private static GpuTopology Unlike(params (string Name, string Capability, long MiB)[] cards) => TuringMachine.Of(cards.Length, GpuLinkKind.PHB) is var machine
        ? machine with { Gpus = [.. machine.Gpus.Zip(cards, (gpu, card) => gpu with { Name = card.Name, ComputeCapability = card.Capability, MemoryTotalBytes = card.MiB * TuringMachine.MiB, MemoryFreeBytes = (card.MiB - 300) * TuringMachine.MiB })] }
        : machine;

    private ModelDescription Read(string name, ShapedFolder shape) => ModelReader.Read(shape.Write(_folder.PathOf(name)));

    private ServerConfig Plan(ShapedFolder shape, GpuTopology machine, Func<PlanRequest, PlanRequest>? change = null)
    {
        PlanRequest request = new() { Model = Read("model", shape), Topology = machine };
        return s_planner.Plan(change?.Invoke(request) ?? request);
    }
}
