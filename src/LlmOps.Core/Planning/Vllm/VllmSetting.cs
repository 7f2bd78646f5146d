using LlmOps.Engines.Vllm;
using LlmOps.Hardware;

namespace LlmOps.Planning.Vllm;

/// <summary>One way to run a model under vLLM: what its memory hangs on.</summary>
internal sealed record VllmSetting
{
    /// <summary>The version.</summary>
    public VllmVersion Version { get; init; } = VllmVersion.Newest;

    /// <summary>Whether vLLM's first engine (V0) runs; null for what the version does by itself.</summary>
    public bool? FirstEngine { get; init; }

    /// <summary>Whether vLLM's first engine (V0) runs: by itself before 0.8.</summary>
    public bool UsesFirstEngine => FirstEngine ?? !Version.IsAtLeast(8);

    /// <summary>Attention layers of a second model that guesses ahead; they take pages of the same pool.</summary>
    public IReadOnlyList<Models.AttentionShape> DraftAttention { get; init; } = [];

    /// <summary>Bytes of that model's weights, shared out like the others.</summary>
    public long DraftWeightsBytes { get; init; }

    /// <summary>The cards of a machine, one a rank there.</summary>
    public IReadOnlyList<GpuDevice> Gpus { get; init; } = [];

    /// <summary>Cards that share each layer.</summary>
    public int TensorParallel { get; init; } = 1;

    /// <summary>Groups of cards with different layers.</summary>
    public int PipelineParallel { get; init; } = 1;

    /// <summary>Most tokens of a request.</summary>
    public long ContextLength { get; init; }

    /// <summary>Requests computed at the same time.</summary>
    public int Sequences { get; init; } = 1;

    /// <summary>Most tokens of one step.</summary>
    public int BatchTokens { get; init; } = 8192;

    /// <summary>Type of keys and values: <c>auto</c>, <c>fp8</c>, …</summary>
    public string KvCacheType { get; init; } = "auto";

    /// <summary>Tokens guessed ahead in a step; 0 for none.</summary>
    public int DraftTokens { get; init; }

    /// <summary>Whether the model's own next-token layers guess.</summary>
    public bool UsesNextTokenLayers { get; init; } = true;

    /// <summary>What is kept of recurrent states: <c>none</c>, <c>align</c>, <c>all</c>.</summary>
    public string MambaCacheMode { get; init; } = "align";

    /// <summary>Tokens of a block that somebody fixed; null for vLLM's own choice.</summary>
    public int? BlockTokens { get; init; }

    /// <summary>How CUDA graphs are captured: <c>NONE</c>, <c>PIECEWISE</c>, <c>FULL_AND_PIECEWISE</c>, …</summary>
    public string GraphMode { get; init; } = "FULL_AND_PIECEWISE";

    /// <summary>Without the parts for pictures and sound.</summary>
    public bool LanguageOnly { get; init; }

    /// <summary>Bytes of an element that is computed with.</summary>
    public int ElementBytes { get; init; } = 2;

    /// <summary>Share of the cards' memory that somebody fixed.</summary>
    public double? PinnedUtilization { get; init; }

    /// <summary>Bytes of the pool that somebody fixed.</summary>
    public long? PinnedPoolBytes { get; init; }

    /// <summary>Decides headroom.</summary>
    public PlanMode Mode { get; init; }

    /// <summary>Machines that serve together; stages of the pipeline are shared out among them evenly.</summary>
    public int Hosts { get; init; } = 1;

    /// <summary>Cards in all.</summary>
    public int Ranks => TensorParallel * PipelineParallel;

    /// <summary>Cards of one machine.</summary>
    public int RanksPerHost => Ranks / Hosts;
}
