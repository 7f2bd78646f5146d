using LlmOps.Configuration;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Models;
using LlmOps.Planning;

namespace LlmOps.Core.Tests.Planning;

/// <summary>Every pin changes the plan or is explained; one that makes no sense is a problem.</summary>
public sealed class PinTests
{
    private static readonly ServerPlanner s_planner = new((first, _) => first);

    [Theory]
    [InlineData("tensor-split", "1,1", "shares the model among 2 GPUs, and the plan has 1")]
    [InlineData("split-mode", "row", "needs at least two GPUs, and the plan has 1")]
    [InlineData("main-gpu", "3", "names a GPU that the plan does not have")]
    [InlineData("n-cpu-moe", "4", "this model has none")]
    [InlineData("cpu-moe", "true", "this model has none")]
    [InlineData("spec-type", "draft-mtp", "this model has none")]
    [InlineData("mlock", "true", "the limit is 1.00 MiB")]
    [InlineData("cache-ram", "999999", "more than the")]
    public void A_pin_that_makes_no_sense_is_a_problem_in_one_line(string flag, string value, string message)
    {
        PlanProblem problem = Assert.Single(Plan(new() { [flag] = value }).Problems);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', problem.Message + problem.Remedy);
        Assert.NotEmpty(problem.Remedy);
    }

