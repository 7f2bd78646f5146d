using System.CommandLine;
using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Metrics;
using LlmOps.Cli.Output;
using LlmOps.Configuration;
using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops metrics</c>: what a running server says of itself now.</summary>
internal static class MetricsCommand
{
    public static Command Create()
    {
        Argument<string> target = new("URL|NAME") { Description = "The server's address or its name here." };
        Option<TimeSpan?> interval = Options.Seconds("--interval", "Time over which rates are taken, and from one look to the next (1).");
        Option<bool> watch = new("--watch") { Description = "Look again and again until interrupted; with --json one document a line." };
        Option<int?> count = Options.Whole("--count", "N", 1, int.MaxValue, "End after so many looks; implies --watch.");
        Option<string?> keyFile = Options.Text("--api-key-file", "FILE", "A file with the API key; a server started by llmops knows its own.");
        Option<bool> json = Options.Json();
        Command command = new("metrics", "Show what a running server says of itself now.") { target, interval, watch, count, keyFile, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            BenchTarget found = BenchTarget.Find(parsed.GetRequiredValue(target), ServerRegistry.Default);
            ServerMetricReader reader = found.Server is not null && parsed.GetValue(keyFile) is null
                ? ServerMetricReader.Of(found.Server)
                : new ServerMetricReader(
                    found.Endpoint, found.Server?.Name ?? parsed.GetRequiredValue(target), parsed.GetValue(keyFile) is { } file ? ApiKeys.First(file) : ApiKeys.OfEnvironment);
            TimeSpan time = parsed.GetValue(interval) ?? TimeSpan.FromSeconds(1);
            if (!parsed.GetValue(watch) && parsed.GetValue(count) is null)
            {
                MetricView.Write(await reader.ReadAsync(time, cancellationToken).ConfigureAwait(false), parsed.GetValue(json));
                return ExitCode.Success;
            }

            await WatchAsync(reader, time, parsed.GetValue(count) ?? int.MaxValue, parsed.GetValue(json), cancellationToken).ConfigureAwait(false);
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task WatchAsync(ServerMetricReader reader, TimeSpan interval, int count, bool json, CancellationToken cancellationToken)
    {
        if (!json)
        {
            Console.Out.WriteLine(MetricView.LineHead);
        }

        await foreach (ServerMetric metric in reader.WatchAsync(interval, cancellationToken).ConfigureAwait(false))
        {
            Console.Out.WriteLine(json ? BenchmarkingJson.WriteLine(metric) : MetricView.Line(metric));
            if (--count <= 0)
            {
                return;
            }
        }
    }
}
