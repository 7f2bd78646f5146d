using System.Text.Json;

namespace LlmOps.Cli.Tests;

/// <summary><c>llmops export</c> writes configurations in the forms of other tools.</summary>
public sealed class ExportCommandTests : IDisposable
{
    private readonly Sandbox _sandbox = new();
    private readonly string _config;

    public ExportCommandTests() => _config = _sandbox.WriteFile("chat.yaml", $"name: chat\nengine: llama.cpp\nmodel: {_sandbox.WriteModel()}\noptions:\n  contextLength: 1024\n");

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public async Task A_form_is_printed_as_it_is_and_with_json_beside_the_name_of_its_file()
    {
        Outcome plain = await _sandbox.RunAsync("export", _config, "--as", "llama-swap");
        Outcome json = await _sandbox.RunAsync("export", _config, "--as", "LlamaSwap", "--json");

        Assert.Equal((0, string.Empty), (plain.ExitCode, plain.Error));
        Assert.Contains("--port ${PORT}", plain.Output, StringComparison.Ordinal);
        JsonElement file = Assert.Single(json.Json.EnumerateArray());
        Assert.Equal(("llama-swap", "llama-swap.yaml"), (file.GetProperty("form").GetString(), file.GetProperty("file").GetString()));
        Assert.Equal(plain.Output.TrimEnd(), file.GetProperty("text").GetString()!.TrimEnd());
    }

    [Fact]
    public async Task Several_configurations_become_one_file_or_one_each_in_a_folder()
    {
        string other = _sandbox.WriteFile("other.yaml", $"name: other\nengine: llama.cpp\nmodel: {_sandbox.PathOf("tiny.gguf")}\n");
        string folder = Directory.CreateDirectory(_sandbox.PathOf("forms")).FullName;

        Outcome compose = await _sandbox.RunAsync("export", _config, other, "--as", "compose", "-o", folder);
        Outcome bash = await _sandbox.RunAsync("export", _config, other, "--as", "bash", "-o", folder);
        Outcome noFolder = await _sandbox.RunAsync("export", _config, other, "--as", "bash", "-o", _sandbox.PathOf("one.sh"));

        Assert.Equal((0, 0, 2), (compose.ExitCode, bash.ExitCode, noFolder.ExitCode));
        Assert.Equal(["chat.sh", "compose.yaml", "other.sh"], Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Contains("folder", noFolder.OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_is_told_of_a_planned_server_and_the_key_is_not_among_it()
    {
        string key = _sandbox.WriteFile("key", "sk-not-to-be-written\n");
        string config = _sandbox.WriteFile("keyed.yaml", $"name: keyed\nengine: llama.cpp\nmodel: {_sandbox.PathOf("tiny.gguf")}\nendpoint:\n  host: 0.0.0.0\n  port: 8091\n  apiKeyFile: {key}\n");

        Outcome variables = await _sandbox.RunAsync("export", config, "--client", "openai", "--host-name", "gpu-box");
        Outcome channel = await _sandbox.RunAsync("export", config, "--client", "one-api");
        Outcome both = await _sandbox.RunAsync("export", config, "--client", "openai", "--as", "bash");

        Assert.Equal((0, 0, 2), (variables.ExitCode, channel.ExitCode, both.ExitCode));
        Assert.StartsWith("export OPENAI_BASE_URL=http://gpu-box:8091/v1\n", variables.Output, StringComparison.Ordinal);
        Assert.Equal("http://127.0.0.1:8091", channel.Json.GetProperty("base_url").GetString());
        Assert.Contains(key, channel.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-not", variables.Output + channel.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_form_and_no_server_is_said_in_one_line()
    {
        Outcome form = await _sandbox.RunAsync("export", _config, "--as", "nonsense");
        Outcome server = await _sandbox.RunAsync("export", "nobody");

        Assert.Equal((2, 2), (form.ExitCode, server.ExitCode));
        Assert.Contains("--as takes one of yaml, bash", form.Error, StringComparison.Ordinal);
        Assert.Contains("no server is called 'nobody'", server.OneLineError(), StringComparison.Ordinal);
    }
}
