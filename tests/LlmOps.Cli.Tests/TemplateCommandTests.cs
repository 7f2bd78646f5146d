namespace LlmOps.Cli.Tests;

public sealed class TemplateCommandTests : IDisposable
{
    private const string Strict = "{%- if m.role == 'system' %}{{ m.content }}{%- elif m.role == 'user' %}{{ m.content }}{%- else %}{{ raise_exception('Unexpected message role.') }}{%- endif %}\n";

    private readonly Sandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public async Task A_models_template_is_printed_and_listed()
    {
        string model = _sandbox.WriteModel();
        Outcome text = await _sandbox.RunAsync("template", model);
        Outcome list = await _sandbox.RunAsync("template", model, "--list", "--json");

        Assert.Equal((0, string.Empty), (text.ExitCode, text.Error));
        Assert.Contains("role", text.Output, StringComparison.Ordinal);
        Assert.Equal("default", list.Json[0].GetProperty("name").GetString());
        Assert.Equal(text.Output.TrimEnd(), list.Json[0].GetProperty("text").GetString()!.TrimEnd());
    }

    [Fact]
    public async Task A_strict_template_fails_the_test_and_its_variant_passes_for_developer()
    {
        string file = _sandbox.WriteFile("strict.jinja", Strict);
        string variant = Path.Combine(Path.GetDirectoryName(file)!, "variant.jinja");

        Outcome before = await _sandbox.RunAsync("template", file, "--test", "--json");
        Outcome made = await _sandbox.RunAsync("template", file, "--allow-role", "developer", "-o", variant);
        Outcome after = await _sandbox.RunAsync("template", variant, "--test", "--json");

        Assert.Equal((1, "refused"), (before.ExitCode, StatusOf(before, "developer")));
        Assert.Equal((0, string.Empty, string.Empty), (made.ExitCode, made.Error, made.Output));
        Assert.Equal(Strict.Replace("== 'system'", "in ['system', 'developer']", StringComparison.Ordinal), await File.ReadAllTextAsync(variant, TestContext.Current.CancellationToken));
        Assert.Equal("accepted", StatusOf(after, "developer"));
    }

    [Fact]
    public async Task A_server_that_is_not_there_and_a_missing_path_are_told_in_one_line()
    {
        Outcome server = await _sandbox.RunAsync("template", "--server", "http://127.0.0.1:9");
        Outcome path = await _sandbox.RunAsync("template");

        Assert.Equal((3, 2), (server.ExitCode, path.ExitCode));
        Assert.Contains("cannot be reached", server.OneLineError(), StringComparison.Ordinal);
        Assert.Contains("name a model", path.OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_folder_is_described_like_a_file()
    {
        string folder = Directory.CreateDirectory(_sandbox.PathOf("folder")).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(folder, "config.json"),
            """{ "model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "num_hidden_layers": 1, "hidden_size": 8, "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 10, "max_position_embeddings": 40960 }""",
            TestContext.Current.CancellationToken);
        byte[] header = System.Text.Encoding.UTF8.GetBytes("""{"model.layers.0.mlp.up_proj.weight":{"dtype":"BF16","shape":[8,8],"data_offsets":[0,128]}}""");
        await File.WriteAllBytesAsync(Path.Combine(folder, "model.safetensors"), [.. BitConverter.GetBytes((long)header.Length), .. header], TestContext.Current.CancellationToken);

        Outcome refused = await _sandbox.RunAsync("model", folder);
        Outcome described = await _sandbox.RunAsync("model", folder, "--allow-incomplete", "--json");
        Outcome shown = await _sandbox.RunAsync("model", folder, "--allow-incomplete");

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("cut short", refused.OneLineError(), StringComparison.Ordinal);
        Assert.Equal(("safetensors", "qwen3", 40960, 128), (described.Json.GetProperty("format").GetString(), described.Json.GetProperty("architecture").GetString(),
            described.Json.GetProperty("contextLength").GetInt32(), described.Json.GetProperty("sizeBytes").GetInt32()));
        Assert.Equal(1, described.Json.GetProperty("defects").GetArrayLength());
        Assert.Contains("1 layers of 1 heads × (4 + 4)", shown.Output, StringComparison.Ordinal);
    }

    private static string? StatusOf(Outcome outcome, string role) =>
        outcome.Json.EnumerateArray().Single(finding => finding.GetProperty("role").GetString() == role).GetProperty("status").GetString();
}
