using LlmOps.Benchmarking;
using LlmOps.Cli.Output;
using Spectre.Console;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops bench --definitions</c>.</summary>
internal static class BenchDefinitions
{
    /// <summary>Says what each figure means.</summary>
    public static int Write(bool json)
    {
        if (json)
        {
            JsonOutput.Write(BenchmarkingJson.Write(FigureDefinitions.All));
            return ExitCode.Success;
        }

        Table table = Screen.Table("Figure", "Meaning", "Matches");
        foreach (FigureDefinition figure in FigureDefinitions.All)
        {
            table.Row(figure.Name, Plain(figure.Meaning), Plain(figure.Matches));
        }

        Screen.Output.Write(table);
        return ExitCode.Success;
    }

    private static string Plain(string text) => text.Replace("`", "", StringComparison.Ordinal);
}
