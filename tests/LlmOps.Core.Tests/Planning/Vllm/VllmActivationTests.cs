using LlmOps.Configuration;
using LlmOps.Core.Tests.Models;
using LlmOps.Engines.Vllm;
using LlmOps.Models;
using LlmOps.Planning;
using LlmOps.Planning.Vllm;

namespace LlmOps.Core.Tests.Planning.Vllm;

/// <summary>What vLLM takes besides weights and pool, against what published logs say.</summary>
public sealed class VllmActivationTests : IDisposable
{
    private const double GiB = 1L << 30;

    private static readonly ShapedFolder s_qwen7B = new() { ModelType = "qwen2", Layers = 28, Hidden = 3584, Heads = 28, KvHeads = 4, FeedForward = 18944, Vocabulary = 152064 };

    private static readonly ShapedFolder s_hybrid4B = new()
    {
        ModelType = "qwen3_5", Layers = 32, Hidden = 2560, Heads = 16, KvHeads = 4, HeadLength = 256, FeedForward = 9216, Vocabulary = 248320, Context = 262144,
        AttentionInterval = 4, StateKeyHeads = 16, StateValueHeads = 32, VisionDepth = 24, VisionWidth = 1024, HasGatedAttention = true,
    };

    private static readonly ShapedFolder s_hybrid9B = s_hybrid4B with { Hidden = 4096, FeedForward = 12288, VisionDepth = 27, VisionWidth = 1152 };

    private readonly ModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // vLLM 0.11.0 on an H100: 1024 requests, steps of 8192 tokens ("torch peak memory increase", measured by llm-d's planner).
    [Theory]
    [InlineData("llama-8b", 1, 4.76)]
    [InlineData("qwen-32b", 2, 5.64)]
    [InlineData("gpt-oss-120b", 1, 7.38)]
    public void A_step_of_the_largest_size_takes_what_was_measured(string name, int ranks, double measured)
    {
        ShapedFolder shape = name switch { "llama-8b" => KnownShapes.Llama8B, "qwen-32b" => KnownShapes.Qwen32BFour, _ => KnownShapes.GptOss120B };

        long peak = VllmActivations.Peak(Read(name, shape), new VllmSetting { Version = new VllmVersion(0, 11, 0), TensorParallel = ranks, Sequences = 1024, BatchTokens = 8192 });

        Assert.InRange(peak / GiB, measured * 0.97, measured * 1.03);
    }

    // The pool that is left of a card that torch sees 44.4 GiB of, in logs of single cards; the weights are those of the log.
    [Theory]
    [InlineData("Qwen2.5-7B", 22, 0.95, 14.29, 128, 2048, 26.32)]
    [InlineData("Qwen3.5-4B", 22, 0.50, 8.61, 256, 8192, 11.11)]
    [InlineData("Qwen3.5-9B", 19, 0.90, 17.66, 256, 8192, 20.27)]
    public void The_pool_that_is_left_is_what_logs_say_within_three_percent(string name, int minor, double share, double weights, int sequences, int step, double pool)
    {
        ShapedFolder shape = name switch { "Qwen2.5-7B" => s_qwen7B, "Qwen3.5-4B" => s_hybrid4B, _ => s_hybrid9B };
        ModelDescription model = Read(name, shape);
        VllmSetting setting = new() { Version = new VllmVersion(0, minor, 0), Sequences = sequences, BatchTokens = step };

        double graphs = minor >= 21 ? VllmActivations.Graphs(model, setting) : 0;
        double left = (share * 44.4) - weights - ((VllmActivations.Peak(model, setting) + graphs + VllmActivations.Others(setting)) / GiB);

        Assert.InRange(left, pool * 0.97, pool * 1.03);
    }

    [Fact]
    public void A_drafter_of_other_heads_is_a_kind_of_layer_of_its_own_though_its_pages_are_as_large()
    {
        ModelDescription model = Read("Qwen3.6-27B", KnownShapes.Qwen27B);
        VllmSetting setting = new() { Version = new VllmVersion(0, 20, 1), TensorParallel = 2, ContextLength = 180000, MambaCacheMode = "align" };
        AttentionShape[] drafter = [.. Enumerable.Range(0, 5).Select(layer => new AttentionShape(layer, 32, 8, 128, 128, null))];

        KvPool alone = KvPool.Of(model, setting);
        KvPool drafting = KvPool.Of(model, setting with { DraftAttention = drafter });

        Assert.Equal((4, 15), (alone.Groups, drafting.Groups)); // 16 + 48 layers in groups of 16; 16 + 5 + 48 in groups of 5.
        long bytes = (long)(9.74 * GiB);
        Assert.InRange(drafting.TokensByBlocks(bytes), 67728 * 0.99, 67728 * 1.01); // Published for two RTX 4090 (club-3090, issue 46).
    }

    [Fact]
    public void A_drafter_in_a_folder_of_its_own_takes_its_share_of_the_pool()
    {
        ModelDescription model = Read("Qwen3.6-27B", KnownShapes.Qwen27B);
        string drafter = new ShapedFolder { ModelType = "qwen3", Layers = 5, Hidden = 5120, Heads = 32, KvHeads = 8, FeedForward = 17408, Vocabulary = 1000 }.Write(_folder.PathOf("drafter"));

        PoolPlan alone = Plan("{\"method\":\"dflash\",\"model\":\"/nowhere\",\"num_speculative_tokens\":15}", out string unknown);
        PoolPlan counted = Plan($"{{\"method\":\"dflash\",\"model\":\"{drafter}\",\"num_speculative_tokens\":15}}", out string known);

        Assert.True(counted.Tokens < alone.Tokens * 0.9, $"{counted.Tokens} against {alone.Tokens}");
        Assert.True(counted.Bytes < alone.Bytes);
        Assert.Contains("not counted", unknown, StringComparison.Ordinal);
        Assert.Contains("are counted", known, StringComparison.Ordinal);

        PoolPlan Plan(string speculation, out string reason)
        {
            ServerConfig config = new ServerPlanner((first, _) => first).Plan(new PlanRequest
            {
                Model = model, Topology = TuringMachine.Of(4), Pins = new Dictionary<string, string> { ["speculative-config"] = speculation, ["max-model-len"] = "65536", ["kv-cache-dtype"] = "auto", ["tensor-parallel-size"] = "4" },
            });
            reason = config.Decisions.First(decision => decision.Option == "speculation").Reason;
            return config.Plan!.Pool!;
        }
    }

    private ModelDescription Read(string name, ShapedFolder shape) => ModelReader.Read(shape.Write(_folder.PathOf(name)));
}
