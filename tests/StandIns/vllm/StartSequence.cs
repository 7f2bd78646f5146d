using System.Globalization;

namespace LlmOps.StandIns.Vllm;

/// <summary>Prints what vLLM prints while it starts, in its order, from processes of several ranks, and fails where it is told to.</summary>
/// <remarks>Texts: vLLM's sources 0.10 to 0.27 and logs that its users published; the file names and lines in brackets are those of 0.21.</remarks>
internal sealed class StartSequence(ServedModel model, CommandLine told, string version)
{
    private const int Pauses = 12;

    private string First => Worker(0);

    /// <summary>Runs through it.</summary>
    /// <exception cref="StartFailed">It was told to fail, or the flags do not go together.</exception>
    public async Task RunAsync()
    {
        Say(Log.Server, "utils.py:299", $" █     █     █▄   ▄█       version {version}");
        Say(Log.Server, "utils.py:233", $"non-default args: {{{string.Join(", ", Python())}}}");
        Say(Log.Server, "model.py:541", $"Resolved architecture: {model.Architecture}");
        Failures.Meet("unsupported-arch", model);
        Failures.Meet("unsupported-dtype", model);
        if (model.Heads % model.TensorParallel != 0)
        {
            Failures.Now("heads", model);
        }

        Say(Log.Server, "model.py:1561", $"Using max model len {model.MaxLength}");
        Say(Log.Server, "scheduler.py:226", $"Chunked prefill is enabled with max_num_batched_tokens={model.BatchTokens}.");
        Failures.Meet("missing-module", model);
        await PauseAsync();
        Say(Log.Core, "core.py:96", $"Initializing a V1 LLM engine (v{version}) with config: model='{model.Path}', speculative_config={(model.Drafted > 0 ? $"SpeculativeConfig(method='mtp', num_spec_tokens={model.Drafted})" : "None")}, dtype=torch.float16, max_seq_len={model.MaxLength}");
        for (int rank = 0; rank < model.Ranks; rank++)
        {
            Say(Worker(rank), "parallel_state.py:1200", $"world_size={model.Ranks} rank={rank} local_rank={rank} distributed_init_method=tcp://127.0.0.1:41927 backend=nccl");
        }

        Failures.Meet("nccl", model);
        Failures.Meet("shm", model);
        Failures.Meet("memory-taken", model);
        await LoadAsync();
        await CompileAsync();
        await MeasureAsync();
        Say(Log.Core, "core.py:272", string.Create(CultureInfo.InvariantCulture, $"init engine (profile, create kv cache, warmup model) took {Knobs.LoadSeconds / 2:F2} s (compilation: {Knobs.LoadSeconds / 4:F2} s)"));
        Say(Log.Server, "api_server.py:590", "Supported tasks: ['generate']");
    }

    private async Task LoadAsync()
    {
        Say(First, "gpu_model_runner.py:4879", $"Starting to load model {model.Path}...");
        Say(First, "cuda.py:372", "Using FLASHINFER attention backend out of potential backends: ['FLASHINFER', 'TRITON_ATTN'].");
        Failures.Meet("engine-died-loading", model);
        await ShardsAsync(4);
        Failures.Meet("oom-load", model);
        Say(First, "default_loader.py:397", string.Create(CultureInfo.InvariantCulture, $"Loading weights took {Knobs.LoadSeconds / 3:F2} seconds"));
        if (model.Drafted > 0)
        {
            Say(First, "gpu_model_runner.py:4881", "Loading drafter model...");
            await ShardsAsync(1);
        }

        for (int rank = 0; rank < model.Ranks; rank++)
        {
            Say(Worker(rank), "gpu_model_runner.py:4959", string.Create(CultureInfo.InvariantCulture, $"Model loading took {model.WeightsGib:0.####} GiB memory and {Knobs.LoadSeconds / 2:F6} seconds"));
        }
    }

