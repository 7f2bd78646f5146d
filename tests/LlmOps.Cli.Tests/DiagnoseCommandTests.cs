using System.Text.Json;
using System.Text.RegularExpressions;
using LlmOps.Processes;

namespace LlmOps.Cli.Tests;

public sealed class DiagnoseCommandTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public async Task A_known_fault_is_found_in_a_log_with_its_line_and_its_remedy()
    {
        string log = _sandbox.WriteFile(
            "server.log",
            """
            load_tensors: loading model tensors, this can take a while... (mmap = true)
            ggml_backend_cuda_buffer_type_alloc_buffer: allocating 8192.00 MiB on device 0: cudaMalloc failed: out of memory
            llama_model_load: error loading model: unable to allocate CUDA0 buffer
            """);

        Outcome outcome = await _sandbox.RunAsync("diagnose", log, "--json");

        Assert.Equal((0, string.Empty), (outcome.ExitCode, outcome.Error));
        JsonElement first = outcome.Json[0];
        Assert.Equal(("llamacpp.weights-memory", 3), (first.GetProperty("id").GetString(), first.GetProperty("lineNumber").GetInt32()));
        Assert.Contains("unable to allocate CUDA0 buffer", first.GetProperty("line").GetString(), StringComparison.Ordinal);
        Assert.Equal("error", first.GetProperty("severity").GetString());
        Assert.Contains(2, outcome.Json.EnumerateArray().Select(finding => finding.GetProperty("lineNumber").GetInt32()));
        Assert.NotEmpty(first.GetProperty("title").GetString()!);
        Assert.NotEmpty(first.GetProperty("cause").GetString()!);
        Assert.NotEmpty(first.GetProperty("remedy").GetString()!);
    }

    [Fact]
    public async Task Memory_that_was_used_up_leads_to_a_change_that_a_plan_for_this_machines_gpus_accepts()
    {
        await StandInDriver.InstallAsync(_sandbox, cards: 1);
        string topology = _sandbox.WriteFile("topology.json", (await _sandbox.RunAsync("gpu", "--json")).Output);
        string model = _sandbox.WriteModel();
        string[] Plan(string context) => ["plan", "--model", model, "--topology", topology, "--name", "big", "--set", $"ctx-size={context}", "--set", "parallel=1", "--set", "n-gpu-layers=99"];
        Directory.CreateDirectory(_sandbox.PathOf("big"));
        Outcome planned = await _sandbox.RunAsync([.. Plan("4194304"), "-o", _sandbox.PathOf("big/config.yaml")]);
        Assert.True(planned.ExitCode == 0, planned.Error);
        string log = _sandbox.WriteFile("big/server.log", "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 2048.00 MiB on device 0: cudaMalloc failed: out of memory\nllama_kv_cache: failed to allocate buffer for kv cache\n");

        JsonElement finding = (await _sandbox.RunAsync("diagnose", log, "--json")).Json[0];

        Assert.Equal("llamacpp.kv-cache-memory", finding.GetProperty("id").GetString());
        Match change = Regex.Match(finding.GetProperty("remedy").GetString()!, @"^CUDA0 had no room for another 2\.00 GiB\. What would fit: ctx-size (\d+) instead of 4194304\.");
        Assert.True(change.Success, finding.GetProperty("remedy").GetString());
        Outcome fits = await _sandbox.RunAsync([.. Plan(change.Groups[1].Value), "--json"]);
        Assert.Equal((0, 0), (fits.ExitCode, fits.Json.GetProperty("problems").GetArrayLength()));
    }

    [Fact]
    public async Task A_log_can_come_through_a_pipe()
    {
        string log = _sandbox.WriteFile("piped.log", "llama_model_load: error loading model: unable to allocate CUDA0 buffer\n");

        ProcessResult result = await ProcessRunner.RunAsync(
            _sandbox.Request(["-c", "\"$1\" diagnose - --json < \"$2\"", "sh", Sandbox.Command, log]) with { FileName = "/bin/sh" },
            TestContext.Current.CancellationToken);

        Assert.Equal(1, new Outcome(result.ExitCode, result.StandardOutput, result.StandardError).Json[0].GetProperty("lineNumber").GetInt32());
    }

    [Fact]
    public async Task A_log_without_faults_is_an_empty_json_array()
    {
        string log = _sandbox.WriteFile("server.log", "main: server is listening on http://127.0.0.1:8080\n");

        Outcome outcome = await _sandbox.RunAsync("diagnose", log, "--json");

        Assert.Equal((0, 0), (outcome.ExitCode, outcome.Json.GetArrayLength()));
    }
}
