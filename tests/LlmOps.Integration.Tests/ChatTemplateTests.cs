using LlmOps.Diagnostics.Templates;
using LlmOps.Models.Templates;
using LlmOps.Servers;

namespace LlmOps.Integration.Tests;

public sealed class ChatTemplateTests(RealEngine real) : IClassFixture<RealEngine>
{
    // Newer servers send 'developer' on as 'system' themselves; a template that has this word is one that they leave alone.
    private const string LeftAlone = "{#- <|channel|> -#}";

    private const string Strict = LeftAlone + """
        {%- for message in messages %}
            {%- if message.role == 'system' %}{{ '<sys>' + message.content + '</sys>' }}
            {%- elif message.role == 'user' %}{{ '<user>' + message.content + '</user>' }}
            {%- elif message.role == 'assistant' %}{{ '<bot>' + (message.reasoning_content or '') + '|' + (message.content or '') + '</bot>' }}
            {%- elif message['role'] == 'tool' %}{{ '<tool>' + message.content + '</tool>' }}
            {%- else %}{{ raise_exception('Unexpected message role.') }}
            {%- endif %}
        {%- endfor %}
        """;

    [Fact]
    public async Task A_template_that_refuses_developer_accepts_it_once_rewritten_and_renders_it_like_system()
    {
        IReadOnlyList<ChatTemplateFinding> before = await RenderAsync("strict", Strict);
        IReadOnlyList<ChatTemplateFinding> after = await RenderAsync("allowed", ChatTemplateRewriter.Allow(Strict, "developer", "system").Text);

        ChatTemplateFinding refused = before.Single(finding => finding.Role == "developer");
        Assert.Equal(TemplateRoleStatus.Refused, refused.Status);
        Assert.Contains("Unexpected message role.", refused.Message, StringComparison.Ordinal);
        Assert.Equal((TemplateRoleStatus.Accepted, "rendered exactly like system"), Of(after, "developer"));
        Assert.All(["system", "user", "assistant", "tool", "reasoning"], role =>
        {
            Assert.Equal(TemplateRoleStatus.Accepted, Of(before, role).Status);
            Assert.Equal(TemplateRoleStatus.Accepted, Of(after, role).Status);
        });
    }

    private static (TemplateRoleStatus Status, string Message) Of(IReadOnlyList<ChatTemplateFinding> findings, string role)
    {
        ChatTemplateFinding finding = findings.Single(finding => finding.Role == role);
        return (finding.Status, finding.Message);
    }

    private async Task<IReadOnlyList<ChatTemplateFinding>> RenderAsync(string name, string template)
    {
        await using ServerHarness servers = new(real);
        string file = Path.Combine(real.Folder, name + ".jinja");
        await File.WriteAllTextAsync(file, template, TestContext.Current.CancellationToken);
        LlmServer server = await servers.StartAsync(servers.Plan(name, null, ("jinja", "true"), ("chat-template-file", file)));
        using ChatTemplateProbe probe = new(server.Endpoint, null);
        return await probe.RunAsync(TestContext.Current.CancellationToken);
    }
}
