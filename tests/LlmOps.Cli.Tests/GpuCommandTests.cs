using System.Text.Json;

namespace LlmOps.Cli.Tests;

public sealed class GpuCommandTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public async Task This_machine_is_one_json_document_with_its_processor_and_memory()
    {
        Outcome outcome = await _sandbox.RunAsync("gpu", "--json");

        Assert.Equal((0, string.Empty), (outcome.ExitCode, outcome.Error));
        JsonElement host = outcome.Json.GetProperty("host");
        Assert.InRange(host.GetProperty("cpu").GetProperty("logicalCores").GetInt32(), 1, Environment.ProcessorCount);
        Assert.True(host.GetProperty("memory").GetProperty("totalBytes").GetInt64() > 100 * Bytes.MiB);
        Assert.Equal(JsonValueKind.Array, outcome.Json.GetProperty("gpus").ValueKind);
        Assert.Equal(JsonValueKind.Array, outcome.Json.GetProperty("links").ValueKind);
        Assert.True((DateTimeOffset.UtcNow - outcome.Json.GetProperty("capturedAt").GetDateTimeOffset()).Duration() < TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task A_saved_topology_comes_back_as_it_was()
    {
        string file = _sandbox.WriteFile("machine.json", SavedTopology.TwoGpus);

        Outcome outcome = await _sandbox.RunAsync("gpu", "--json", "--topology", file);

        Assert.Equal(0, outcome.ExitCode);
        JsonElement second = outcome.Json.GetProperty("gpus")[1];
        Assert.Equal("nvidia", second.GetProperty("vendor").GetString());
        Assert.Equal("GPU-22222222-2222-2222-2222-222222222222", second.GetProperty("uuid").GetString());
        Assert.Equal(25769803776, second.GetProperty("memoryTotalBytes").GetInt64());
        Assert.Equal("PHB", outcome.Json.GetProperty("links")[0].GetProperty("kind").GetString());
    }

    [Fact]
    public async Task One_gpu_can_be_chosen_by_index()
    {
        string file = _sandbox.WriteFile("machine.json", SavedTopology.TwoGpus);

        Outcome outcome = await _sandbox.RunAsync("gpu", "--json", "--topology", file, "--index", "1");

        Assert.Equal([1], outcome.Json.GetProperty("gpus").EnumerateArray().Select(gpu => gpu.GetProperty("index").GetInt32()));
        Assert.Equal(0, outcome.Json.GetProperty("links").GetArrayLength());
    }

    [Fact]
    public async Task An_index_that_no_gpu_has_is_refused_by_its_number()
    {
        string file = _sandbox.WriteFile("machine.json", SavedTopology.TwoGpus);

        Outcome outcome = await _sandbox.RunAsync("gpu", "--json", "--topology", file, "--index", "7");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("index 7", outcome.OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_topology_file_that_is_not_there_is_named()
    {
        Outcome outcome = await _sandbox.RunAsync("gpu", "--json", "--topology", "nowhere.json");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("nowhere.json", outcome.OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_topology_file_that_is_not_json_is_named()
    {
        string file = _sandbox.WriteFile("machine.json", "gpus: none");

        Outcome outcome = await _sandbox.RunAsync("gpu", "--topology", file);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("machine.json", outcome.OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task People_see_a_table_without_escape_codes_when_it_goes_to_a_file()
    {
        string file = _sandbox.WriteFile("machine.json", SavedTopology.TwoGpus);
        _sandbox.Environment["TERM"] = "xterm-256color";

        Outcome outcome = await _sandbox.RunAsync("gpu", "--topology", file);

        Assert.Contains("GeForce RTX 3090", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("24.0 GiB", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', outcome.Output);
    }

    [Fact]
    public async Task A_source_that_does_not_exist_is_answered_with_those_that_do()
    {
        Outcome outcome = await _sandbox.RunAsync("gpu", "--source", "guess");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("auto, nvml, nvidia-smi, amd, intel, engine, not 'guess'", outcome.OneLineError(), StringComparison.Ordinal);
    }
}
