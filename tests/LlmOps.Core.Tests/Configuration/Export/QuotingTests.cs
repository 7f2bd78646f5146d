using LlmOps.Configuration;
using LlmOps.Configuration.Export;
using LlmOps.Engines;
using LlmOps.Processes;
using YamlDotNet.RepresentationModel;

namespace LlmOps.Tests.Configuration.Export;

/// <summary>What a form says reaches the engine as it is, whatever signs are in it; the shells and readers are real ones.</summary>
public sealed class QuotingTests
{
    [Fact]
    public async Task Bash_gives_the_engine_each_argument_and_variable_as_it_is_and_its_own_arguments_too()
    {
        using HostileConfig hostile = new(hasLines: true);
        string script = hostile.Write(ConfigFormat.Bash);

        await RunAsync(script, ["--more", "it's $this"]);

        string[] expected = [.. hostile.Expected];
        Assert.Equal([.. expected[..^1], "--more", "it's $this", expected[^1]], hostile.Received);
    }

    [Fact]
    public async Task PowerShell_gives_the_engine_each_argument_and_variable_as_it_is_and_its_own_arguments_too()
    {
        Assert.SkipWhen(ExecutableFinder.Find("pwsh") is null, "there is no pwsh on PATH");
        using HostileConfig hostile = new(hasLines: true);
        string script = hostile.Write(ConfigFormat.PowerShell);

        await RunAsync("pwsh", ["-NoProfile", "-NonInteractive", "-File", script, "more"]);

        string[] expected = [.. hostile.Expected];
        Assert.Equal([.. expected[..^1], "more", expected[^1]], hostile.Received);
    }

    [Fact]
    public async Task Bash_with_docker_gives_docker_each_argument_as_it_is()
    {
        using HostileConfig hostile = new(hasLines: true);
        string docker = Path.Combine(hostile.Folder, "docker");
        File.Move(hostile.Program, docker);
        string text = hostile.Text(ConfigFormat.DockerRun);
        string script = Path.Combine(hostile.Folder, "run.sh");
        File.WriteAllText(script, text.Replace("exec docker ", $"exec {docker} ", StringComparison.Ordinal));

        await RunAsync("bash", [script]);

        Assert.Equal([.. hostile.Words, ""], hostile.Received.TakeLast(hostile.Words.Count + 1));
        Assert.Contains($"HOSTILE={hostile.Config.Environment["HOSTILE"]}", hostile.Received);
    }

    [Fact]
    public void Compose_reads_each_argument_and_variable_as_it_is()
    {
        using HostileConfig hostile = new(hasLines: true);
        YamlNode service = Load(hostile.Text(ConfigFormat.Compose))["services"]["hostile"];

        string[] command = [.. Texts(service["command"]).Select(Interpolated)];
        Assert.Equal(hostile.Words, command.TakeLast(hostile.Words.Count));
        Assert.Equal(hostile.Config.Environment["HOSTILE"], Interpolated(Text(service["environment"]["HOSTILE"])));
        Assert.Equal(hostile.Folder, Interpolated(Text(service["volumes"][0]["source"])));
    }

    [Fact]
    public void Kubernetes_reads_each_argument_and_variable_as_it_is()
    {
        using HostileConfig hostile = new(hasLines: true);
        YamlNode container = Load(hostile.Text(ConfigFormat.Kubernetes))["spec"]["template"]["spec"]["containers"][0];

        Assert.Equal(hostile.Words, Texts(container["args"]).Select(Interpolated).TakeLast(hostile.Words.Count));
        Assert.Equal(hostile.Config.Environment["HOSTILE"], Interpolated(Text(container["env"][0]["value"])));
    }

    [Fact]
    public async Task Llama_swap_splits_its_command_into_each_argument_as_it_is()
    {
        using HostileConfig hostile = new(hasLines: false);
        ServerConfig config = hostile.Config with { Environment = new Dictionary<string, string> { ["HOSTILE"] = "it's $HOME" } };
        YamlNode model = Load(ConfigExport.Render(ConfigFormat.LlamaSwap, [new ExportedServer(config, null)]))["models"]["hostile"];
        string command = Text(model["cmd"]);

        Assert.DoesNotMatch(@"\$\{[a-zA-Z0-9_-]+\}", command.Replace("--port ${PORT}", "", StringComparison.Ordinal));
        Assert.DoesNotMatch(@"(?m)^\s*#|\\\s*$", command);
        await RunAsync("bash", ["-c", command.Replace("${PORT}", "5800", StringComparison.Ordinal).ReplaceLineEndings(" ")]);

        string[] expected = [.. LaunchCommandBuilder.Build(config, null).Arguments];
        expected[Array.IndexOf(expected, "--port") + 1] = "5800";
        Assert.Equal([.. expected, ""], hostile.Received);
        Assert.Equal(["HOSTILE=it's $HOME"], Texts(model["env"]));
    }

    [Theory]
    [InlineData("a#b")]
    [InlineData("a;b")]
    [InlineData("two\nlines")]
    [InlineData(" space")]
    public void A_preset_refuses_what_its_reader_would_cut_off(string value)
    {
        ServerConfig config = new() { Name = "cut", Model = "/models/m.gguf", ExtraArguments = ["--grammar", value] };

        LlmOpsException problem = Assert.Throws<LlmOpsException>(() => ConfigExport.Render(ConfigFormat.PresetIni, [new ExportedServer(config, null)]));

        Assert.Equal("PresetCannotSay", problem.ErrorId);
        Assert.DoesNotContain('\n', problem.Message);
    }

    private static async Task RunAsync(string program, IReadOnlyList<string> arguments)
    {
        ProcessResult result = await ProcessRunner.RunAsync(new ProcessRequest(program, arguments) { Timeout = TimeSpan.FromMinutes(2) }, TestContext.Current.CancellationToken);
        Assert.True(result.ExitCode == 0, $"{program}: {result.StandardError}{result.StandardOutput}");
    }

    // Compose and Kubernetes read two dollars as one, and one as the start of a variable.
    private static string Interpolated(string text)
    {
        Assert.DoesNotMatch(@"(?<!\$)(\$\$)*\$(?!\$)", text);
        return text.Replace("$$", "$", StringComparison.Ordinal);
    }

    private static YamlNode Load(string text)
    {
        YamlStream stream = [];
        stream.Load(new StringReader(text));
        return stream.Documents[0].RootNode;
    }

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value!;

    private static IEnumerable<string> Texts(YamlNode node) => ((YamlSequenceNode)node).Children.Select(Text);
}