    private async Task CompileAsync()
    {
        if (told.IsOn("enforce-eager"))
        {
            Say(Log.Core, "vllm.py:1015", "Cudagraph is disabled under eager mode");
            return;
        }

        Say(First, "backends.py:1089", "Using cache directory: /root/.cache/vllm/torch_compile_cache/5e217c2ddd/rank_0_0/backbone for vLLM's torch.compile");
        Say(First, "backends.py:1148", "Dynamo bytecode transform time: 5.07 s");
        await PauseAsync();
        await StandingStill.MeetAsync();
        Say(First, "backends.py:393", $"Compiling a graph for compile range (1, {model.BatchTokens}) takes 4.31 s");
        Say(First, "monitor.py:53", "torch.compile took 9.38 s in total");
    }

    private async Task MeasureAsync()
    {
        Say(First, "gpu_model_runner.py:6012", "Profiling CUDA graph memory: PIECEWISE=51 (largest=512), FULL=35 (largest=256)");
        Say(First, "gpu_model_runner.py:6091", "Estimated CUDA graph memory: 0.31 GiB total");
        for (int rank = 0; rank < model.Ranks; rank++)
        {
            Say(Worker(rank), "gpu_worker.py:462", string.Create(CultureInfo.InvariantCulture, $"Available KV cache memory: {model.PoolGib:0.##} GiB"));
        }

        Failures.Meet("no-kv-blocks", model);
        Failures.Meet("kv-too-small", model);
        if (model.PoolGib <= 0)
        {
            Failures.Now("no-kv-blocks", model);
        }

        if (model.PoolTokens < model.MaxLength)
        {
            Failures.Now("kv-too-small", model);
        }

        Say(Log.Core, "kv_cache_utils.py:1711", string.Create(CultureInfo.InvariantCulture, $"GPU KV cache size: {model.PoolTokens:N0} tokens"));
        Say(Log.Core, "kv_cache_utils.py:1716", string.Create(CultureInfo.InvariantCulture, $"Maximum concurrency for {model.MaxLength:N0} tokens per request: {(double)model.PoolTokens / model.MaxLength:F2}x"));
        if (told.IsOn("enforce-eager"))
        {
            return;
        }

        for (int done = 0; done <= 51; done += 17)
        {
            Log.Bar($"Capturing CUDA graphs (mixed prefill-decode, PIECEWISE): {done * 100 / 51,3}%|{new string('█', done / 6)}{new string(' ', 9 - (done / 6))}| {done}/51 [00:02<00:02, 11.9it/s]");
            await PauseAsync();
        }

        Log.EndBar();
        Failures.Meet("oom-capture", model);
        for (int rank = 0; rank < model.Ranks; rank++)
        {
            Say(Worker(rank), "gpu_model_runner.py:6177", "Graph capturing finished in 2 secs, took 0.34 GiB");
        }

        Say(First, "gpu_worker.py:640", "CUDA graph pool memory: 0.34 GiB (actual), 0.31 GiB (estimated), difference: 0.03 GiB (9.7%).");
    }

    private async Task ShardsAsync(int pauses)
    {
        int shards = model.Shards;
        for (int done = 0; done <= shards; done++)
        {
            Log.Bar(string.Create(CultureInfo.InvariantCulture, $"Loading safetensors checkpoint shards: {done * 100 / shards,3}% Completed | {done}/{shards} [00:{done:D2}<{(done == 0 ? "?" : $"00:{shards - done:D2}")}, {(done == 0 ? "?it/s" : "1.00s/it")}]"));
            if (done < shards)
            {
                await Task.Delay(TimeSpan.FromSeconds(Knobs.LoadSeconds * pauses / Pauses / shards));
            }
        }

        Log.EndBar();
    }

    private static Task PauseAsync() => Task.Delay(TimeSpan.FromSeconds(Knobs.LoadSeconds / Pauses));

    private static void Say(string process, string where, string text) => Log.Info(process, where, text);

    private string Worker(int rank) => model.Ranks == 1 ? Log.Core : $"Worker_TP{rank}";

    // The key must not be told, and vLLM does not tell its environment.
    private IEnumerable<string> Python() => ["'model_tag': '" + model.Path + "'", .. told.Values.Where(value => value.Key != "api-key").Select(value => $"'{value.Key.Replace('-', '_')}': {Literal(value.Value)}")];

    private static string Literal(string value) => value switch
    {
        "true" => "True",
        "false" => "False",
        _ when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _) || value.StartsWith('{') => value.Replace('"', '\''),
        _ => $"'{value}'",
    };
}
