namespace LlmOps.Cli.Tests;

public sealed class ServerCommandErrorTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Theory]
    [InlineData("stop")]
    [InlineData("wait")]
    [InlineData("logs")]
    [InlineData("restart")]
    [InlineData("rm")]
    [InlineData("bench")]
    [InlineData("diagnose")]
    public async Task A_server_that_nobody_started_is_named(string command)
    {
        Outcome outcome = await _sandbox.RunAsync(command, "ghost");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("'ghost'", outcome.OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_servers_are_an_empty_json_array()
    {
        Outcome outcome = await _sandbox.RunAsync("ps", "--all", "--json");

        Assert.Equal((0, string.Empty), (outcome.ExitCode, outcome.Error));
        Assert.Equal(0, outcome.Json.GetArrayLength());
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("rm")]
    public async Task Servers_must_be_named_or_all_be_meant(string command)
    {
        Outcome outcome = await _sandbox.RunAsync(command);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("--all", outcome.OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_a_configuration_does_not_have_is_shown_with_line_and_column()
    {
        string file = _sandbox.WriteFile("server.yaml", "name: tiny\nmodel: tiny.gguf\nmodle: other.gguf\n");

        Outcome outcome = await _sandbox.RunAsync("start", file);

        Assert.Equal(2, outcome.ExitCode);
        string error = outcome.OneLineError();
        Assert.Contains("server.yaml:3:1:", error, StringComparison.Ordinal);
        Assert.Contains("modle", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--json")]
    [InlineData("--json", "--timeout", "5")]
    [InlineData("--no-wait", "--force")]
    [InlineData("--no-wait", "--force", "--timeout", "5")]
    public async Task A_start_refuses_the_same_with_and_without_options_that_need_the_parser(params string[] options)
    {
        Outcome outcome = await _sandbox.RunAsync(["start", _sandbox.WriteFile("server.yaml", "name: tiny\nmodel: nothing.gguf\nendpoint:\n  port: 0\n"), .. options]);

        Assert.Equal((2, string.Empty), (outcome.ExitCode, outcome.Output));
        Assert.Contains("server.yaml:4:9:", outcome.OneLineError(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--jsn")]
    [InlineData("extra")]
    [InlineData("--json", "--model", "other.gguf")]
    public async Task A_start_with_arguments_that_it_does_not_know_is_refused(params string[] options)
    {
        Outcome outcome = await _sandbox.RunAsync(["start", _sandbox.WriteFile("server.yaml", "name: tiny\nmodel: nothing.gguf\n"), .. options]);

        Assert.Equal((2, string.Empty), (outcome.ExitCode, outcome.Output));
        Assert.Contains(options[0] == "--json" ? "--model" : options[0], outcome.OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_configuration_that_is_not_there_is_named()
    {
        Outcome outcome = await _sandbox.RunAsync("start", "nowhere.yaml");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("nowhere.yaml", outcome.OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_to_start_is_said()
    {
        Outcome outcome = await _sandbox.RunAsync("start");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("--model", outcome.OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_configuration_file_and_planning_options_exclude_each_other()
    {
        string file = _sandbox.WriteFile("server.yaml", "name: tiny\nmodel: tiny.gguf\n");

        Outcome outcome = await _sandbox.RunAsync("start", file, "--port", "18080");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("--port", outcome.OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_followed_log_is_no_json_document()
    {
        Outcome outcome = await _sandbox.RunAsync("logs", "ghost", "--follow", "--json");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("--follow", outcome.OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_supervisor_needs_neither_the_parser_nor_the_tables()
    {
        // Without a dependency manifest the runtime looks beside the command: what is not copied cannot be loaded.
        foreach (string name in new[] { Path.GetFileName(Sandbox.Command), "llmops.dll", "llmops.runtimeconfig.json", "LlmOps.Core.dll" })
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, name), _sandbox.PathOf(name));
        }

        LlmOps.Processes.ProcessResult result = await LlmOps.Processes.ProcessRunner.RunAsync(
            _sandbox.Request(["supervise", _sandbox.PathOf("no-server")]) with { FileName = _sandbox.PathOf(Path.GetFileName(Sandbox.Command)) },
            TestContext.Current.CancellationToken);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("no-server", Assert.Single(result.StandardError.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }
}
