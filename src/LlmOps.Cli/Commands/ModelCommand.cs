using System.CommandLine;
using System.Globalization;
using LlmOps.Cli.Output;
using LlmOps.Models;
using Spectre.Console;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops model PATH</c>: what a model file says of itself.</summary>
internal static class ModelCommand
{
    public static Command Create()
    {
        Argument<string> path = new("PATH") { Description = "A GGUF file; of a split model, any part." };
        Option<bool> json = Options.Json();
        Command command = new("model", "Show what a model file says of itself.") { path, json };
        command.SetAction(parsed =>
        {
            ModelDescription model = ModelReader.Read(parsed.GetRequiredValue(path));
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(model, CliJson.Readable.ModelDescription);
            }
            else
            {
                Write(Screen.Output, model);
            }

            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>Shows <paramref name="model"/> to people.</summary>
    public static void Write(IAnsiConsole console, ModelDescription model)
    {
        Grid grid = new();
        grid.AddColumns(2);
        Add("Name", model.Name);
        Add("Architecture", model.Architecture + (model.Experts is { } experts ? $", {experts.UsedCount} of {experts.Count} experts" : string.Empty));
        Add("Parameters", Count(model.ParameterCount));
        Add("Size", $"{Bytes.Format(model.SizeBytes)} in {model.Files.Count} file{(model.Files.Count == 1 ? string.Empty : "s")}, {model.Quantization}");
        Add("Context", $"{model.ContextLength} tokens as trained");
        Add("Layers", model.LayerCount + (model.NextTokenLayerCount > 0 ? $", {model.NextTokenLayerCount} of them predict further tokens" : string.Empty));
        Add("Vocabulary", $"{model.VocabularySize} tokens");
        Add("Chat template", model.ChatTemplate.Present ? $"yes; roles: {string.Join(", ", model.ChatTemplate.Roles)}" : "none");
        Add("File", model.Path);
        console.Write(grid);

        void Add(string name, string value) => grid.AddRow(new Text(name, new Style(Color.Grey)), new Text(value));
    }

    private static string Count(long parameters) => parameters switch
    {
        >= 1_000_000_000 => (parameters / 1e9).ToString("0.##", CultureInfo.InvariantCulture) + " billion",
        >= 1_000_000 => (parameters / 1e6).ToString("0.##", CultureInfo.InvariantCulture) + " million",
        _ => parameters.ToString(CultureInfo.InvariantCulture),
    };
}
