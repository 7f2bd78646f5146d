using System.CommandLine;
using System.Text;
using LlmOps.Benchmarking;
using LlmOps.Cli.Output;
using LlmOps.Configuration;
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
        Option<string?> report = Options.Text("--report", "FILE.md", "Also write a report in Markdown.");
        Option<bool> json = Options.Json();
        Command command = new("bench", "Measure a running server.")
        {
            target, concurrency, promptTokens, outputTokens, requests, duration, model, keyFile, warmup, report, json,
        };
        load.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(load.SelfCheck))
            {
                return await BenchSelfCheck.RunAsync(parsed.GetValue(json), cancellationToken).ConfigureAwait(false);
            }

            string wanted = parsed.GetValue(target) ?? throw new LlmOpsException("bench needs the address or the name of a server; --self-check alone needs none.", "ServerNotNamed");
            BenchTarget server = BenchTarget.Find(wanted, ServerRegistry.Default);
            MeasurementOptions options = new() { Endpoint = server.Endpoint, ServerName = server.Name };
            options = options with
            {
                Model = parsed.GetValue(model) ?? server.Model,
                ApiKey = (parsed.GetValue(keyFile) ?? server.ApiKeyFile) is { } key ? ApiKeys.First(key) : ApiKeys.OfEnvironment,
                Concurrency = parsed.GetList(concurrency) ?? options.Concurrency,
                PromptTokens = parsed.GetValue(promptTokens) ?? options.PromptTokens,
                OutputTokens = parsed.GetValue(outputTokens) ?? options.OutputTokens,
                Requests = parsed.GetValue(requests),
                Duration = parsed.GetValue(duration),
                Warmup = parsed.GetValue(warmup) ?? options.Warmup,
            };
            options = load.Apply(parsed, options);
            List<ThroughputResult> results = await LiveProgress.RunAsync(
                "measuring", parsed.GetValue(json), lines => MeasureAsync(options, lines, cancellationToken)).ConfigureAwait(false);
            if (parsed.GetValue(report) is { } file)
            {
                await File.WriteAllTextAsync(file, ThroughputReport.ToMarkdown(results, null), new UTF8Encoding(false), cancellationToken).ConfigureAwait(false);
                Console.Error.WriteLine($"report written to {file}");
            }

            if (parsed.GetValue(json))
            {
                JsonOutput.Write(ThroughputReport.ToJson(results));
            }
            else
            {
                ThroughputView.Write(Screen.Output, results);
            }

            // A server that answered nothing at all has failed; single errors are in the figures.
            return results.Exists(result => result.Requests > 0 && result.Errors == result.Requests) ? ExitCode.ServerFailed : ExitCode.Success;
        });
        return command;
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

    private sealed class MeasurementLines(IProgress<string> lines) : IProgress<MeasurementProgress>
    {
        public void Report(MeasurementProgress value) => lines.Report(value.Activity);
    }
}
