using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Diagnostics;
using LlmOps.Servers;

namespace LlmOps.Commands;

/// <summary>Finds out from logs why servers failed, and what to do about it.</summary>
[Cmdlet(VerbsDiagnostic.Resolve, "LlmServerFault", DefaultParameterSetName = NameSet)]
[OutputType(typeof(FaultFinding))]
public sealed class ResolveLlmServerFaultCommand : LlmOpsCommand
{
    private const string NameSet = "Name";
    private const string ServerSet = "Server";
    private const string TextSet = "Text";
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private readonly List<string> _lines = [];

    /// <summary>Names of servers, with wildcards, or the servers themselves.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = NameSet, HelpMessage = "Name of the server, with wildcards, or the server itself.")]
    [ServerNameTransformation]
    [ArgumentCompleter(typeof(ServerNameCompleter))]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    /// <summary>The servers. Not by property name, because files have a name too.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ServerSet, ValueFromPipeline = true, HelpMessage = "The server.")]
    public LlmServer[] Server { get; set; } = [];

    /// <summary>The text of a log, line by line.</summary>
    [Parameter(Mandatory = true, ParameterSetName = TextSet, ValueFromPipeline = true, HelpMessage = "The text of a log.")]
    [AllowEmptyString]
    public string[] InputObject { get; set; } = [];

    /// <summary>A log file; wildcards.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PathSet, HelpMessage = "A log file, with wildcards.")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(LogFileCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>A log file, by its literal path.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true, HelpMessage = "A log file, by its literal path.")]
    [Alias("PSPath")]
    [ArgumentCompleter(typeof(LogFileCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc />
    protected override void Process()
    {
        switch (ParameterSetName)
        {
            case TextSet:
                _lines.AddRange(InputObject.SelectMany(text => text.ReplaceLineEndings("\n").Split('\n')));
                break;
            case NameSet:
                Each(Name, ServerRegistry.Default.Select, Diagnose);
                break;
            case ServerSet:
                foreach (LlmServer server in Server)
                {
                    Attempt(server, () => Diagnose(server));
                }

                break;
            default:
                bool literal = ParameterSetName == LiteralPathSet;
                Each(literal ? LiteralPath : Path, path => FilePaths.Existing(this, path, literal), file => Diagnose(File.ReadLines(file), FaultContext.OfLog(file)));
                break;
        }
    }

    /// <inheritdoc />
    protected override void End()
    {
        if (ParameterSetName == TextSet)
        {
            Diagnose(_lines, FaultContext.ThisMachine);
        }
    }

    private void Diagnose(LlmServer server) => Diagnose(ServerLog.SinceStart(server), FaultContext.Of(server));

    private void Diagnose(IEnumerable<string> lines, FaultContext context)
    {
        IReadOnlyList<FaultFinding> findings = FaultAdvisor.Advise(FaultCatalogue.Default.Diagnose(lines), context);
        WriteVerbose(findings.Count == 0 ? "The log has no known failure." : $"Found {findings.Count} known lines, the most likely cause first.");
        WriteObject(findings, enumerateCollection: true);
    }
}
