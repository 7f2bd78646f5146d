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
        Argument<string> path = new("PATH") { Description = "A GGUF file (of a split model, any part), or a model folder." };
        Option<bool> incomplete = new("--allow-incomplete") { Description = "Describe a model whose weights are missing from its headers alone." };
        Option<bool> json = Options.Json();
        Command command = new("model", "Show what a model says of itself.") { path, incomplete, json };
        command.SetAction(parsed =>
        {
            ModelDescription model = ModelReader.Read(parsed.GetRequiredValue(path), new ModelReadOptions(parsed.GetValue(incomplete)));
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
        Add("Architecture", model.Architecture + (model.ModelClass is { } name ? $" ({name})" : string.Empty) + (model.Experts is { } experts ? $", {experts.UsedCount} of {experts.Count} experts" : string.Empty));
        Add("Parameters", Count(model.ParameterCount));
        Add("Size", $"{Bytes.Format(model.SizeBytes)} in {model.Files.Count} file{(model.Files.Count == 1 ? string.Empty : "s")}, {model.Quantization}{Quantized(model.QuantizationDetail)}");
        if (model.LayerCount > 0)
        {
            Add("Context", $"{model.ContextLength} tokens as trained");
            Add("Layers", Layers(model));
            Add("KV cache", KvCache(model));
            Add("Vocabulary", $"{model.VocabularySize} tokens");
            Add("Chat template", Template(model.ChatTemplate));
        }

        foreach (MultimodalPart part in model.Multimodal)
        {
            Add(part.Kind.ToString(), $"{Bytes.Format(part.Bytes)}{(part.LayerCount > 0 ? $", {part.LayerCount} layers of {part.EmbeddingLength}" : string.Empty)}{(part.Projector is { } projector ? $", {projector}" : string.Empty)}");
        }

        if (model.Generation is { } generation)
        {
            Add("Sampling", Sampling(generation));
        }

        foreach (string defect in model.Defects)
        {
            Add("Missing", defect);
        }

        Add(model.Format == ModelFormat.Gguf ? "File" : "Folder", model.Path);
        console.Write(grid);

        void Add(string name, string value) => grid.AddRow(new Text(name, new Style(Color.Grey)), new Text(value));
    }

    private static string Quantized(QuantizationInfo? info) => info is null ? string.Empty
        : $" ({info.Method}{(info.Format is { } format ? $", {format}" : string.Empty)}{(info.GroupSize is { } group ? $", groups of {group}" : string.Empty)})";

    private static string Layers(ModelDescription model)
    {
        int windowed = model.Attention.Count(layer => layer.SlidingWindow is not null);
        string text = $"{model.LayerCount}"
            + (model.Recurrent is { } recurrent ? $", {recurrent.LayerCount} recurrent" : string.Empty)
            + (windowed > 0 ? $", {windowed} with a window of {model.Attention.First(layer => layer.SlidingWindow is not null).SlidingWindow}" : string.Empty)
            + (model.NextTokenLayerCount > 0 ? $", {model.NextTokenLayerCount} to predict further tokens" : string.Empty);
        return model.DeclaredNextTokenLayerCount > model.NextTokenLayerCount ? $"{text}; tensors to predict further tokens (MTP) are announced, but not there" : text;
    }

    private static string KvCache(ModelDescription model)
    {
        IGrouping<(int Heads, int Key, int Value), AttentionShape>[] kinds = [.. model.Attention.Where(layer => layer.KeyValueHeadCount > 0)
            .GroupBy(layer => (layer.KeyValueHeadCount, layer.KeyLength, layer.ValueLength))];
        long elements = kinds.Sum(kind => kind.Sum(layer => (long)layer.KeyValueHeadCount * (layer.KeyLength + layer.ValueLength)));
        return kinds.Length == 0 ? "none" : string.Join("; ", kinds.Select(kind => $"{kind.Count()} layers of {kind.Key.Heads} heads × ({kind.Key.Key} + {kind.Key.Value})"))
            + $": {Bytes.Format(2 * elements)} a token at 16 bit";
    }

    private static string Template(ChatTemplateInfo template) => !template.Present ? "none"
        : (template.Roles.Count > 0 ? $"yes; roles: {string.Join(", ", template.Roles)}" : "yes; names no role")
            + (template.Names.Count > 1 ? $"; {template.Names.Count} templates: {string.Join(", ", template.Names)}" : string.Empty);

    private static string Sampling(GenerationDefaults generation)
    {
        (string Name, double? Value)[] values =
        [
            ("temperature", generation.Temperature), ("top-p", generation.TopP), ("top-k", generation.TopK), ("min-p", generation.MinP), ("repetition penalty", generation.RepetitionPenalty),
        ];
        string[] said = [.. values.Where(value => value.Value is not null).Select(value => string.Create(CultureInfo.InvariantCulture, $"{value.Name} {value.Value:0.###}"))];
        return said.Length > 0 ? string.Join(", ", said) : "nothing recommended";
    }

    private static string Count(long parameters) => parameters switch
    {
        >= 1_000_000_000 => (parameters / 1e9).ToString("0.##", CultureInfo.InvariantCulture) + " billion",
        >= 1_000_000 => (parameters / 1e6).ToString("0.##", CultureInfo.InvariantCulture) + " million",
        _ => parameters.ToString(CultureInfo.InvariantCulture),
    };
}
