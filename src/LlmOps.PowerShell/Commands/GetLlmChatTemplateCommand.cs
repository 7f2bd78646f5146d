using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Models.Templates;

namespace LlmOps.Commands;

/// <summary>Takes the chat templates out of models.</summary>
[Cmdlet(VerbsCommon.Get, "LlmChatTemplate", DefaultParameterSetName = PathSet)]
[OutputType(typeof(ChatTemplateText))]
public sealed class GetLlmChatTemplateCommand : ChatTemplateCommand
{
    /// <inheritdoc />
    protected override void Process()
    {
        if (TemplateName is not null)
        {
            ProcessPaths();
            return;
        }

        Each(Path, path => FilePaths.Existing(this, path, literal: false), file => WriteObject(ChatTemplateReader.Read(file), enumerateCollection: true));
    }

    private protected override void Process(ChatTemplateText template) => WriteObject(template);
}
