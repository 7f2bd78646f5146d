using System.Text.Json;
using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Judgement;
using LlmOps.Benchmarking.Observation;
using Xunit;

namespace LlmOps.Core.Tests.Benchmarking;

public sealed class FigureDefinitionsTests
{
    [Fact]
    public void The_page_of_measuring_has_every_definition_word_for_word()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "measuring.md"));
        Assert.All(FigureDefinitions.All, figure => Assert.Contains($"| {figure.Name} | {figure.Meaning} | {figure.Matches} |", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_definition_names_a_figure_that_results_have()
    {
        ThroughputResult result = new()
        {
            ServerName = "s", Model = "m", Judgement = new PointJudgement(), Observation = new PointObservation { Server = new ServerLoadFigures { Engine = "llama.cpp" } },
        };
        using JsonDocument document = JsonDocument.Parse(ThroughputReport.ToJson([result]));
        Assert.All(FigureDefinitions.All.Where(figure => figure.Field.Length > 0), figure =>
        {
            JsonElement element = document.RootElement[0];
            foreach (string name in figure.Field.Split('.'))
            {
                Assert.True(element.TryGetProperty(name, out element), figure.Field);
            }
        });
    }
}
