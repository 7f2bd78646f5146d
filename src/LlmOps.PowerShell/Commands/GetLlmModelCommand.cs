using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Models;

namespace LlmOps.Commands;

/// <summary>Reads what model files say of themselves.</summary>
[Cmdlet(VerbsCommon.Get, "LlmModel", DefaultParameterSetName = PathSet)]
[OutputType(typeof(ModelDescription))]
public sealed class GetLlmModelCommand : LlmOpsCommand
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    /// <summary>GGUF file (any part of a split one) or model folder; wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, HelpMessage = "GGUF file (any part of a split one) or model folder, with wildcards.")]
    [ArgumentCompleter(typeof(ModelFileCompleter))]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>GGUF file or model folder, by its literal path.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true, HelpMessage = "GGUF file or model folder, by its literal path.")]
    [Alias("PSPath")]
    [ArgumentCompleter(typeof(ModelFileCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Describe a model whose weights are missing from its headers alone.</summary>
    [Parameter(HelpMessage = "Describe a model whose weights are missing from its headers alone; Defects says what is missing.")]
    public SwitchParameter AllowIncomplete { get; set; }

    /// <inheritdoc />
    protected override void Process()
    {
        bool literal = ParameterSetName == LiteralPathSet;
        Each(literal ? LiteralPath : Path, path => FilePaths.Existing(this, path, literal), file =>
        {
            ModelDescription model = ModelReader.Read(file, new ModelReadOptions(AllowIncomplete));
            WriteVerbose($"Read the headers of {model.Files.Count} files of {model.Name}; no weights.");
            WriteObject(model);
        });
    }
}
