using System.Buffers.Binary;
using System.Text;
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
        _sandbox.WriteFile("config.json", """
            { "model_type": "llama", "dtype": "bfloat16", "num_hidden_layers": 1, "hidden_size": 512, "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 64,
              "intermediate_size": 1024, "vocab_size": 1000, "max_position_embeddings": 8192 }
            """);
        _folder = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(_machine)!, "Tiny-1.5B")).FullName;
        File.Move(Path.Combine(Path.GetDirectoryName(_machine)!, "config.json"), Path.Combine(_folder, "config.json"));
        byte[] header = Encoding.UTF8.GetBytes("""{"model.embed_tokens.weight":{"dtype":"BF16","shape":[1000,512],"data_offsets":[0,1024000]},"model.layers.0.self_attn.q_proj.weight":{"dtype":"BF16","shape":[512,512],"data_offsets":[1024000,1548288]}}""");
        byte[] file = new byte[8 + header.Length + 1548288];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)header.Length);
        header.CopyTo(file, 8);
        File.WriteAllBytes(Path.Combine(_folder, "model.safetensors"), file);
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
