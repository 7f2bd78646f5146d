using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Models.Templates;

namespace LlmOps.Commands;

/// <summary>The base of the cmdlets that take chat templates: from models, template files, or other cmdlets.</summary>
public abstract class ChatTemplateCommand : LlmOpsCommand
{
    /// <summary>Templates named by path.</summary>
    protected const string PathSet = "Path";

    /// <summary>Templates by the pipeline.</summary>
    protected const string TemplateSet = "Template";

    /// <summary>A model (GGUF file or folder) or a template file; wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "A model (GGUF file or folder) or a template file (.jinja), with wildcards.")]
    [ArgumentCompleter(typeof(TemplateFileCompleter))]
    [Alias("PSPath", "Model")]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Of a model with several templates, the one of this name.</summary>
    [Parameter(ParameterSetName = PathSet, HelpMessage = "Of a model with several templates, the one of this name: default, tool_use, ...")]
    [ValidateNotNullOrEmpty]
    public string? TemplateName { get; set; }

    /// <summary>What to do with one template.</summary>
    /// <param name="template">The template.</param>
    private protected abstract void Process(ChatTemplateText template);

    /// <summary>Does it for each template that the paths name.</summary>
    protected void ProcessPaths() => Each(Path, path => FilePaths.Existing(this, path, literal: false), file => Process(ChatTemplateReader.Read(file, TemplateName)));
}
