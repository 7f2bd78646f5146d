using LlmOps.Engines;
using LlmOps.Processes;

namespace LlmOps.Core.Tests.Engines;

public sealed class ShellTextTests
{
    private static readonly string[] Awkward = ["--model", "/models/it's $HOME; `id` \"q\".gguf", "--jinja", "--alias", "", "--ctx-size", "8192"];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_shell_reads_back_the_very_same_arguments(bool onSeveralLines)
    {
        LaunchCommand command = new("printf", ["%s\\n", .. Awkward], new Dictionary<string, string>());
        string text = onSeveralLines ? ShellText.Lines(command) : ShellText.Line(command);

        ProcessResult result = await ProcessRunner.RunAsync(new ProcessRequest("/bin/sh", ["-c", text]), TestContext.Current.CancellationToken);

        Assert.Equal(string.Join('\n', Awkward) + "\n", result.StandardOutput);
    }

    [Fact]
    public void An_option_and_its_value_share_a_line_and_variables_come_first() => Assert.Equal(
        "A=1 \\\n  llama-server \\\n  --jinja \\\n  --port 8080",
        ShellText.Lines(new LaunchCommand("llama-server", ["--jinja", "--port", "8080"], new Dictionary<string, string> { ["A"] = "1" })));
}
