using LlmOps.Diagnostics;

namespace LlmOps.Tests.Diagnostics.Faults;

public sealed class FaultCatalogueTests
{
    public static TheoryData<string> Ids => [.. FaultCatalogue.Default.Signatures.Select(signature => signature.Id)];

    [Theory]
    [MemberData(nameof(Ids))]
    public void Each_signature_matches_its_own_sample_and_no_other(string id)
    {
        FaultSignature signature = FaultCatalogue.Default.Signatures.Single(row => row.Id == id);

        foreach (FaultSignature other in FaultCatalogue.Default.Signatures)
        {
            bool shared = other.SharesLinesWith?.Contains(id) == true || signature.SharesLinesWith?.Contains(other.Id) == true;
            Assert.True(signature.Matches(other.Sample) == (other == signature) || shared, $"{id} on the sample of {other.Id}");
        }

        Assert.All(signature.Harmless ?? [], line => Assert.False(signature.Matches(line), $"{id} on {line}"));
    }

    [Fact]
    public void Ids_are_unique_and_references_lead_to_rows()
    {
        IReadOnlyList<FaultSignature> rows = FaultCatalogue.Default.Signatures;
        HashSet<string> ids = [.. rows.Select(row => row.Id)];

        Assert.Equal(rows.Count, ids.Count);
        Assert.True(rows.Count >= 180);
        Assert.All(rows.SelectMany(row => (row.RefinedBy ?? []).Concat(row.Excuses ?? []).Concat(row.SharesLinesWith ?? [])), id => Assert.Contains(id, ids));
        Assert.All(rows, row => Assert.All(new[] { row.Title, row.Cause, row.Remedy, row.Source }, text => Assert.False(string.IsNullOrWhiteSpace(text))));
    }

    [Theory]
    [InlineData("llamacpp.compute-memory", "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 4475.29 MiB on device 1: cudaMalloc failed: out of memory", "ggml_gallocr_reserve_n_impl: failed to allocate CUDA1 buffer of size 4692697088")]
    [InlineData("llamacpp.vulkan-buffer-limit", "ggml_vulkan: Requested buffer size exceeds device buffer size limit: ErrorOutOfDeviceMemory", "ggml_gallocr_reserve_n_impl: failed to allocate Vulkan0 buffer of size 8753520640", "llama_init_from_model: failed to initialize the context: failed to allocate compute pp buffers")]
    [InlineData("llamacpp.gpu-memory", "ggml_vulkan: Device memory allocation of size 118497280 failed.", "ggml_vulkan: vk::Device::allocateMemory: ErrorOutOfDeviceMemory")]
    [InlineData("llamacpp.kv-cache-memory", "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 3040.00 MiB on device 0: cudaMalloc failed: out of memory", "alloc_tensor_range: failed to allocate ROCm0 buffer", "llama_kv_cache: failed to allocate buffer for kv cache", "common_init_: failed to create context with model 'm.gguf'")]
    [InlineData("llamacpp.quantised-v-needs-flash-attention", "llama_new_context_with_model: V cache quantization requires flash_attn")]
    [InlineData("llamacpp.unknown-architecture", "llama_model_load: error loading model: error loading model architecture: unknown model architecture: 'llama4'", "main: exiting due to model loading error")]
    [InlineData("llamacpp.device-unknown", "error while handling argument \"--device\": invalid device: CUDA7")]
    [InlineData("vllm.context-too-long", "(EngineCore pid=9) ERROR ValueError: The model's max seq len (29000) is larger than the maximum number of tokens that can be stored in KV cache (23648).", "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}")]
    [InlineData("vllm.port-in-use", "OSError: [Errno 98] Address already in use")]
    public void Recorded_failures_lead_to_their_cause(string id, params string[] lines)
    {
        IReadOnlyList<FaultFinding> findings = FaultCatalogue.Default.Diagnose(lines);

        Assert.Equal((id, FaultSeverity.Error), (findings[0].Id, findings[0].Severity));
    }

