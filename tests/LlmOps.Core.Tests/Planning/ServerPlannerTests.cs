using System.Text.Json;
using LlmOps.Configuration;
using LlmOps.Core.Tests.Engines;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Hardware;
using LlmOps.Planning;

namespace LlmOps.Core.Tests.Planning;

public sealed class ServerPlannerTests
{
    private static readonly ServerPlanner Planner = new((first, _) => first);

    [Fact]
    public void A_model_that_fits_on_one_of_several_cards_gets_the_one_with_most_free_memory()
    {
        ServerConfig config = Plan(PlanFixtures.Llama8B, PlanFixtures.Machine(("RTX 2080 Ti", 11), ("RTX 3090", 24), ("RTX 4080 SUPER", 16)));

        Assert.Equal("GPU-0001", Assert.Single(config.Devices).Uuid);
        Assert.Equal("CUDA0", config.Devices[0].Name);
        Assert.Equal("GPU-0001", config.Environment["CUDA_VISIBLE_DEVICES"]);
        Assert.Equal("PCI_BUS_ID", config.Environment["CUDA_DEVICE_ORDER"]);
        Assert.Equal(33L, config.Options.Get(LlamaCppOptions.GpuLayers));
        Assert.Equal("none", config.Options.Get(LlamaCppOptions.SplitMode));
        Assert.Contains("2 of 3 GPUs stay unused", Reason(config, "devices"), StringComparison.Ordinal);
        Assert.Empty(config.Problems);
    }

    [Fact]
    public void A_model_too_big_for_one_card_is_split_in_proportion_to_free_memory()
    {
        ServerConfig config = Plan(PlanFixtures.Qwq32B, PlanFixtures.Machine(("RTX 2080 Ti", 22), ("RTX 2080 Ti", 22)));

        Assert.Equal(["CUDA0", "CUDA1"], config.Devices.Select(device => device.Name));
        Assert.Equal("layer", config.Options.Get(LlamaCppOptions.SplitMode));
        Assert.Equal(2, config.Options.Get(LlamaCppOptions.TensorSplit)!.Count);
        Assert.Equal(64, config.Plan!.Devices.Sum(device => device.Layers));
        Assert.All(config.Plan.Devices, device => Assert.True(device.FreeAfterBytes >= 0));
    }

