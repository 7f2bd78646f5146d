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
    [Parameter(Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, HelpMessage = "The measurements (Measure-LlmThroughput), or the points of a sweep.")]
    [Alias("Results")]
    [ResultTransformation]
    public ThroughputResult[] InputObject { get; set; } = [];

    /// <summary>The file to write; without it the text is the output.</summary>
    [Parameter(Position = 0, HelpMessage = "The file to write; without it the text is the output.")]
    [Alias("LiteralPath")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ReportFileCompleter))]
    public string? Path { get; set; }

    /// <summary>The form; by the file's ending when left out, else Markdown.</summary>
    [Parameter(HelpMessage = "The form; by the file's ending (.html, .md, .json, .csv) when left out, else Markdown.")]
    public ReportFormat? As { get; set; }

    /// <summary>What the heading of a page says was measured; the server's name when left out.</summary>
    [Parameter(HelpMessage = "What the heading of a page says was measured; the server's name when left out.")]
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
            File.WriteAllText(file, Text(As ?? ThroughputReport.FormatOf(file)), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            WriteVerbose($"Wrote {file}.");
            if (PassThru)
            {
                WriteObject(new FileInfo(file));
            }
        }
    }

    private string Text(ReportFormat format) => ThroughputReport.Write(format, _results, new ReportContext { Title = Title });
}
