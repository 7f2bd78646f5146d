using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Comparison;
using LlmOps.Benchmarking.Judgement;
using LlmOps.Benchmarking.Observation;
using LlmOps.Benchmarking.Reports;

namespace LlmOps.Core.Tests.Benchmarking.Reports;

public sealed class ResultFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("llmops-results-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void What_was_saved_is_read_back_with_every_request_and_all_that_was_seen()
    {
        ThroughputResult result = Results.Of(2, Results.Times(12, 1, 0.3, 1)) with
        {
            SweptOptions = new Dictionary<string, string> { ["ubatch-size"] = "64" },
            Observation = new PointObservation { HostCpuShare = 0.5, Gpus = [new GpuLoadFigures { Index = 1, PowerWatts = 99 }], Server = new ServerLoadFigures { Engine = "vllm", Preemptions = 3 } },
            Judgement = new PointJudgement { Verdict = PointVerdict.Short, Causes = [new LikelyCause("x", "y", null, "z")] },
        };
        ThroughputResult read = Assert.Single(ResultFile.Read(Write(ThroughputReport.ToJson([result]))));
        Assert.Equal(result.Samples, read.Samples);
        Assert.Equal((0.5, 99.0, 3L, PointVerdict.Short, "64"), (read.Observation!.HostCpuShare, read.Observation.Gpus[0].PowerWatts, read.Observation.Server!.Preemptions, read.Judgement!.Verdict, read.SweptOptions["ubatch-size"]));
        Assert.All(ThroughputComparer.Compare([result], [read]), difference => Assert.Equal(DifferenceVerdict.NoDifferenceVisible, difference.Verdict));
    }

    [Theory]
    [InlineData("not json", "ResultsInvalid")]
    [InlineData("{}", "ResultsInvalid")]
    [InlineData("[1]", "ResultsInvalid")]
    [InlineData("null", "ResultsInvalid")]
    [InlineData(null, "ResultsNotFound")]
    public void A_file_of_another_kind_is_named_in_one_line(string? text, string errorId)
    {
        string file = text is null ? Path.Combine(_folder.FullName, "missing.json") : Write(text);
        LlmOpsException problem = Assert.Throws<LlmOpsException>(() => ResultFile.Read(file));
        Assert.Equal(errorId, problem.ErrorId);
        Assert.Contains(file, problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', problem.Message);
    }

    [Fact]
    public void Each_request_is_a_line_of_its_own_and_a_formula_is_no_formula_any_more()
    {
        ThroughputResult result = Results.Of(2, [1, 2, 3]) with { ServerName = "=1+1" };
        string[] lines = ThroughputReport.ToRequestCsv([result]).Split("\r\n");
        Assert.Equal(5, lines.Length);
        Assert.All(lines[1..4], line => Assert.Equal(lines[0].Split(',').Length, line.Split(',').Length));
        Assert.StartsWith("'=1+1,2 streams,1970-01-01T", lines[1], StringComparison.Ordinal);
    }

    private string Write(string text)
    {
        string file = Path.Combine(_folder.FullName, "results.json");
        File.WriteAllText(file, text);
        return file;
    }
}
