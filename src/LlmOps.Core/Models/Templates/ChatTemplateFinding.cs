namespace LlmOps.Models.Templates;

/// <summary>What a chat template does with messages of one kind.</summary>
/// <param name="Role">The kind of message: a role, or <c>reasoning</c> for an assistant's thoughts.</param>
/// <param name="Status">What happens to them.</param>
/// <param name="Message">One line that says it, with the place or the server's words.</param>
public sealed record ChatTemplateFinding(string Role, TemplateRoleStatus Status, string Message)
{
    /// <summary>Line of the template, from 1; null when there is no single one.</summary>
    public int? Line { get; init; }

    /// <summary>What to do about it; null where nothing needs to be done.</summary>
    public string? Remedy { get; init; }

    /// <summary>Where it was seen: <c>template</c> by reading it, else the address of the server that rendered it.</summary>
    public string Source { get; init; } = "template";
}

/// <summary>What a template does with a role.</summary>
public enum TemplateRoleStatus
{
    /// <summary>It is part of the prompt.</summary>
    Accepted,

    /// <summary>It is part of the prompt under its own name, which the model may never have seen.</summary>
    PassedThrough,

    /// <summary>It is part of the prompt by the branch for all roles that the template does not name, as whatever that branch makes of it.</summary>
    Else,

    /// <summary>It is left out of the prompt without a word.</summary>
    Ignored,

    /// <summary>The template raises an error.</summary>
    Refused,

    /// <summary>Reading the template does not tell; a server does.</summary>
    Unknown,
}
