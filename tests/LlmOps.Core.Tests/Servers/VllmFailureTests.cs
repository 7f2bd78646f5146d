using System.Runtime.Versioning;
using LlmOps.Configuration;
using LlmOps.Engines.Vllm;
using LlmOps.Servers;

namespace LlmOps.Tests.Servers;

/// <summary>The known ways in which vLLM fails to start, in its own words, under a supervisor inside the test.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class VllmFailureTests : IAsyncLifetime
{
    private readonly VllmLab _lab = new();

    [Theory]
    [InlineData("oom-load", "vllm.torch-memory")]
    [InlineData("oom-capture", "vllm.torch-memory")]
    [InlineData("memory-taken", "vllm.memory-taken")]
    [InlineData("kv-too-small", "vllm.context-too-long")]
    [InlineData("no-kv-blocks", "vllm.no-kv-memory")]
    [InlineData("nccl", "vllm.nccl-failed")]
    [InlineData("shm", "vllm.shared-memory-full")]
    [InlineData("missing-module", "vllm.dependency-missing")]
    [InlineData("unsupported-arch", "vllm.architecture-unknown")]
    [InlineData("unsupported-dtype", "vllm.bfloat16-unsupported")]
    [InlineData("heads", "vllm.heads-not-divisible")]
    [InlineData("port-taken", "vllm.port-in-use")]
    [InlineData("engine-died-loading", "vllm.engine-failed")]
    [InlineData("killed", "host.killed")]
    public async Task A_start_that_fails_in_a_known_way_is_told_by_its_name(string way, string fault)
    {
        ServerConfig config = await _lab.ConfigAsync("a", 60, ("VLLM_STAND_IN_FAIL", way));
        if (way == "heads")
        {
            config = config with { Options = config.Options.With(VllmOptions.TensorParallel, 3L) };
        }

        ServerRecord record = await _lab.SuperviseAsync(config);

        Assert.Equal((ServerState.Failed, fault), (record.State, record.FaultId));
        Assert.Contains("before it was ready", record.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("pid=", record.Reason, StringComparison.Ordinal);
        Assert.Null(record.ReadyAt);
    }

    [Fact]
    public async Task A_key_file_that_is_gone_when_vllm_is_started_is_told_of()
    {
        ServerConfig config = await _lab.ConfigAsync("a", 60);

        ServerRecord record = await _lab.SuperviseAsync(config with { Endpoint = config.Endpoint with { ApiKeyFile = _lab.PathOf("gone") } });

        Assert.Equal(ServerState.Failed, record.State);
        Assert.Contains($"the key file {_lab.PathOf("gone")} cannot be read", record.Reason, StringComparison.Ordinal);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();
}
