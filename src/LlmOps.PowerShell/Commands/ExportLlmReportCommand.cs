using System.Management.Automation;
using System.Text;
using LlmOps.Benchmarking;
using LlmOps.Binding;

namespace LlmOps.Commands;

/// <summary>Writes measurements as a report for people or for programs.</summary>
[Cmdlet(VerbsData.Export, "LlmReport", SupportsShouldProcess = true)]
[OutputType(typeof(string), typeof(FileInfo))]
public sealed class ExportLlmReportCommand : LlmOpsCommand
{
    private readonly List<ThroughputResult> _results = [];

    /// <summary>The measurements.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, HelpMessage = "The measurements (Measure-LlmThroughput).")]
    public ThroughputResult[] InputObject { get; set; } = [];

    /// <summary>The file to write; without it the text is the output.</summary>
    [Parameter(Position = 0, HelpMessage = "The file to write; without it the text is the output.")]
    [Alias("LiteralPath")]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The form; by the file's ending when left out, else Markdown.</summary>
    [Parameter(HelpMessage = "The form; by the file's ending (.md, .json, .csv) when left out, else Markdown.")]
    public ReportFormat? As { get; set; }

    /// <summary>What the heading of a Markdown report says was measured; the server's name when left out.</summary>
    [Parameter(HelpMessage = "What the heading of a Markdown report says was measured; the server's name when left out.")]
    [ValidateNotNullOrEmpty]
    public string? Title { get; set; }

    /// <summary>Do not replace a file that is there.</summary>
    [Parameter(HelpMessage = "Do not replace a file that is there.")]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Give the file written.</summary>
    [Parameter(HelpMessage = "Give the file written.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc />
    protected override void Process() => _results.AddRange(InputObject);

    /// <inheritdoc />
    protected override void End()
    {
        if (_results.Count == 0)
        {
            return;
        }

        if (Path is null)
        {
            WriteObject(Text(As ?? ReportFormat.Markdown));
            return;
        }

        string file = FilePaths.New(this, Path);
        if (NoClobber && File.Exists(file))
        {
            throw FilePaths.Exists(file);
        }

        if (ShouldProcess(file, "Write report"))
        {
            File.WriteAllText(file, Text(As ?? FormatOf(file)), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            if (PassThru)
            {
                WriteObject(new FileInfo(file));
            }
        }
    }

    private static ReportFormat FormatOf(string file) => System.IO.Path.GetExtension(file).ToUpperInvariant() switch
    {
        ".JSON" => ReportFormat.Json,
        ".CSV" => ReportFormat.Csv,
        _ => ReportFormat.Markdown,
    };

    private string Text(ReportFormat format) => format switch
    {
        ReportFormat.Json => ThroughputReport.ToJson(_results),
        ReportFormat.Csv => ThroughputReport.ToCsv(_results),
        _ => ThroughputReport.ToMarkdown(_results, new ReportContext { Title = Title }),
    };
}

/// <summary>The form of a report.</summary>
public enum ReportFormat
{
    /// <summary>A page for people.</summary>
    Markdown,

    /// <summary>A JSON array, one object for each load point.</summary>
    Json,

    /// <summary>Comma-separated values with a header line.</summary>
    Csv,
}
