using System.Text.Json;

namespace LlmOps.Cli.Tests;

/// <summary>The command plans vLLM for a folder, as it plans llama.cpp for a file.</summary>
public sealed class VllmPlanTests : IDisposable
{
    private readonly Sandbox _sandbox = new();
    private readonly string _folder;
    private readonly string _machine;

    public VllmPlanTests()
    {
        _machine = _sandbox.WriteFile("machine.json", SavedTopology.TwoGpus);
        _folder = _sandbox.WriteModelFolder("Tiny-1.5B");
    }

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public async Task A_folder_is_planned_for_vllm_with_its_pool_and_reasons()
    {
        Outcome outcome = await _sandbox.RunAsync("plan", "--model", _folder, "--topology", _machine, "--json");

        Assert.Equal((0, string.Empty), (outcome.ExitCode, outcome.Error));
        JsonElement plan = outcome.Json;
        Assert.Equal("vllm", plan.GetProperty("engine").GetString());
        Assert.True(plan.GetProperty("fits").GetBoolean());
        Assert.Equal("Tiny-1.5B", plan.GetProperty("model").GetProperty("alias").GetString());
        Assert.True(plan.GetProperty("plan").GetProperty("pool").GetProperty("tokens").GetInt64() > 8192);
        Assert.True(plan.GetProperty("plan").GetProperty("pool").GetProperty("fullLengthRequests").GetDouble() > 4);
        string?[] arguments = [.. plan.GetProperty("command").GetProperty("arguments").EnumerateArray().Select(argument => argument.GetString())];
        Assert.Equal("serve", arguments[0]);
        Assert.Equal(_folder, arguments[1]);
        Assert.Equal("8192", arguments[Array.IndexOf(arguments, "--max-model-len") + 1]);
        Assert.Contains("--max-num-seqs", arguments);
        Assert.Contains("--max-num-batched-tokens", arguments);
        Assert.Equal("PCI_BUS_ID", plan.GetProperty("command").GetProperty("environment").GetProperty("CUDA_DEVICE_ORDER").GetString());
        Assert.All(plan.GetProperty("decisions").EnumerateArray(), decision => Assert.NotEmpty(decision.GetProperty("reason").GetString()!));
    }

    [Fact]
    public async Task Docker_runs_the_image_of_the_version_with_the_hosts_shared_memory()
    {
        Outcome outcome = await _sandbox.RunAsync("plan", "--model", _folder, "--topology", _machine, "--runtime", "docker", "--engine-version", "0.21.0", "--set", "tensor-parallel-size=2", "--json");

        Assert.Equal(0, outcome.ExitCode);
        string?[] arguments = [.. outcome.Json.GetProperty("command").GetProperty("arguments").EnumerateArray().Select(argument => argument.GetString())];
        int image = Array.IndexOf(arguments, "vllm/vllm-openai:v0.21.0");
        Assert.True(image > 0, string.Join(' ', arguments));
        Assert.Equal("host", arguments[Array.IndexOf(arguments, "--ipc") + 1]);
        Assert.DoesNotContain("serve", arguments);
        Assert.Equal("/models/Tiny-1.5B", arguments[image + 1]);
    }

    [Theory]
    [InlineData("tensor-parallel-size=3", "--set", "use 2")]
    [InlineData("sglang", "--engine", "llama.cpp or vllm")]
    [InlineData("llama.cpp", "--engine", "does not run folders")]
    public async Task Impossible_wishes_are_refused_in_one_line(string value, string option, string hint)
    {
        Outcome outcome = await _sandbox.RunAsync("plan", "--model", _folder, "--topology", _machine, option, value, "--json");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(hint, outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.TrimEnd().Split('\n'));
    }
}