    [Fact]
    public void What_real_llama_servers_print_before_they_end_leads_to_the_cause()
    {
        string[] lines =
        [
            "0.00.064.023 W srv  llama_server: security: no API key is set and CORS allows all origins (see https://github.com/ggml-org/llama.cpp/pull/25655)",
            "0.00.067.274 E gguf_init_from_reader: invalid magic characters: 'root', expected 'GGUF'",
            "0.00.067.390 E llama_model_load: error loading model: llama_model_loader: failed to load model from /etc/passwd",
            "0.00.067.414 E llama_model_load_from_file_impl: failed to load model",
            "0.00.067.455 E common_fit_params: encountered an error while trying to fit params to free device memory: failed to load model",
            "0.00.071.947 E srv  llama_server: exiting due to model loading error",
        ];

        FaultFinding cause = FaultCatalogue.Default.Diagnose(lines)[0];

        Assert.Equal(("llamacpp.not-gguf", 2), (cause.Id, cause.LineNumber));
        Assert.Equal(lines[1], cause.Line);
    }

    [Fact]
    public void The_times_that_LlmOps_puts_before_lines_are_not_part_of_the_finding()
    {
        FaultFinding finding = FaultCatalogue.Default.Diagnose(["2026-11-21T09:00:00.007Z error: invalid argument: --bogus"])[0];

        Assert.Equal("error: invalid argument: --bogus", finding.Line);
    }

    [Fact]
    public void A_failure_that_was_overcome_is_no_cause()
    {
        IReadOnlyList<FaultFinding> findings = FaultCatalogue.Default.Diagnose(
        [
            "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 4475.29 MiB on device 1: cudaMalloc failed: out of memory",
            "ggml_gallocr_reserve_n_impl: failed to allocate CUDA1 buffer of size 4692697088",
            "llama_context: compute buffer allocation failed, retrying without pipeline parallelism",
            "error: invalid argument: --bogus",
        ]);

        Assert.Equal(["llamacpp.unknown-option", "llamacpp.compute-retry"], findings.Select(finding => finding.Id));
    }

    [Fact]
    public void Errors_come_before_warnings_and_those_before_harmless_lines()
    {
        IReadOnlyList<FaultFinding> findings = FaultCatalogue.Default.Diagnose(
        [
            "llama_context: n_ctx_seq (2048) < n_ctx_train (8192) -- the full capacity of the model will not be utilized",
            "warning: failed to mlock 71303168-byte buffer (after previously locking 0 bytes): Cannot allocate memory",
            "main: exiting due to model loading error",
            "llama_kv_cache: failed to allocate buffer for kv cache",
        ]);

        Assert.Equal(
            ["llamacpp.kv-cache-memory", "llamacpp.model-not-loaded", "llamacpp.mlock-failed", "llamacpp.context-below-training"],
            findings.Select(finding => finding.Id));
    }

    [Fact]
    public void The_log_of_a_healthy_start_names_no_error()
    {
        string[] lines =
        [
            "0.00.012.405 W srv  llama_server: security: no API key is set and CORS allows all origins (see https://github.com/ggml-org/llama.cpp/pull/25655)",
            "0.00.014.426 I cmn  common_init_: (for bugs during this step try to reproduce them with -fit off, or provide --verbose logs if the bug only occurs with -fit on)",
            "0.00.020.462 I load:   - 2 ('</s>')",
            "0.00.022.500 I llama_context: n_ctx_seq (2048) < n_ctx_train (8192) -- the full capacity of the model will not be utilized",
            "0.13.902.501 I srv  llama_server: listening on http://127.0.0.1:18081",
        ];

        Assert.All(FaultCatalogue.Default.Diagnose(lines), finding => Assert.Equal(FaultSeverity.Harmless, finding.Severity));
    }

    [Fact]
    public void A_missing_adapter_is_the_cause_rather_than_the_context_that_failed_with_it() =>
        Assert.Equal(
            "llamacpp.adapter-not-loaded",
            FaultCatalogue.Default.Diagnose(
            [
                "0.00.086.310 E llama_adapter_lora_init: failed to open '/nope.gguf': No such file or directory",
                "0.00.086.337 E cmn  common_init_: failed to load lora adapter '/nope.gguf'",
                "0.00.086.339 E cmn  common_init_: failed to create context with model '/models/m.gguf'",
            ])[0].Id);

    [Fact]
    public void Secrets_in_a_line_are_masked() =>
        Assert.Equal(
            "error: invalid argument: hf_***", FaultCatalogue.Default.Diagnose(["error: invalid argument: hf_AbCdEfGhIjKlMnOp"])[0].Line);
}
