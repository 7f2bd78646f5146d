using System.CommandLine;
using System.Text;
using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Comparison;
using LlmOps.Benchmarking.Observation;
using LlmOps.Benchmarking.Reports;
using LlmOps.Benchmarking.Sweeps;
using LlmOps.Cli.Output;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops bench</c>: measures a running server, one load point after another.</summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        Argument<string?> target = new("URL|NAME") { Arity = ArgumentArity.ZeroOrOne, Description = "The server's address or its name here." };
        Option<int[]?> concurrency = Options.WholeList("--concurrency", "N,N", 1, "Requests in flight at a time, one load point each (1).");
        Option<int?> promptTokens = Options.Whole("--prompt-tokens", "N", 1, int.MaxValue, "Prompt tokens of a request (128).");
        Option<int?> outputTokens = Options.Whole("--output-tokens", "N", 1, int.MaxValue, "Tokens to generate for a request (64).");
        Option<int?> requests = Options.Whole("--requests", "N", 1, int.MaxValue, "Requests of a load point.");
        Option<TimeSpan?> duration = Options.Seconds("--duration", "No request of a load point starts later than this.");
        Option<string?> model = Options.Text("--model", "NAME", "The model name to ask for; else the first that the server lists.");
        Option<string?> keyFile = Options.Text("--api-key-file", "FILE", "A file with the API key; else the variable LLMOPS_API_KEY.");
        Option<int?> warmup = Options.Whole("--warmup", "N", 0, int.MaxValue, "Requests a stream that are sent first and not counted (1).");
        BenchLoadOptions load = new();
        Option<string?> report = Options.Text("--report", "FILE", "Also write a report: .html, .md, .csv or .json by its ending.");
        Option<string?> output = Options.Text("--output", "FILE.json", "Also save the results with every request, for 'llmops report', 'llmops compare' and --baseline.");
        Option<string?> baseline = Options.Text("--baseline", "FILE.json", "Compare with these saved results, and show the differences with their noise.");
        Option<string[]> sweep = new("--sweep") { HelpName = "FLAG=V,V", Description = "Restart the server with each of these values and rank the results; several make a grid." };
        Option<int?> sweepLimit = Options.Whole("--sweep-limit", "N", 1, 10_000, "The most combinations of a sweep (32).");
        Option<ComparedFigure?> rankBy = Options.Choice<ComparedFigure>("--rank-by", "What a sweep is ranked by, at the highest load (output-tokens-per-second).");
        Option<bool> json = Options.Json();
        Command command = new("bench", "Measure a running server. 'llmops bench --definitions' says what each figure means and what the self-check found.")
        {
            target, concurrency, promptTokens, outputTokens, requests, duration, model, keyFile, warmup, report, output, baseline, sweep, sweepLimit, rankBy, json,
        };
        load.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(load.Definitions) || parsed.GetValue(load.SelfCheck))
            {
                RefuseOthers(parsed, command, parsed.GetValue(load.Definitions) ? load.Definitions : load.SelfCheck, json);
            }

            if (parsed.GetValue(load.Definitions))
            {
                return BenchDefinitions.Write(parsed.GetValue(json));
            }

            if (parsed.GetValue(load.SelfCheck))
            {
                return await BenchSelfCheck.RunAsync(parsed.GetValue(json), cancellationToken).ConfigureAwait(false);
            }

            string wanted = parsed.GetValue(target) ?? throw new LlmOpsException("bench needs the address or the name of a server; --self-check and --definitions need none.", "ServerNotNamed");
            IReadOnlyList<ThroughputResult> before = parsed.GetValue(baseline) is { } saved ? ResultFile.Read(saved) : [];
            IReadOnlyList<IReadOnlyDictionary<string, string>> combinations = parsed.GetValue(sweep) is { Length: > 0 } swept
                ? SweepGrid.Expand([.. swept.Select(SweepGrid.Parse)], parsed.GetValue(sweepLimit) ?? SweepGrid.DefaultLimit) : [];
            ComparedFigure figure = parsed.GetValue(rankBy) ?? ComparedFigure.OutputTokensPerSecond;
            BenchTarget server = BenchTarget.Find(wanted, ServerRegistry.Default);
            MeasurementOptions options = server.Setup(ServerRegistry.Default, cancellationToken);
            options = options with
            {
                Environment = (options.Environment ?? new MeasuredEnvironment()) with { MeasureCommand = ThisCommand() },
                Model = parsed.GetValue(model) ?? options.Model,
                ApiKey = parsed.GetValue(keyFile) is { } key ? ApiKeys.First(key) : options.ApiKey,
                Concurrency = parsed.GetList(concurrency) ?? options.Concurrency,
                PromptTokens = parsed.GetValue(promptTokens) ?? options.PromptTokens,
                OutputTokens = parsed.GetValue(outputTokens) ?? options.OutputTokens,
                Requests = parsed.GetValue(requests),
                Duration = parsed.GetValue(duration),
                Warmup = parsed.GetValue(warmup) ?? options.Warmup,
            };
            options = load.Apply(parsed, options);
            bool asJson = parsed.GetValue(json);
            IReadOnlyList<SweepPoint> points = combinations.Count == 0 ? [] : SweepRanking.Rank(
                await LiveProgress.RunAsync("sweeping", asJson, lines => new BenchSweep(server, options, combinations).RunAsync(lines, cancellationToken)).ConfigureAwait(false), figure);
            List<ThroughputResult> results = combinations.Count > 0
                ? [.. points.SelectMany(point => point.Results)]
                : await LiveProgress.RunAsync("measuring", asJson, lines => MeasureAsync(options, lines, cancellationToken)).ConfigureAwait(false);
            if (parsed.GetValue(output) is { } kept)
            {
                await File.WriteAllTextAsync(kept, ThroughputReport.ToJson(results), new UTF8Encoding(false), cancellationToken).ConfigureAwait(false);
                Console.Error.WriteLine($"results written to {kept}");
            }

            if (parsed.GetValue(report) is { } file)
            {
                await ReportCommand.WriteAsync(file, ThroughputReport.Write(ThroughputReport.FormatOf(file), results, null), cancellationToken).ConfigureAwait(false);
            }

            if (asJson)
            {
                JsonOutput.Write(points.Count > 0 ? BenchmarkingJson.Write(points) : ThroughputReport.ToJson(results));
            }
            else
            {
                ThroughputView.Write(Screen.Output, results);
                if (points.Count > 0)
                {
                    SweepView.Write(Screen.Output, points, figure);
                }
            }

            if (before.Count > 0)
            {
                // Beside JSON on standard output the differences are a remark for people.
                DifferenceView.Write(asJson ? Screen.Error : Screen.Output, ThroughputComparer.Compare(before, results));
            }

            // A server that answered nothing at all has failed; single errors are in the figures.
            return results.Exists(result => result.Requests > 0 && result.Errors == result.Requests) || (points.Count > 0 && results.Count == 0) ? ExitCode.ServerFailed : ExitCode.Success;
        });
        return command;
    }

    // Else somebody would read the figures of the fixed loads as those of the load that was asked for.
    private static void RefuseOthers(ParseResult parsed, Command command, Option wanted, Option json)
    {
        string? other = command.Options.FirstOrDefault(option => option != wanted && option != json && parsed.GetResult(option) is { Implicit: false })?.Name
            ?? command.Arguments.FirstOrDefault(argument => parsed.GetResult(argument) is { Implicit: false, Tokens.Count: > 0 })?.Name;
        if (other is not null)
        {
            throw new LlmOpsException($"{wanted.Name} measures no server and takes no other option; leave out {other}, or {wanted.Name} to measure with it", "MeasureAmbiguous");
        }
    }

    /// <summary>Measures all load points.</summary>
    public static async Task<List<ThroughputResult>> MeasureAsync(MeasurementOptions options, IProgress<string> lines, CancellationToken cancellationToken)
    {
        List<ThroughputResult> results = [];
        await foreach (ThroughputResult result in new ThroughputMeasurement(options).RunAsync(new MeasurementLines(lines), cancellationToken).ConfigureAwait(false))
        {
            results.Add(result);
        }

        return results;
    }

    /// <summary>This command as it was given, for reports. It holds no secret: keys travel by file.</summary>
    private static string ThisCommand() => ShellText.Line(new LaunchCommand("llmops", System.Environment.GetCommandLineArgs()[1..], new Dictionary<string, string>()));
}
