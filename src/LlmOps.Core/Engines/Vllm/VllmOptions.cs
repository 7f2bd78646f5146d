namespace LlmOps.Engines.Vllm;

/// <summary>The options of <c>vllm serve</c>. To add one, add a row; the file format, pins, completion and the command line follow from it.</summary>
/// <remarks>Names and forms: vllm-project/vllm <c>vllm/engine/arg_utils.py</c>, docs.vllm.ai <c>cli/serve</c>; which version has which flag is in <c>vllm-flags.txt</c>.</remarks>
public static class VllmOptions
{
    /// <summary>Cards that share each layer.</summary>
    public static readonly NumberOption TensorParallel = new("tensorParallel") { Flags = ["tensor-parallel-size"], Minimum = 1, Maximum = 1024, Summary = "GPUs that share every layer (tensor parallel)." };

    /// <summary>Groups of cards that hold different layers.</summary>
    public static readonly NumberOption PipelineParallel = new("pipelineParallel") { Flags = ["pipeline-parallel-size"], Minimum = 1, Maximum = 1024, Summary = "Groups of GPUs that hold different layers (pipeline parallel)." };

    /// <summary>Machines that serve together.</summary>
    public static readonly NumberOption Nodes = new("nodes") { Flags = ["nnodes"], Minimum = 1, Maximum = 1024, Summary = "Machines that serve one model together." };

    /// <summary>The number of this machine.</summary>
    public static readonly NumberOption NodeRank = new("nodeRank") { Flags = ["node-rank"], Minimum = 0, Maximum = 1023, Summary = "The number of this machine among them; 0 answers clients." };

    /// <summary>Where they meet.</summary>
    public static readonly TextOption MasterAddress = new("masterAddress") { Flags = ["master-addr"], Summary = "Address of the first machine." };

    /// <summary>The port there.</summary>
    public static readonly NumberOption MasterPort = new("masterPort") { Flags = ["master-port"], Minimum = 1, Maximum = 65535, Summary = "TCP port at which the machines meet on the first one." };

    /// <summary>Workers only.</summary>
    public static readonly SwitchOption Headless = new("headless") { Flags = ["headless"], Summary = "Only compute for the first machine; answer no clients.", Renderer = new SwitchRenderer(withoutFlag: false) };

    /// <summary>Who starts the ranks.</summary>
    public static readonly ChoiceOption ExecutorBackend = new("executorBackend") { Flags = ["distributed-executor-backend"], Choices = ["ray", "mp", "uni", "external_launcher"], Summary = "Who starts the ranks: processes of its own (mp) or a Ray cluster (ray)." };

    /// <summary>Experts whole on cards.</summary>
    public static readonly SwitchOption ExpertParallel = new("expertParallel") { Flags = ["enable-expert-parallel"], Summary = "Keep each expert whole on one GPU instead of cutting all of them.", Renderer = new SwitchRenderer(withoutFlag: false) };

    /// <summary>Type that is computed with.</summary>
    public static readonly ChoiceOption DataType = new("dtype") { Flags = ["dtype"], Choices = ["auto", "half", "float16", "bfloat16", "float", "float32"], Summary = "The type that is computed with." };

    /// <summary>Quantisation.</summary>
    public static readonly TextOption Quantization = new("quantization") { Flags = ["quantization"], Summary = "How the weights are quantised; taken from the model unless said." };

    /// <summary>Tokens of one request.</summary>
    public static readonly NumberOption ContextLength = new("contextLength") { Flags = ["max-model-len"], Minimum = 1, Summary = "Most tokens of one request, prompt and answer together." };

    /// <summary>Requests at a time.</summary>
    public static readonly NumberOption Parallel = new("parallel") { Flags = ["max-num-seqs"], Minimum = 1, Maximum = 65536, Summary = "Most requests that are computed at the same time." };

    /// <summary>Tokens of one step.</summary>
    public static readonly NumberOption BatchTokens = new("batchTokens") { Flags = ["max-num-batched-tokens"], Minimum = 1, Summary = "Most tokens computed in one step." };

    /// <summary>Type of keys and values.</summary>
    public static readonly TextOption KvCacheType = new("kvCacheType") { Flags = ["kv-cache-dtype"], Summary = "Type of keys and values in the KV cache: auto, fp8, ..." };

    /// <summary>Share of each card.</summary>
    public static readonly DecimalOption GpuMemoryUtilization = new("gpuMemoryUtilization") { Flags = ["gpu-memory-utilization"], Minimum = 0.01, Maximum = 1, Summary = "Share of each GPU's whole memory that vLLM may take for weights, activations, graphs and the KV pool." };

    /// <summary>Size of the pool, instead of the share.</summary>
    public static readonly NumberOption KvCacheMemoryBytes = new("kvCacheMemoryBytes") { Flags = ["kv-cache-memory-bytes"], Minimum = 1, Maximum = long.MaxValue, Summary = "Bytes of the KV pool of each GPU; takes the place of the share." };

    /// <summary>Attention kernels.</summary>
    public static readonly TextOption AttentionBackend = new("attentionBackend") { Flags = ["attention-backend"], Summary = "Kernels for attention: FLASH_ATTN, FLASHINFER, TRITON_ATTN, ..." };

    /// <summary>Tokens of a block.</summary>
    public static readonly NumberOption BlockSize = new("blockSize") { Flags = ["block-size"], Minimum = 1, Summary = "Tokens of one block of the KV pool." };

