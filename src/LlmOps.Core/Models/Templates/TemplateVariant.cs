namespace LlmOps.Models.Templates;

/// <summary>A template that was made to accept one more role.</summary>
/// <param name="Name">The name of the template that it was made from.</param>
/// <param name="Text">The new template.</param>
/// <param name="Source">Where the other one is from.</param>
/// <param name="Role">The role that it accepts now.</param>
/// <param name="Like">The role that it treats it like.</param>
/// <param name="Changes">Places that were rewritten; 0 where it accepted the role before.</param>
public sealed record TemplateVariant(string Name, string Text, string Source, string Role, string Like, int Changes) : ChatTemplateText(Name, Text, Source)
{
    /// <summary>What its user should know; null when there is nothing: the role that it is treated like may itself be refused.</summary>
    public string? Warning { get; init; }

    /// <summary>Makes the variant.</summary>
    /// <param name="template">The template to start from.</param>
    /// <param name="role">The role to allow.</param>
    /// <param name="like">The role to treat it like.</param>
    /// <exception cref="LlmOpsException">As for <see cref="ChatTemplateRewriter.Allow"/>.</exception>
    public static TemplateVariant Make(ChatTemplateText template, string role, string like)
    {
        (string text, int changes) = ChatTemplateRewriter.Allow(template.Text, role, like);
        ChatTemplateFinding? known = ChatTemplateAnalysis.Read(template.Text).FirstOrDefault(finding => finding.Role == like);
        return new TemplateVariant(template.Name, text, template.Source, role, like, changes)
        {
            Warning = changes == 0 ? $"the template names the role '{role}' already; it stays as it is"
                : known?.Status is TemplateRoleStatus.Refused or TemplateRoleStatus.Ignored ? $"the template takes no '{like}' message either ({known.Message}); another role may serve better, such as user"
                : null,
        };
    }
}
