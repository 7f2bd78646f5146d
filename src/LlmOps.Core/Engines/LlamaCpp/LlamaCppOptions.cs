namespace LlmOps.Engines.LlamaCpp;

/// <summary>llama-server's options. To add one, add a row; the file format, pins, completion and the command line follow from it.</summary>
/// <remarks>Names and forms: llama.cpp <c>common/arg.cpp</c>; which version has which form is read from the binary, never from here.</remarks>
public static class LlamaCppOptions
{
    private static readonly string[] KvCacheTypes = ["f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "iq4_nl", "q5_0", "q5_1"];

    /// <summary>Tokens of context over all slots.</summary>
    public static readonly NumberOption ContextLength = new("contextLength") { Flags = ["ctx-size"], Minimum = 0, Summary = "Tokens of context over all slots; 0 takes what the model was trained for." };

    /// <summary>Slots.</summary>
    public static readonly NumberOption Parallel = new("parallel") { Flags = ["parallel"], Minimum = 1, Maximum = 256, Summary = "Requests served at the same time (slots)." };

    /// <summary>One context shared by all slots.</summary>
    public static readonly SwitchOption KvUnified = new("kvUnified") { Flags = ["kv-unified"], Summary = "One KV cache shared by all slots, so that a single request may use all of it.", Renderer = new SwitchRenderer(withoutFlag: false) };

    /// <summary>Servers of further machines.</summary>
    public static readonly TextOption Rpc = new("rpc") { Flags = ["rpc"], Summary = "rpc-servers of further machines whose devices take part: HOST:PORT,..." };

    /// <summary>Layers on GPUs.</summary>
    public static readonly NumberOption GpuLayers = new("gpuLayers") { Flags = ["n-gpu-layers", "gpu-layers"], Minimum = 0, Summary = "Layers kept on GPUs, the output counted as one more." };

    /// <summary>How several GPUs share the model.</summary>
    public static readonly ChoiceOption SplitMode = new("splitMode") { Flags = ["split-mode"], Choices = ["none", "layer", "row", "tensor"], Summary = "How several GPUs share the model." };

    /// <summary>Share of each GPU.</summary>
    public static readonly NumberListOption TensorSplit = new("tensorSplit") { Flags = ["tensor-split"], Summary = "Share of the model on each GPU, in device order." };

    /// <summary>The GPU that works alone, or holds what is not split.</summary>
    public static readonly NumberOption MainGpu = new("mainGpu") { Flags = ["main-gpu"], Minimum = 0, Summary = "The GPU that works alone when nothing is split." };

    /// <summary>Experts on the host.</summary>
    public static readonly NumberOption CpuMoeLayers = new("cpuMoeLayers") { Flags = ["n-cpu-moe"], Minimum = 0, Summary = "Layers, from the first, whose experts stay in main memory." };

    /// <summary>All experts on the host.</summary>
    public static readonly SwitchOption CpuMoe = new("cpuMoe") { Flags = ["cpu-moe"], Summary = "Keep the experts of all layers in main memory.", Renderer = new SwitchRenderer(withoutFlag: false) };

    /// <summary>Tensors placed by name.</summary>
    public static readonly TextOption OverrideTensor = new("overrideTensor") { Flags = ["override-tensor"], Summary = "Tensors placed by name: PATTERN=BUFFER,..., the first match counts." };

    /// <summary>Caches on GPUs.</summary>
    public static readonly SwitchOption KvOffload = new("kvOffload") { Flags = ["kv-offload"], Summary = "Keep the KV cache of layers on GPUs there; false keeps it in main memory.", Renderer = new SwitchRenderer(withoutFlag: true) };

    /// <summary>Whole context in layers with a sliding window.</summary>
    public static readonly SwitchOption FullWindow = new("swaFull") { Flags = ["swa-full"], Summary = "Keep the whole context in layers with a sliding window too.", Renderer = new SwitchRenderer(withoutFlag: false) };

    /// <summary>Multimodal projector.</summary>
    public static readonly TextOption Projector = new("mmproj") { Flags = ["mmproj"], Summary = "A file with the projector for images and sound." };

    /// <summary>Projector on a GPU.</summary>
    public static readonly SwitchOption ProjectorOffload = new("mmprojOffload") { Flags = ["mmproj-offload"], Summary = "Keep the projector on a GPU.", Renderer = new SwitchRenderer(withoutFlag: true) };

    /// <summary>How tokens are guessed ahead.</summary>
    public static readonly TextOption Speculation = new("speculation") { Flags = ["spec-type"], Summary = "How tokens are guessed ahead: none, draft-mtp, ..." };

    /// <summary>Guessed tokens of a step.</summary>
    public static readonly NumberOption DraftTokens = new("draftTokens") { Flags = ["spec-draft-n-max", "draft-max", "draft"], Minimum = 0, Maximum = 256, Summary = "Most tokens guessed ahead in one step." };

    /// <summary>A second, small model that guesses.</summary>
    public static readonly TextOption DraftModel = new("draftModel") { Flags = ["spec-draft-model", "model-draft"], Summary = "A file with a smaller model that guesses tokens ahead." };

    /// <summary>Layers of that model on GPUs.</summary>
    public static readonly NumberOption DraftGpuLayers = new("draftGpuLayers") { Flags = ["spec-draft-ngl", "n-gpu-layers-draft", "gpu-layers-draft"], Minimum = 0, Summary = "Layers of the draft model kept on GPUs." };

    /// <summary>Flash attention.</summary>
    public static readonly ChoiceOption FlashAttention = new("flashAttention") { Flags = ["flash-attn"], Choices = ["on", "off", "auto"], Summary = "Flash attention; needed for a quantised V cache.", Renderer = new OnOffAutoRenderer() };

    /// <summary>Type of keys.</summary>
    public static readonly ChoiceOption KvCacheTypeK = new("kvCacheTypeK") { Flags = ["cache-type-k"], Choices = KvCacheTypes, Summary = "Type of the keys in the KV cache." };

    /// <summary>Type of values.</summary>
    public static readonly ChoiceOption KvCacheTypeV = new("kvCacheTypeV") { Flags = ["cache-type-v"], Choices = KvCacheTypes, Summary = "Type of the values in the KV cache." };

    /// <summary>Logical batch.</summary>
    public static readonly NumberOption BatchSize = new("batchSize") { Flags = ["batch-size"], Minimum = 1, Summary = "Most tokens submitted to the model at once." };

    /// <summary>Physical batch.</summary>
    public static readonly NumberOption UbatchSize = new("ubatchSize") { Flags = ["ubatch-size"], Minimum = 1, Summary = "Most tokens computed at once." };

    /// <summary>Threads for generation.</summary>
    public static readonly NumberOption Threads = new("threads") { Flags = ["threads"], Minimum = 1, Summary = "Processor threads while generating." };

    /// <summary>Threads for prompts.</summary>
    public static readonly NumberOption ThreadsBatch = new("threadsBatch") { Flags = ["threads-batch"], Minimum = 1, Summary = "Processor threads while reading prompts." };

    /// <summary>NUMA handling.</summary>
    public static readonly ChoiceOption Numa = new("numa") { Flags = ["numa"], Choices = ["distribute", "isolate", "numactl"], Summary = "How threads are placed on NUMA nodes." };

    /// <summary>Keep weights in main memory.</summary>
    public static readonly SwitchOption MemoryLock = new("memoryLock") { Flags = ["mlock"], Summary = "Lock the weights in main memory so that they are never swapped out.", Renderer = new SwitchRenderer(withoutFlag: false) };

    /// <summary>Map the file.</summary>
    public static readonly SwitchOption MemoryMap = new("memoryMap") { Flags = ["mmap"], Summary = "Map the model file instead of reading it into memory.", Renderer = new SwitchRenderer(withoutFlag: true) };

    /// <summary>llama.cpp's own fitting.</summary>
    public static readonly ChoiceOption Fit = new("fit") { Flags = ["fit"], Choices = ["on", "off"], Summary = "Whether the engine may change the plan to fit free memory." };

    /// <summary>Host memory for prompts seen before.</summary>
    public static readonly NumberOption CacheRamMiB = new("cacheRamMiB") { Flags = ["cache-ram"], Minimum = -1, Summary = "Main memory in MiB for the state of earlier prompts; 0 for none, -1 without a limit." };

    /// <summary>Jinja templates.</summary>
    public static readonly SwitchOption Jinja = new("jinja") { Flags = ["jinja"], Summary = "Use the model's chat template as it is (needed for tool calls).", Renderer = new SwitchRenderer(withoutFlag: false) };

    /// <summary>Another chat template.</summary>
    public static readonly TextOption ChatTemplateFile = new("chatTemplateFile") { Flags = ["chat-template-file"], Summary = "A file with the chat template to use instead of the model's own." };

    /// <summary>Metrics endpoint.</summary>
    public static readonly SwitchOption Metrics = new("metrics") { Flags = ["metrics"], Summary = "Serve /metrics for monitoring.", Renderer = new SwitchRenderer(withoutFlag: false) };

    /// <summary>Warm-up.</summary>
    public static readonly SwitchOption Warmup = new("warmup") { Flags = ["warmup"], Summary = "Run the model once, empty, before serving.", Renderer = new SwitchRenderer(withoutFlag: true) };

    /// <summary>Every row, in the order in which files and command lines show them.</summary>
    public static readonly EngineOptionTable Table = new(EngineName,
    [
        Rpc, GpuLayers, SplitMode, TensorSplit, MainGpu, CpuMoeLayers, CpuMoe, OverrideTensor, KvOffload,
        ContextLength, Parallel, KvUnified, KvCacheTypeK, KvCacheTypeV, FullWindow, FlashAttention, BatchSize, UbatchSize,
        Speculation, DraftTokens, DraftModel, DraftGpuLayers, Projector, ProjectorOffload,
        Threads, ThreadsBatch, Numa, MemoryMap, MemoryLock, Fit, CacheRamMiB, Jinja, ChatTemplateFile, Metrics, Warmup,
    ]);

    private const string EngineName = "llama.cpp";
}