    /// <summary>Reuse of earlier prompts.</summary>
    public static readonly SwitchOption PrefixCaching = new("prefixCaching") { Flags = ["enable-prefix-caching"], Summary = "Keep blocks of earlier prompts for requests that begin alike.", Renderer = new SwitchRenderer(withoutFlag: true) };

    /// <summary>What is kept of recurrent states.</summary>
    public static readonly ChoiceOption MambaCacheMode = new("mambaCacheMode") { Flags = ["mamba-cache-mode"], Choices = ["none", "align", "all"], Summary = "Which states of recurrent layers are kept for prefix caching." };

    /// <summary>Guessing ahead.</summary>
    public static readonly TextOption Speculation = new("speculation") { Flags = ["speculative-config"], Summary = "How tokens are guessed ahead, as JSON: {\"method\":\"mtp\",\"num_speculative_tokens\":3}." };

    /// <summary>Compilation and CUDA graphs.</summary>
    public static readonly TextOption Compilation = new("compilation") { Flags = ["compilation-config"], Summary = "Compilation and CUDA graphs, as JSON: {\"cudagraph_mode\":\"PIECEWISE\"}." };

    /// <summary>Neither compilation nor graphs.</summary>
    public static readonly SwitchOption EnforceEager = new("enforceEager") { Flags = ["enforce-eager"], Summary = "Neither compile nor capture CUDA graphs.", Renderer = new SwitchRenderer(withoutFlag: false) };

    /// <summary>All-reduce by NCCL alone.</summary>
    public static readonly SwitchOption DisableCustomAllReduce = new("disableCustomAllReduce") { Flags = ["disable-custom-all-reduce"], Summary = "Sum over GPUs by NCCL instead of vLLM's own kernel, which needs peer access.", Renderer = new SwitchRenderer(withoutFlag: false) };

    /// <summary>Tuning of FlashInfer.</summary>
    public static readonly SwitchOption FlashInferAutotune = new("flashInferAutotune") { Flags = ["enable-flashinfer-autotune"], Summary = "Let FlashInfer measure its kernels when the server starts.", Renderer = new SwitchRenderer(withoutFlag: false) };

    /// <summary>For plugins.</summary>
    public static readonly TextOption AdditionalConfig = new("additionalConfig") { Flags = ["additional-config"], Summary = "A JSON object for plugins." };

    /// <summary>Thinking apart from the answer.</summary>
    public static readonly TextOption ReasoningParser = new("reasoningParser") { Flags = ["reasoning-parser"], Summary = "Who tells thinking from the answer: qwen3, deepseek_r1, ..." };

    /// <summary>Calls of tools.</summary>
    public static readonly SwitchOption AutoToolChoice = new("autoToolChoice") { Flags = ["enable-auto-tool-choice"], Summary = "Let the model call tools by itself.", Renderer = new SwitchRenderer(withoutFlag: false) };

    /// <summary>Who reads calls of tools.</summary>
    public static readonly TextOption ToolCallParser = new("toolCallParser") { Flags = ["tool-call-parser"], Summary = "Who reads the model's calls of tools: qwen3_coder, hermes, ..." };

    /// <summary>Another chat template.</summary>
    public static readonly TextOption ChatTemplateFile = new("chatTemplateFile") { Flags = ["chat-template"], Summary = "A file with the chat template to use instead of the model's own." };

    /// <summary>Text only.</summary>
    public static readonly SwitchOption LanguageModelOnly = new("languageModelOnly") { Flags = ["language-model-only"], Summary = "Leave out the parts for pictures and sound.", Renderer = new SwitchRenderer(withoutFlag: false) };

    /// <summary>Code of the model's own.</summary>
    public static readonly SwitchOption TrustRemoteCode = new("trustRemoteCode") { Flags = ["trust-remote-code"], Summary = "Run code that comes with the model.", Renderer = new SwitchRenderer(withoutFlag: false) };

    /// <summary>Weights in main memory.</summary>
    public static readonly DecimalOption CpuOffloadGib = new("cpuOffloadGib") { Flags = ["cpu-offload-gb"], Summary = "GiB of each GPU's weights kept in main memory." };

    /// <summary>Every row, in the order in which files and command lines show them.</summary>
    public static readonly EngineOptionTable Table = new("vllm",
    [
        TensorParallel, PipelineParallel, Nodes, NodeRank, MasterAddress, MasterPort, Headless, ExecutorBackend, ExpertParallel, DataType, Quantization, ContextLength, Parallel, BatchTokens, KvCacheType, GpuMemoryUtilization, KvCacheMemoryBytes,
        AttentionBackend, BlockSize, DisableCustomAllReduce, PrefixCaching, MambaCacheMode, FlashInferAutotune, Speculation, Compilation, EnforceEager,
        AdditionalConfig, ReasoningParser, AutoToolChoice, ToolCallParser, ChatTemplateFile, LanguageModelOnly, TrustRemoteCode, CpuOffloadGib,
    ]);

    /// <summary>Whether arguments let requests be longer than the model's config.json says.</summary>
    public static bool StretchesContext(IEnumerable<string> arguments) =>
        arguments.Any(argument => argument.StartsWith("--hf-overrides", StringComparison.Ordinal) || argument.StartsWith("--rope-scaling", StringComparison.Ordinal));
}
