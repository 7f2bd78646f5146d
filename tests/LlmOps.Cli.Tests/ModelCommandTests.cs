using System.Text.Json;

namespace LlmOps.Cli.Tests;

public sealed class ModelCommandTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public async Task A_model_is_one_json_document_with_the_names_that_scripts_rely_on()
    {
        Outcome outcome = await _sandbox.RunAsync("model", _sandbox.WriteModel(), "--json");

        Assert.Equal((0, string.Empty), (outcome.ExitCode, outcome.Error));
        JsonElement model = outcome.Json;
        Assert.Equal("gguf", model.GetProperty("format").GetString());
        Assert.Equal("llama", model.GetProperty("architecture").GetString());
        Assert.Equal("tiny-random", model.GetProperty("name").GetString());
        Assert.Equal("F16", model.GetProperty("quantization").GetString());
        Assert.Equal(8192, model.GetProperty("contextLength").GetInt64());
        Assert.Equal(4, model.GetProperty("layerCount").GetInt32());
        Assert.Equal(512, model.GetProperty("vocabularySize").GetInt32());
        Assert.InRange(model.GetProperty("parameterCount").GetInt64(), 3_000_000, 4_000_000);
        Assert.InRange(model.GetProperty("sizeBytes").GetInt64(), 6 * Bytes.MiB, 8 * Bytes.MiB);
        Assert.True(model.GetProperty("chatTemplate").GetProperty("present").GetBoolean());
        Assert.Contains("assistant", model.GetProperty("chatTemplate").GetProperty("roles").EnumerateArray().Select(role => role.GetString()));
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_named()
    {
        Outcome outcome = await _sandbox.RunAsync("model", "nowhere.gguf", "--json");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("nowhere.gguf", outcome.OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_gguf_is_refused()
    {
        string file = _sandbox.WriteFile("notes.gguf", "These are notes, not weights, whatever the file is called.");

        Outcome outcome = await _sandbox.RunAsync("model", file);

        Assert.Equal(2, outcome.ExitCode);
        string error = outcome.OneLineError();
        Assert.Contains("notes.gguf", error, StringComparison.Ordinal);
        Assert.Contains("GGUF", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_truncated_file_is_refused()
    {
        string file = _sandbox.WriteModel();
        using (FileStream stream = File.OpenWrite(file))
        {
            stream.SetLength(5000);
        }

        Outcome outcome = await _sandbox.RunAsync("model", file);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("tiny.gguf", outcome.OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_is_asked_for_when_none_is_named()
    {
        Outcome outcome = await _sandbox.RunAsync("model");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("'llmops model --help'", outcome.OneLineError(), StringComparison.Ordinal);
    }
}
