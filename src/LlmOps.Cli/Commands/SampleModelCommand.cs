using System.CommandLine;
using LlmOps.Cli.Output;
using LlmOps.Models;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops sample-model PATH</c>: a small model with random weights, to try servers without downloading anything.</summary>
internal static class SampleModelCommand
{
    public static Command Create()
    {
        Argument<string> path = new("PATH") { Description = "The GGUF file to write; an existing one is replaced." };
        Command command = new("sample-model", "Write a small GGUF model with random weights, to try things out.") { path };
        command.SetAction(parsed =>
        {
            string file = Path.GetFullPath(parsed.GetRequiredValue(path));
            TinyModelWriter.Write(file, new TinyModelOptions());
            ModelCommand.Write(Screen.Output, ModelReader.Read(file));
            return ExitCode.Success;
        });
        return command;
    }
}
