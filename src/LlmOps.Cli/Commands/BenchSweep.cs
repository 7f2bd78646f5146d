using System.Globalization;
using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Sweeps;
using LlmOps.Cli.Output;
using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary>A sweep started from the command line.</summary>
internal sealed class BenchSweep(BenchTarget target, MeasurementOptions options, IReadOnlyList<IReadOnlyDictionary<string, string>> combinations)
{
    /// <summary>Measures every combination, in the order of the grid.</summary>
    /// <exception cref="LlmOpsException"><c>SweepNeedsServer</c>: only an address was given.</exception>
    public async Task<List<SweepPoint>> RunAsync(IProgress<string> lines, CancellationToken cancellationToken)
    {
        if (target.Server is not { } server)
        {
            throw new LlmOpsException($"a sweep restarts the server, so it takes the name of one that llmops started, not {target.Endpoint}", "SweepNeedsServer");
        }

        OptionSweep sweep = new(ServerRegistry.Default, SupervisorCommand.Find());
        List<SweepPoint> points = [];
        await foreach (SweepPoint point in sweep.RunAsync(server.Name, combinations, options, new Lines(lines), cancellationToken).ConfigureAwait(false))
        {
            points.Add(point);
        }

        return points;
    }

    private sealed class Lines(IProgress<string> lines) : IProgress<SweepProgress>
    {
        public void Report(SweepProgress value) => lines.Report(string.Create(
            CultureInfo.InvariantCulture,
            $"{(value.Options.Length == 0 ? "" : $"{value.Point} of {value.Points}, {value.Options}: ")}{(value.Measurement is { } measurement ? MeasurementLines.Describe(measurement) : value.Activity)}"));
    }
}
