namespace LlmOps.StandIns.Vllm;

/// <summary>The start ends here.</summary>
internal sealed class StartFailed : Exception;

/// <summary>The known ways in which vLLM fails, in its words.</summary>
/// <remarks>Texts from vLLM's sources and issues; the rest of each traceback is left out.</remarks>
internal static class Failures
{
    /// <summary>Every way by its name, with what is printed. The process ends with 1 after it, unless it hangs or is killed.</summary>
    public static readonly IReadOnlyDictionary<string, Action<ServedModel>> Ways = new Dictionary<string, Action<ServedModel>>
    {
        ["port-taken"] = _ => Trace(Log.Server, "OSError: [Errno 98] Address already in use"),
        ["oom-load"] = model => Engine(Worker(model), "gpu_worker.py:331", "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.45 GiB. GPU 0 has a total capacity of 21.49 GiB of which 605.88 MiB is free. Including non-PyTorch memory, this process has 20.88 GiB memory in use."),
        ["oom-capture"] = model => Engine(Worker(model), "gpu_worker.py:331", "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 130.00 MiB. GPU 0 has a total capacity of 21.49 GiB of which 61.12 MiB is free."),
        ["memory-taken"] = model => Engine(Worker(model), "gpu_worker.py:331", "ValueError: Free memory on device cuda:0 (10.1/21.49 GiB) on startup is less than desired GPU memory utilization (0.92, 19.77 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes."),
        ["kv-too-small"] = model => Engine(Log.Core, "core.py:1100", $"ValueError: To serve at least one request with the models's max seq len ({model.MaxLength}), (16.0 GiB KV cache is needed, which is larger than the available KV cache memory (5.2 GiB). Based on the available memory, the estimated maximum model length is {Math.Max(16, model.MaxLength / 3)}. Try increasing `gpu_memory_utilization` or decreasing `max_model_len` when initializing the engine."),
        ["no-kv-blocks"] = _ => Engine(Log.Core, "core.py:1100", "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine."),
        ["nccl"] = model => Engine(Worker(model), "multiproc_executor.py:790", "RuntimeError: NCCL error: unhandled system error (run with NCCL_DEBUG=INFO for details)"),
        ["shm"] = model =>
        {
            Log.Bare(Worker(model), "[1] NCCL WARN Error while creating shared memory segment /dev/shm/nccl-AbCdEf (size 9637888)");
            Engine(Worker(model), "multiproc_executor.py:790", "RuntimeError: NCCL error: unhandled system error (run with NCCL_DEBUG=INFO for details)");
        },
        ["missing-module"] = _ => Trace(Log.Server, "ModuleNotFoundError: No module named 'flashinfer'"),
        ["unsupported-arch"] = model => Trace(Log.Server, $"pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelConfig\n  Value error, Model architectures ['{model.Architecture}'] are not supported for now. Supported architectures: dict_keys(['ApertusForCausalLM', 'ArceeForCausalLM']) [type=value_error]"),
        ["unsupported-dtype"] = _ => Trace(Log.Server, "ValueError: Bfloat16 is only supported on GPUs with compute capability of at least 8.0. Your NVIDIA GeForce RTX 2080 Ti GPU has compute capability 7.5. You can use float16 instead by explicitly setting the `dtype` flag in CLI, for example: --dtype=half."),
        ["heads"] = model => Trace(Log.Server, $"pydantic_core._pydantic_core.ValidationError: 1 validation error for VllmConfig\n  Value error, Total number of attention heads ({model.Heads}) must be divisible by tensor parallel size ({model.TensorParallel})."),
        ["engine-died-loading"] = _ =>
        {
            Log.Error(Log.Server, "core_client.py:605", "Engine core proc EngineCore_DP0 died unexpectedly, shutting down client.");
            Trace(Log.Server, "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {'EngineCore_DP0': -9}");
        },
        ["killed"] = _ => System.Diagnostics.Process.GetCurrentProcess().Kill(),
    };

    /// <summary>Fails in that way when it was told to.</summary>
    public static void Meet(string way, ServedModel model)
    {
        if (Knobs.Failure == way)
        {
            Now(way, model);
        }
    }

    /// <summary>Fails in that way.</summary>
    public static void Now(string way, ServedModel model)
    {
        Ways[way](model);
        throw new StartFailed();
    }

    /// <summary>What is printed when the engine dies under a request.</summary>
    public static void EngineDied()
    {
        Log.Error(Log.Core, "core.py:1110", "EngineCore encountered a fatal error.", "Traceback (most recent call last):",
            "torch.AcceleratorError: CUDA error: an illegal memory access was encountered");
        Log.Error(Log.Server, "async_llm.py:704", "AsyncLLM output_handler failed.", "Traceback (most recent call last):",
            "vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue. See stack trace (above) for the root cause.");
    }

    private static string Worker(ServedModel model) => model.Ranks == 1 ? Log.Core : "Worker_TP0";

    private static void Engine(string process, string where, string error)
    {
        if (process != Log.Core)
        {
            Log.Error(process, where, "Traceback (most recent call last):", error);
        }

        Log.Error(Log.Core, "core.py:1100", "EngineCore failed to start.", "Traceback (most recent call last):", error);
        Trace(Log.Server, "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}");
    }

    private static void Trace(string process, string error)
    {
        Log.Bare(process, "Traceback (most recent call last):");
        Log.Bare(process, "  File \"/opt/venv/bin/vllm\", line 10, in <module>");
        foreach (string line in error.Split('\n'))
        {
            Log.Bare(process, line);
        }
    }
}
