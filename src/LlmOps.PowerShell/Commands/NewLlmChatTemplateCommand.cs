using System.Management.Automation;
using System.Text;
using LlmOps.Binding;
using LlmOps.Models.Templates;

namespace LlmOps.Commands;

/// <summary>Makes a chat template that accepts one more role, out of any other.</summary>
// The set of templates is the default: PowerShell would turn a template into text and bind that as a path before it tried the other sets.
[Cmdlet(VerbsCommon.New, "LlmChatTemplate", DefaultParameterSetName = TemplateSet, SupportsShouldProcess = true)]
[OutputType(typeof(TemplateVariant), typeof(FileInfo))]
public sealed class NewLlmChatTemplateCommand : ChatTemplateCommand
{
    /// <summary>A template.</summary>
    [Parameter(Mandatory = true, ParameterSetName = TemplateSet, ValueFromPipeline = true, HelpMessage = "A template (Get-LlmChatTemplate).")]
    public ChatTemplateText InputObject { get; set; } = null!;

    /// <summary>The role to accept.</summary>
    [Parameter(Mandatory = true, HelpMessage = "The role to accept, for example developer.")]
    [ArgumentCompleter(typeof(MessageRoleCompleter))]
    [ValidateNotNullOrEmpty]
    public string AllowRole { get; set; } = "";

    /// <summary>The role to treat it like.</summary>
    [Parameter(HelpMessage = "The role to treat it like; system when left out.")]
    [ArgumentCompleter(typeof(MessageRoleCompleter))]
    [ValidateNotNullOrEmpty]
    public string Like { get; set; } = "system";

    /// <summary>The file to write; without it the template is the output.</summary>
    [Parameter(HelpMessage = "The file to write (.jinja); without it the template is the output.")]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>Do not replace a file that is there.</summary>
    [Parameter(HelpMessage = "Do not replace a file that is there.")]
    public SwitchParameter NoClobber { get; set; }

    /// <inheritdoc />
    protected override void Process()
    {
        if (ParameterSetName == TemplateSet)
        {
            Attempt(InputObject, () => Process(InputObject));
            return;
        }

        ProcessPaths();
    }

    private protected override void Process(ChatTemplateText template)
    {
        TemplateVariant variant = TemplateVariant.Make(template, AllowRole, Like);
        if (variant.Warning is { } warning)
        {
            WriteWarning(warning);
        }

        if (Destination is null)
        {
            WriteObject(variant);
            return;
        }

        string file = FilePaths.New(this, Destination);
        if (NoClobber && File.Exists(file))
        {
            throw FilePaths.Exists(file);
        }

        if (ShouldProcess(file, $"Write a chat template that accepts '{AllowRole}'"))
        {
            File.WriteAllText(file, variant.Text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            WriteObject(new FileInfo(file));
        }
    }
}
