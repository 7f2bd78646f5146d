using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Configuration;

namespace LlmOps.Commands;

/// <summary>Reads server configurations from YAML files.</summary>
[Cmdlet(VerbsData.Import, "LlmServerConfig", DefaultParameterSetName = PathSet)]
[OutputType(typeof(ServerConfig))]
public sealed class ImportLlmServerConfigCommand : LlmOpsCommand
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    /// <summary>YAML file; wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, HelpMessage = "YAML file, with wildcards.")]
    [ArgumentCompleter(typeof(ConfigFileCompleter))]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>YAML file, by its literal path.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true, HelpMessage = "YAML file, by its literal path.")]
    [Alias("PSPath")]
    [ArgumentCompleter(typeof(ConfigFileCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc />
    protected override void Process()
    {
        bool literal = ParameterSetName == LiteralPathSet;
        Each(literal ? LiteralPath : Path, path => FilePaths.Existing(this, path, literal), file =>
        {
            WriteVerbose($"Reading {file}.");
            WriteObject(ServerConfigFile.Read(file));
        });
    }
}
