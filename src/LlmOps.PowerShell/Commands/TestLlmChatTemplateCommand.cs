using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Configuration;
using LlmOps.Diagnostics.Templates;
using LlmOps.Models.Templates;
using LlmOps.Servers;

namespace LlmOps.Commands;

/// <summary>Says what chat templates do with messages of each role: by reading them, or by asking a running llama-server.</summary>
// The set of templates is the default: PowerShell would turn a template into text and bind that as a path before it tried the other sets.
[Cmdlet(VerbsDiagnostic.Test, "LlmChatTemplate", DefaultParameterSetName = TemplateSet)]
[OutputType(typeof(ChatTemplateFinding))]
public sealed class TestLlmChatTemplateCommand : ChatTemplateCommand
{
    private const string ServerSet = "Server";
    private const string UriSet = "Uri";

    /// <summary>A template.</summary>
    [Parameter(Mandatory = true, ParameterSetName = TemplateSet, ValueFromPipeline = true, HelpMessage = "A template (Get-LlmChatTemplate).")]
    public ChatTemplateText InputObject { get; set; } = null!;

    /// <summary>Running llama-servers to render conversations on.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ServerSet, HelpMessage = "Name of a running llama-server, with wildcards, or the server itself.")]
    [ServerNameTransformation]
    [ArgumentCompleter(typeof(ServerNameCompleter))]
    [SupportsWildcards]
    public string[] Server { get; set; } = [];

    /// <summary>The address of a llama-server.</summary>
    [Parameter(Mandatory = true, ParameterSetName = UriSet, HelpMessage = "The address of a llama-server, for example http://127.0.0.1:8080.")]
    public Uri? Uri { get; set; }

    /// <summary>A file with the API key; a server started here knows its own.</summary>
    [Parameter(ParameterSetName = ServerSet, HelpMessage = "A file with the API key; a server started by LlmOps knows its own.")]
    [Parameter(ParameterSetName = UriSet, HelpMessage = "A file with the API key; a server started by LlmOps knows its own.")]
    [ValidateNotNullOrEmpty]
    public string? ApiKeyFile { get; set; }

    /// <summary>Only these roles.</summary>
    [Parameter(HelpMessage = "Only these roles: system, developer, user, assistant, tool, reasoning, ...")]
    [ArgumentCompleter(typeof(MessageRoleCompleter))]
    public string[] Role { get; set; } = [];

    /// <inheritdoc />
    protected override void Process()
    {
        switch (ParameterSetName)
        {
            case TemplateSet:
                Attempt(InputObject, () => Process(InputObject));
                break;
            case UriSet:
                Attempt(Uri, () => Probe(Uri!, ApiKeyFile));
                break;
            case ServerSet:
                Each(Server, ServerRegistry.Default.Select, server => Probe(server.Endpoint, ApiKeyFile ?? server.ApiKeyFile));
                break;
            default:
                ProcessPaths();
                break;
        }
    }

    private protected override void Process(ChatTemplateText template) => Write(ChatTemplateAnalysis.Read(template.Text));

    private void Probe(Uri endpoint, string? keyFile)
    {
        using ChatTemplateProbe probe = new(endpoint, keyFile is null ? null : ApiKeys.First(FilePaths.Existing(this, keyFile)));
        Write(Await(probe.RunAsync));
    }

    private void Write(IReadOnlyList<ChatTemplateFinding> findings)
    {
        foreach (ChatTemplateFinding finding in findings.Where(finding => Role.Length == 0 || Role.Contains(finding.Role, StringComparer.OrdinalIgnoreCase)))
        {
            WriteObject(finding);
        }
    }
}
