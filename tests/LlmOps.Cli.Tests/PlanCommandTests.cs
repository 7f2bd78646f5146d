using System.Text.Json;
using LlmOps.Configuration;

namespace LlmOps.Cli.Tests;

public sealed class PlanCommandTests : IDisposable
{
    private readonly Sandbox _sandbox = new();
    private readonly string _model;
    private readonly string _machine;

    public PlanCommandTests()
    {
        _model = _sandbox.WriteModel();
        _machine = _sandbox.WriteFile("machine.json", SavedTopology.TwoGpus);
    }

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public async Task A_plan_for_a_saved_topology_needs_no_engine_here()
    {
        Outcome outcome = await _sandbox.RunAsync("plan", "--model", _model, "--topology", _machine, "--json");

        Assert.Equal((0, string.Empty), (outcome.ExitCode, outcome.Error));
        JsonElement plan = outcome.Json;
        Assert.True(plan.GetProperty("fits").GetBoolean());
        Assert.Equal("llama.cpp", plan.GetProperty("engine").GetString());
        JsonElement device = plan.GetProperty("devices")[0];
        Assert.Equal("CUDA0", device.GetProperty("name").GetString());
        Assert.StartsWith("GPU-", device.GetProperty("uuid").GetString(), StringComparison.Ordinal);
        JsonElement memory = plan.GetProperty("plan").GetProperty("devices")[0];
        Assert.Equal(25769803776, memory.GetProperty("totalBytes").GetInt64());
        Assert.True(memory.GetProperty("weightsBytes").GetInt64() > Bytes.MiB);
        Assert.True(memory.GetProperty("kvCacheBytes").GetInt64() > 0);
        Assert.All(plan.GetProperty("decisions").EnumerateArray(), decision => Assert.NotEmpty(decision.GetProperty("reason").GetString()!));
        Assert.Contains(_model, plan.GetProperty("command").GetProperty("arguments").EnumerateArray().Select(argument => argument.GetString()));
    }

    [Fact]
    public async Task A_pinned_option_is_in_the_command_as_it_was_given()
    {
        Outcome outcome = await _sandbox.RunAsync(
            "plan", "--model", _model, "--topology", _machine, "--set", "ctx-size=4096", "--set", "cache-type-k=q8_0", "--json");

        Assert.Equal(0, outcome.ExitCode);
        string?[] arguments = [.. outcome.Json.GetProperty("command").GetProperty("arguments").EnumerateArray().Select(argument => argument.GetString())];
        Assert.Equal("4096", arguments[Array.IndexOf(arguments, "--ctx-size") + 1]);
        Assert.Equal("q8_0", arguments[Array.IndexOf(arguments, "--cache-type-k") + 1]);
        Assert.Equal(4096, outcome.Json.GetProperty("options").GetProperty("contextLength").GetInt64());
    }

    [Fact]
    public async Task A_plan_that_does_not_fit_is_printed_all_the_same_and_exits_with_1()
    {
        string smallMachine = _sandbox.WriteFile("small.json", SavedTopology.TwoGpus.Replace("25769803776", "536870912", StringComparison.Ordinal).Replace("25300000000", "268435456", StringComparison.Ordinal));

        Outcome outcome = await _sandbox.RunAsync(
            "plan", "--model", _model, "--topology", smallMachine, "--set", "ctx-size=8000000", "--set", "n-gpu-layers=99", "--json");

        Assert.Equal(1, outcome.ExitCode);
        Assert.False(outcome.Json.GetProperty("fits").GetBoolean());
        Assert.NotEqual(0, outcome.Json.GetProperty("problems").GetArrayLength());
        Assert.StartsWith("llmops: ", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ctx-size", "--set takes FLAG=VALUE such as ctx-size=4096, not 'ctx-size'")]
    [InlineData("=4096", "--set takes FLAG=VALUE such as ctx-size=4096, not '=4096'")]
    [InlineData("ctx-size=", "--set takes FLAG=VALUE such as ctx-size=4096, not 'ctx-size='")]
    public async Task A_pin_that_is_not_flag_and_value_is_quoted_in_the_error(string pin, string message)
    {
        Outcome outcome = await _sandbox.RunAsync("plan", "--model", _model, "--topology", _machine, "--set", pin, "--json");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Equal($"llmops: {message}", outcome.OneLineError());
    }

    [Fact]
    public async Task A_pin_with_a_value_of_the_wrong_kind_is_refused()
    {
        Outcome outcome = await _sandbox.RunAsync("plan", "--model", _model, "--topology", _machine, "--set", "ctx-size=many", "--json");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("many", outcome.OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_values_for_one_pin_are_refused()
    {
        Outcome outcome = await _sandbox.RunAsync("plan", "--model", _model, "--topology", _machine, "--set", "ctx-size=1", "--set", "ctx-size=2");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("given twice", outcome.OneLineError(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--model", "nowhere.gguf", "nowhere.gguf")]
    [InlineData("--topology", "nowhere.json", "nowhere.json")]
    [InlineData("--mode", "brave", "auto, stable, fast, not 'brave'")]
    [InlineData("--engine", "ollama", "'ollama'")]
    [InlineData("--port", "70000", "from 1 to 65535, not '70000'")]
    public async Task A_wrong_value_is_named_with_what_would_be_right(string option, string value, string expected)
    {
        Dictionary<string, string> options = new() { ["--model"] = _model, ["--topology"] = _machine, [option] = value };

        Outcome outcome = await _sandbox.RunAsync(["plan", "--json", .. options.SelectMany(pair => new[] { pair.Key, pair.Value })]);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(expected, outcome.OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_engine_a_plan_for_this_machine_says_how_to_get_one()
    {
        Outcome outcome = await _sandbox.RunAsync("plan", "--model", _model, "--json");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("llama-server", outcome.OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_yaml_reads_back_as_the_configuration_that_was_planned()
    {
        Outcome outcome = await _sandbox.RunAsync("plan", "--model", _model, "--topology", _machine, "--name", "two-cards", "--port", "18080", "--yaml");

        Assert.Equal((0, string.Empty), (outcome.ExitCode, outcome.Error));
        ServerConfig config = ServerConfigFile.Parse(outcome.Output, "output");
        Assert.Equal(("two-cards", 18080, _model), (config.Name, config.Endpoint.Port, config.Model));
    }

    [Fact]
    public async Task Output_goes_to_a_file_when_one_is_named()
    {
        Outcome outcome = await _sandbox.RunAsync("plan", "--model", _model, "--topology", _machine, "-o", _sandbox.PathOf("server.yaml"));

        Assert.Equal((0, string.Empty), (outcome.ExitCode, outcome.Output));
        Assert.Equal(_model, ServerConfigFile.Read(_sandbox.PathOf("server.yaml")).Model);
    }

    [Fact]
    public async Task Json_and_yaml_together_are_refused()
    {
        Outcome outcome = await _sandbox.RunAsync("plan", "--model", _model, "--topology", _machine, "--json", "--yaml");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("--json and --yaml", outcome.OneLineError(), StringComparison.Ordinal);
    }
}