    [Theory]
    [InlineData("swa-full", "true", "swaFull", "changes nothing: the model has no sliding window")]
    [InlineData("no-kv-offload", "true", "kvOffload", "stay in main memory")]
    [InlineData("nkvo", "", "kvOffload", "stay in main memory")]
    [InlineData("numa", "distribute", "numa", "changes nothing: the machine has one NUMA node")]
    [InlineData("threads", "500", "threads", "more than the 72 that the machine has")]
    [InlineData("fit", "on", "fit", "the engine may change context and layers")]
    [InlineData("override-tensor", "nothing_like_it=CPU", "overrideTensor", "changes nothing: no tensor has such a name")]
    [InlineData("n-gpu-layers", "99", "gpuLayers", "all of them: the model has 33")]
    [InlineData("mmproj", "/nowhere/mmproj.gguf", "mmproj", "cannot be read here")]
    [InlineData("no-mmproj-offload", "", "mmprojOffload", "changes nothing without mmproj")]
    public void A_pin_says_what_it_does(string flag, string value, string option, string note)
    {
        ServerConfig config = Plan(new() { [flag] = value });
        Decision decision = config.Decisions.Single(item => item.Option == option);
        Assert.True(decision.Pinned);
        Assert.Contains(note, decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_cache_moves_to_main_memory_with_its_pin()
    {
        MemoryPlan with = Plan(new() { ["ctx-size"] = "8192", ["no-kv-offload"] = "true" }).Plan!;
        MemoryPlan without = Plan(new() { ["ctx-size"] = "8192" }).Plan!;
        Assert.Equal(0, with.Devices[0].KvCacheBytes);
        Assert.Equal(without.Devices[0].KvCacheBytes, with.Host.KvCacheBytes);
    }

    [Fact]
    public void Tensors_placed_by_name_move_to_main_memory_and_to_named_GPUs()
    {
        using LlmOps.Core.Tests.Models.ModelFolder folder = new();
        ModelDescription model = ModelReader.Read(folder.WriteSparse("122b.gguf", HeaderOnlyModel.Qwen122B()));
        LlmOps.Hardware.GpuTopology machine = PlanFixtures.Machine(("RTX 3090", 24), ("RTX 3090", 24));
        ServerConfig host = s_planner.Plan(new PlanRequest { Model = model, Topology = machine, Pins = new Dictionary<string, string> { ["override-tensor"] = "ffn_.*_exps=CPU", ["ctx-size"] = "8192" } });
        Assert.Empty(host.Problems);
        Assert.InRange(host.Plan!.Host.WeightsBytes, 35 * Bytes.GiB, 40 * Bytes.GiB);
        Assert.Contains("move to main memory", host.Decisions.Single(decision => decision.Option == "overrideTensor").Reason, StringComparison.Ordinal);

        ServerConfig second = s_planner.Plan(new PlanRequest { Model = PlanFixtures.Llama8B, Topology = machine, Pins = new Dictionary<string, string> { ["override-tensor"] = "nothing_like_it=CUDA1" } });
        Assert.Equal(2, second.Devices.Count);
    }

    [Fact]
    public void A_window_pinned_to_the_whole_context_takes_more()
    {
        ModelDescription sliding = PlanFixtures.Llama8B with { Attention = [.. PlanFixtures.Llama8B.Attention.Select(shape => shape with { SlidingWindow = 1024 })] };
        long full = Plan(new() { ["ctx-size"] = "32768", ["swa-full"] = "true" }, sliding).Plan!.Devices[0].KvCacheBytes;
        Assert.True(full > 5 * Plan(new() { ["ctx-size"] = "32768" }, sliding).Plan!.Devices[0].KvCacheBytes);
    }

    [Fact]
    public void Nothing_split_means_one_GPU_even_where_two_would_be_needed()
    {
        ServerConfig config = s_planner.Plan(new PlanRequest { Model = PlanFixtures.Qwq32B, Topology = PlanFixtures.Machine(("RTX 3060", 12), ("RTX 3060", 12)), Pins = new Dictionary<string, string> { ["split-mode"] = "none" } });
        Assert.True(config.Devices.Count <= 1);
        Assert.Equal("none", config.Options.Get(LlamaCppOptions.SplitMode));
    }

    [Fact]
    public void A_pinned_draft_model_is_counted_with_the_model()
    {
        using LlmOps.Core.Tests.Models.ModelFolder folder = new();
        string draft = folder.PathOf("draft.gguf");
        TinyModelWriter.Write(draft, new TinyModelOptions());
        ServerConfig with = Plan(new() { ["model-draft"] = draft, ["ctx-size"] = "8192" });
        ServerConfig without = Plan(new() { ["ctx-size"] = "8192" });
        Assert.True(with.Plan!.Devices[0].UsedBytes > without.Plan!.Devices[0].UsedBytes);
        Assert.Contains("counted with the model's", with.Decisions.Single(decision => decision.Option == "draftModel").Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ctx-sise", "1", "did you mean --ctx-size?")]
    [InlineData("no-such-thing-at-all", "1", "no version of llama-server has had")]
    public void Without_an_engine_a_slip_is_found_all_the_same(string flag, string value, string message)
    {
        LlmOpsException error = Assert.Throws<LlmOpsException>(() => Plan(new() { [flag] = value }));
        Assert.Equal("EngineFlagUnknown", error.ErrorId);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rope-scale", "", "takes a value")]
    [InlineData("no-webui", "7", "takes no value")]
    [InlineData("override-tensor", "(=CPU", "is no pattern")]
    [InlineData("override-tensor", "exps", "not of the form PATTERN=BUFFER")]
    public void A_value_that_a_flag_cannot_have_is_refused(string flag, string value, string message) =>
        Assert.Contains(message, Assert.Throws<LlmOpsException>(() => Plan(new() { [flag] = value })).Message, StringComparison.Ordinal);

    [Fact]
    public void Short_names_pin_the_same_rows()
    {
        ServerConfig config = Plan(new() { ["c"] = "4096", ["ngl"] = "20", ["ctk"] = "q8_0", ["np"] = "3" });
        Assert.Equal(4096L, config.Options.Get(LlamaCppOptions.ContextLength));
        Assert.Equal(20L, config.Options.Get(LlamaCppOptions.GpuLayers));
        Assert.Equal("q8_0", config.Options.Get(LlamaCppOptions.KvCacheTypeK));
        Assert.Equal(3L, config.Options.Get(LlamaCppOptions.Parallel));
        Assert.Empty(config.ExtraArguments);
    }

    [Fact]
    public void What_is_named_as_a_remedy_fits_when_it_is_pinned()
    {
        Dictionary<string, string> pins = new() { ["ctx-size"] = "131072", ["cache-type-k"] = "f16", ["cache-type-v"] = "f16" };
        ServerConfig config = s_planner.Plan(new PlanRequest { Model = PlanFixtures.Qwq32B, Topology = PlanFixtures.Machine(("RTX 3090", 24)), Pins = new Dictionary<string, string>(pins) { ["n-gpu-layers"] = "65" } });
        string remedy = Assert.Single(config.Problems).Remedy;
        string context = System.Text.RegularExpressions.Regex.Match(remedy, @"ctx-size=(\d+) instead").Groups[1].Value;
        ServerConfig shorter = s_planner.Plan(new PlanRequest { Model = PlanFixtures.Qwq32B, Topology = PlanFixtures.Machine(("RTX 3090", 24)), Pins = new Dictionary<string, string>(pins) { ["ctx-size"] = context, ["n-gpu-layers"] = "65" } });
        Assert.Empty(shorter.Problems);
    }

    private static ServerConfig Plan(Dictionary<string, string> pins, ModelDescription? model = null)
    {
        LlmOps.Hardware.GpuTopology machine = PlanFixtures.Machine(("RTX 3090", 24));
        return s_planner.Plan(new PlanRequest { Model = model ?? PlanFixtures.Llama8B, Topology = machine with { Host = machine.Host with { Limits = new LlmOps.Hardware.HostLimits { MemlockBytes = Bytes.MiB } } }, Pins = pins });
    }
}
