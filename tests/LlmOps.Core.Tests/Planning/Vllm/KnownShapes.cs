namespace LlmOps.Core.Tests.Planning.Vllm;

/// <summary>Models by their published shapes (their config.json on huggingface.co).</summary>
internal static class KnownShapes
{
    /// <summary>Qwen3.6-27B with everything but embeddings, encoder and MTP in 4 bits: 19 GiB.</summary>
    public static ShapedFolder Qwen27B { get; } = new()
    {
        ModelType = "qwen3_5", Layers = 64, Hidden = 5120, Heads = 24, KvHeads = 4, HeadLength = 256, FeedForward = 17408, Vocabulary = 248320, Context = 262144,
        AttentionInterval = 4, StateKeyHeads = 16, StateValueHeads = 48, VisionDepth = 27, HasNextToken = true, HasGatedAttention = true, Bits = (4, 4, 4), GroupSize = 32,
    };

    /// <summary>The same with recurrent layers left in 16 bits: 25 GiB, as one reader had it.</summary>
    public static ShapedFolder Qwen27BLarge { get; } = Qwen27B with { Bits = (4, 4, 16), GroupSize = 128, NextTokenBits = 4 };

    /// <summary>The same with feed-forward layers in 8 bits and the rest in 16: 36 GiB.</summary>
    public static ShapedFolder Qwen27BTooLarge { get; } = Qwen27B with { Bits = (8, 16, 16), GroupSize = 128 };

    public static ShapedFolder Qwen35BExperts { get; } = new()
    {
        ModelType = "qwen3_5_moe", Layers = 40, Hidden = 2048, Heads = 16, KvHeads = 2, HeadLength = 256, Vocabulary = 248320, Context = 262144, AttentionInterval = 4, StateKeyHeads = 16, StateValueHeads = 32,
        Experts = 256, UsedExperts = 8, ExpertWidth = 512, SharedWidth = 512, VisionDepth = 27, HasGatedAttention = true, Bits = (4, 16, 16), GroupSize = 32,
    };

    public static ShapedFolder Llama8B { get; } = new() { ModelType = "llama", Layers = 32, Hidden = 4096, Heads = 32, KvHeads = 8, FeedForward = 14336, Vocabulary = 128256 };

    public static ShapedFolder Llama70BEight { get; } = new() { ModelType = "llama", Layers = 80, Hidden = 8192, Heads = 64, KvHeads = 8, FeedForward = 28672, Vocabulary = 128256, Bits = (8, 8, 8), GroupSize = 8192 };

    public static ShapedFolder Qwen32BFour { get; } = new() { ModelType = "qwen2", Layers = 64, Hidden = 5120, Heads = 40, KvHeads = 8, FeedForward = 27648, Vocabulary = 152064, Bits = (4, 4, 4), Context = 131072 };

    public static ShapedFolder MiniMax { get; } = new()
    {
        ModelType = "minimax_m2", Layers = 62, Hidden = 3072, Heads = 48, KvHeads = 8, Vocabulary = 200064, Context = 196608, Experts = 256, UsedExperts = 8, ExpertWidth = 1536, Bits = (4, 4, 4),
    };

    public static ShapedFolder GptOss120B { get; } = new()
    {
        ModelType = "gpt_oss", Layers = 36, Hidden = 2880, Heads = 64, KvHeads = 8, HeadLength = 64, Vocabulary = 201088, Experts = 128, UsedExperts = 4, ExpertWidth = 2880, Window = 128, Bits = (4, 16, 16), GroupSize = 32,
    };
}