    [Fact]
    public void An_architecture_that_was_not_compared_with_the_engine_is_planned_with_a_margin_that_is_said()
    {
        ServerConfig known = Plan(PlanFixtures.Llama8B, PlanFixtures.Machine(("NVIDIA GeForce RTX 3090", 24)));
        ServerConfig unheard = Plan(PlanFixtures.Llama8B with { Architecture = "unheard-of" }, PlanFixtures.Machine(("NVIDIA GeForce RTX 3090", 24)));

        Assert.DoesNotContain(known.Decisions, decision => decision.Option == "memoryMargin");
        Assert.Equal("25 % of scratch memory", unheard.Decisions.Single(decision => decision.Option == "memoryMargin").Value);
        Assert.Contains("unheard-of has not been compared", Reason(unheard, "memoryMargin"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_context_shrinks_and_the_cache_is_quantised_before_layers_leave_the_card()
    {
        ServerConfig config = Plan(PlanFixtures.Qwq32B, PlanFixtures.Machine(("NVIDIA GeForce RTX 3090", 24)));

        Assert.Equal(65L, config.Options.Get(LlamaCppOptions.GpuLayers));
        Assert.Equal("q8_0", config.Options.Get(LlamaCppOptions.KvCacheTypeK));
        Assert.Equal("on", config.Options.Get(LlamaCppOptions.FlashAttention));
        long context = config.Options.Get(LlamaCppOptions.ContextLength);
        Assert.Equal(49152L, context);
        Assert.Contains("the longest that fits, in steps of 16384", Reason(config, "contextLength"), StringComparison.Ordinal);
        Assert.Equal("memory bandwidth of CUDA0", config.Prediction!.LimitedBy);
        Assert.InRange(config.Prediction.DecodeTokensPerSecond!.Value, 30, 50);
        Assert.InRange(config.Prediction.RooflineDecodeTokensPerSecond!.Value, 50, 56); // 936 GB/s over 17 GB of weights and a little cache.
    }

    [Fact]
    public void Every_figure_names_devices_as_the_engine_will()
    {
        ServerConfig config = Plan(PlanFixtures.Llama8B, PlanFixtures.Machine(("RTX 2080 Ti", 11), ("RTX 3090", 24)));

        Assert.Equal("CUDA0", config.Devices[0].Name);
        Assert.Equal(1, config.Devices[0].Index);
        Assert.Equal("CUDA0", config.Plan!.Devices[0].Name);
        Assert.Equal("memory bandwidth of CUDA0", config.Prediction!.LimitedBy);
    }

    [Fact]
    public void A_pin_is_never_changed_and_the_rest_is_planned_around_it()
    {
        ServerConfig config = Plan(PlanFixtures.Qwq32B, PlanFixtures.Machine(("RTX 3090", 24)), pins: new() { ["ctx-size"] = "8192", ["cache-type-k"] = "f16", ["cache-type-v"] = "f16", ["rope-scale"] = "2", ["no-mmap"] = "" });

        Assert.Equal(8192L, config.Options.Get(LlamaCppOptions.ContextLength));
        Assert.Equal("f16", config.Options.Get(LlamaCppOptions.KvCacheTypeV));
        Assert.False(config.Options.Get(LlamaCppOptions.MemoryMap));
        Assert.Equal(["--rope-scale", "2"], config.ExtraArguments);
        Assert.True(config.Decisions.Single(decision => decision.Option == "contextLength").Pinned);
        Assert.Empty(config.Problems);
    }

    [Fact]
    public void A_plan_that_cannot_fit_names_the_device_the_shortage_and_a_remedy()
    {
        ServerConfig config = Plan(PlanFixtures.Qwq32B, PlanFixtures.Machine(("RTX 3090", 24)), pins: new() { ["ctx-size"] = "131072", ["cache-type-k"] = "f16", ["cache-type-v"] = "f16", ["n-gpu-layers"] = "65" });

        PlanProblem problem = Assert.Single(config.Problems);
        Assert.Matches(@"CUDA0 lacks \d+\.\d+ GiB; keys and values take 32\.0 GiB", problem.Message);
        Assert.Contains("shorter context", problem.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ctx-size", "many", "PinInvalid")]
    [InlineData("port", "99999", "PinInvalid")]
    [InlineData("api-key", "secret", "SecretInArguments")]
    [InlineData("device", "CUDA7", "DeviceNotFound")]
    [InlineData("load-mode", "fast", "PinInvalid")]
    public void An_impossible_pin_is_refused(string flag, string value, string errorId)
    {
        LlmOpsException error = Assert.Throws<LlmOpsException>(() => Plan(PlanFixtures.Llama8B, PlanFixtures.Machine(("RTX 3090", 24)), pins: new() { [flag] = value }));
        Assert.Equal(errorId, error.ErrorId);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_thing_fixed_twice_is_refused() =>
        Assert.Equal("PinConflict", Assert.Throws<LlmOpsException>(() => Planner.Plan(new PlanRequest
        {
            Model = PlanFixtures.Llama8B, Topology = PlanFixtures.Machine(("RTX 3090", 24)), ContextLength = 4096, Pins = new Dictionary<string, string> { ["ctx-size"] = "8192" },
        })).ErrorId);

    [Theory]
    [InlineData("../x")]
    [InlineData("")]
    [InlineData("-x")]
    [InlineData("a\n")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void A_name_that_no_server_can_have_is_refused_when_planning(string name) =>
        Assert.Equal("ServerNameInvalid", Assert.Throws<LlmOpsException>(() => Planner.Plan(new PlanRequest { Model = PlanFixtures.Llama8B, Topology = PlanFixtures.Machine(), Name = name })).ErrorId);

    [Fact]
    public void A_pinned_flag_that_the_engine_lacks_is_refused_when_planning()
    {
        PlanRequest request = new() { Model = PlanFixtures.Llama8B, Topology = PlanFixtures.Machine(), Engine = EngineFixtures.LlamaServer("0.7.0"), Pins = new Dictionary<string, string> { ["ctx-sise"] = "1" } };
        LlmOpsException error = Assert.Throws<LlmOpsException>(() => Planner.Plan(request));
        Assert.Equal("EngineFlagUnknown", error.ErrorId);
        Assert.Contains("did you mean --ctx-size?", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_cache_type_has_the_reason_of_its_own_value()
    {
        ServerConfig config = Plan(PlanFixtures.Llama8B, PlanFixtures.Machine(("RTX 3090", 24)), pins: new() { ["cache-type-k"] = "q8_0" });
        Assert.Equal("f16", config.Options.Get(LlamaCppOptions.KvCacheTypeV));
        Assert.Equal("full precision fits", Reason(config, "kvCacheTypeV"));
    }

    [Fact]
    public void Without_a_gpu_the_processor_serves_with_one_thread_a_physical_core()
    {
        ServerConfig config = Plan(PlanFixtures.Llama8B, PlanFixtures.Machine());

        Assert.Empty(config.Devices);
        Assert.Equal(36L, config.Options.Get(LlamaCppOptions.Threads));
        Assert.Equal(32768L, config.Options.Get(LlamaCppOptions.ContextLength));
        Assert.False(config.Options.Contains("gpuLayers"));
        Assert.Null(config.Prediction!.DecodeTokensPerSecond);
    }

    [Fact]
    public void An_engine_without_a_gpu_backend_runs_on_the_processor_and_the_plan_says_so()
    {
        ServerConfig config = Planner.Plan(new PlanRequest { Model = PlanFixtures.Llama8B, Topology = PlanFixtures.Machine(("RTX 3090", 24)), Engine = EngineFixtures.LlamaServer("0.7.0") });

        Assert.Empty(config.Devices);
        Assert.Contains("was built without support for this machine's GPUs", Reason(config, "devices"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_plan_for_an_old_engine_holds_only_what_it_can_be_told()
    {
        EngineCapabilities old = EngineFixtures.LlamaServer("b3277", new EngineDevice("CUDA0", "RTX 3090", 24L << 30, 23L << 30));
        ServerConfig config = Planner.Plan(new PlanRequest { Model = PlanFixtures.Llama8B, Topology = PlanFixtures.Machine(("RTX 3090", 24)), Engine = old });

        string line = string.Join(' ', LaunchCommandBuilder.Build(config, old).Arguments);
        Assert.DoesNotContain("--load-mode", line, StringComparison.Ordinal);
        Assert.DoesNotContain("--fit", line, StringComparison.Ordinal);
        Assert.Contains("--n-gpu-layers 33", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_option_has_a_reason_and_every_reason_is_a_sentence()
    {
        ServerConfig config = Plan(PlanFixtures.Qwq32B, PlanFixtures.Machine(("RTX 3090", 24)));

        Assert.All(config.Options.Values, option => Assert.True(config.Decisions.Any(decision => decision.Option == option.Key), $"no reason for {option.Key}"));
        Assert.All(config.Decisions, decision => Assert.False(string.IsNullOrWhiteSpace(decision.Reason)));
    }

    [Fact]
    public void The_port_is_the_first_free_one_on_this_machine_only()
    {
        ServerPlanner planner = new((first, _) => first + 3);
        PlanRequest request = new() { Model = PlanFixtures.Llama8B, Topology = PlanFixtures.Machine() };
        Assert.Equal(8083, planner.Plan(request with { IsThisMachine = true }).Endpoint.Port);
        Assert.Equal(8080, planner.Plan(request).Endpoint.Port);
    }

    [Fact]
    public void The_json_document_has_the_names_that_scripts_rely_on()
    {
        ServerConfig config = Plan(PlanFixtures.Qwq32B, PlanFixtures.Machine(("RTX 3090", 24)));
        using JsonDocument document = JsonDocument.Parse(PlanDocument.ToJson(config, PlanFixtures.Qwq32B, LaunchCommandBuilder.Build(config, null)));
        JsonElement plan = document.RootElement;

        Assert.True(plan.GetProperty("fits").GetBoolean());
        Assert.Equal("llama-server", plan.GetProperty("command").GetProperty("file").GetString());
        Assert.Equal("GPU-0000", plan.GetProperty("devices")[0].GetProperty("uuid").GetString());
        JsonElement device = plan.GetProperty("plan").GetProperty("devices")[0];
        long used = new[] { "weightsBytes", "kvCacheBytes", "recurrentBytes", "computeBytes", "overheadBytes" }.Sum(name => device.GetProperty(name).GetInt64());
        Assert.True(used + device.GetProperty("freeAfterBytes").GetInt64() < device.GetProperty("totalBytes").GetInt64());
        Assert.True(plan.GetProperty("plan").GetProperty("host").GetProperty("weightsBytes").GetInt64() > 0);
        Assert.NotEqual(0, plan.GetProperty("decisions").GetArrayLength());
    }

    [Theory]
    [InlineData("/models/Qwen_QwQ-32B-IQ4_XS.gguf", "qwen_qwq-32b-iq4_xs")]
    [InlineData("/models/My Model (v2)!.gguf", "my-model-v2")]
    [InlineData("/models/big-00001-of-00003.gguf", "big")]
    [InlineData("/models/模型.gguf", "llm")]
    public void A_server_is_named_after_its_model(string path, string expected) =>
        Assert.Equal(expected, Plan(PlanFixtures.Llama8B with { Path = path }, PlanFixtures.Machine()).Name);

    private static string Reason(ServerConfig config, string option) => config.Decisions.Single(decision => decision.Option == option).Reason;

    private static ServerConfig Plan(LlmOps.Models.ModelDescription model, GpuTopology topology, Dictionary<string, string>? pins = null) =>
        Planner.Plan(new PlanRequest { Model = model, Topology = topology, Pins = pins ?? [] });
}
