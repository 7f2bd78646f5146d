using System.Management.Automation;
using System.Text;
using LlmOps.Binding;
using LlmOps.Diagnostics;
using LlmOps.Diagnostics.Reports;

namespace LlmOps.Commands;

/// <summary>Writes what checks found as a page for people or as JUnit's XML for build servers.</summary>
[Cmdlet(VerbsData.Export, "LlmCheckReport", SupportsShouldProcess = true)]
[OutputType(typeof(string), typeof(FileInfo))]
public sealed class ExportLlmCheckReportCommand : LlmOpsCommand
{
    private readonly List<CheckResult> _results = [];

    /// <summary>What was found.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, HelpMessage = "What was found (Test-LlmEnvironment, Test-LlmServerConfig).")]
    public CheckResult[] InputObject { get; set; } = [];

    /// <summary>The file to write; without it the text is the output.</summary>
    [Parameter(Position = 0, HelpMessage = "The file to write; without it the text is the output.")]
    [Alias("LiteralPath")]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The form; by the file's ending when left out, else Markdown.</summary>
    [Parameter(HelpMessage = "The form; by the file's ending (.xml is JUnit, .md Markdown) when left out, else Markdown.")]
    public CheckReportFormat? As { get; set; }

    /// <summary>What was checked.</summary>
    [Parameter(HelpMessage = "What the heading says was checked; this machine's name when left out.")]
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
        CheckReportContext context = Title is null ? new() : new() { Subject = Title };
        if (Path is null)
        {
            WriteObject(CheckReport.Write(As ?? CheckReportFormat.Markdown, _results, context));
            return;
        }

        string file = FilePaths.New(this, Path);
        if (NoClobber && File.Exists(file))
        {
            throw FilePaths.Exists(file);
        }

        if (ShouldProcess(file, "Write report"))
        {
            File.WriteAllText(file, CheckReport.Write(As ?? CheckReport.FormatOf(file), _results, context), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            if (PassThru)
            {
                WriteObject(new FileInfo(file));
            }
        }
    }
}
