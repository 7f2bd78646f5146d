using System.CommandLine;
using System.Text;
using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Reports;
using LlmOps.Cli.Output;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops report</c>: makes a page, a table or a file of saved results.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        Argument<string[]> files = new("RESULTS.json") { Description = "What 'llmops bench --output' wrote; several are put together.", Arity = ArgumentArity.OneOrMore };
        (Option<bool> Option, ReportFormat Format)[] formats =
        [
            (new("--html") { Description = "One HTML page with charts that needs no network." }, ReportFormat.Html),
            (new("--markdown") { Description = "A page as text (the default)." }, ReportFormat.Markdown),
            (new("--csv") { Description = "A line for each load point." }, ReportFormat.Csv),
            (new("--request-csv") { Description = "A line for each request." }, ReportFormat.RequestCsv),
            (new("--json") { Description = "One JSON array, each request included." }, ReportFormat.Json),
        ];
        Option<string?> output = Options.Text("--output", "FILE", "The file to write; its ending tells the form when none is given.");
        output.Aliases.Add("-o");
        Option<string?> title = Options.Text("--title", "TEXT", "The heading; the server's name when left out.");
        Command command = new("report", "Make a report of saved measurements.") { files, output, title };
        foreach ((Option<bool> option, _) in formats)
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (formats.Count(format => result.GetValue(format.Option)) > 1)
            {
                result.AddError("name one form: --html, --markdown, --csv, --request-csv or --json");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            ThroughputResult[] results = [.. parsed.GetRequiredValue(files).SelectMany(ResultFile.Read)];
            string? file = parsed.GetValue(output);
            ReportFormat format = formats.Where(form => parsed.GetValue(form.Option)).Select(form => (ReportFormat?)form.Format).FirstOrDefault()
                ?? (file is null ? ReportFormat.Markdown : ThroughputReport.FormatOf(file));
            string text = ThroughputReport.Write(format, results, new ReportContext { Title = parsed.GetValue(title) });
            if (file is null)
            {
                JsonOutput.Write(text);
                return ExitCode.Success;
            }

            await WriteAsync(file, text, cancellationToken).ConfigureAwait(false);
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>Writes a report and says so.</summary>
    public static async Task WriteAsync(string file, string text, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(file, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), cancellationToken).ConfigureAwait(false);
        Console.Error.WriteLine($"report written to {file}");
    }
}
