using LlmOps.Models.Templates;

namespace LlmOps.Core.Tests.Models.Templates;

public sealed class ChatTemplateAnalysisTests
{
    private const string Chain = """
        {%- for message in messages %}
            {%- if message.role == "system" %}S{{ message.content }}
            {%- elif message.role in ["user", "tool"] %}U{{ message.content }}
            {%- elif message.role == "assistant" %}A{{ message.content }}
            {%- else %}
                {{- raise_exception("Unexpected message role.") }}
            {%- endif %}
        {%- endfor %}
        """;

    [Fact]
    public void A_role_that_no_branch_names_is_refused_with_the_templates_words_and_line()
    {
        ChatTemplateFinding developer = Of(Chain, "developer");

        Assert.Equal((TemplateRoleStatus.Refused, 6), (developer.Status, developer.Line));
        Assert.Contains("'Unexpected message role.'", developer.Message, StringComparison.Ordinal);
        Assert.Contains("-AllowRole developer", developer.Remedy, StringComparison.Ordinal);
        Assert.All(["system", "user", "assistant", "tool"], role => Assert.Equal(TemplateRoleStatus.Accepted, Of(Chain, role).Status));
    }

    [Fact]
    public void The_variant_accepts_what_the_template_refused() =>
        Assert.Equal(TemplateRoleStatus.Accepted, Of(ChatTemplateRewriter.Allow(Chain, "developer", "system").Text, "developer").Status);

    [Theory]
    [InlineData("{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{{ m.role }}", "system", TemplateRoleStatus.Refused)]
    [InlineData("{{ '<|im_start|>' + message.role }}", "developer", TemplateRoleStatus.PassedThrough)]
    [InlineData("{% if m.role == 'user' %}{{ m.content }}{% endif %}", "developer", TemplateRoleStatus.Ignored)]
    [InlineData("{% if m.role not in ['user', 'assistant'] %}{{ raise_exception('no') }}{% endif %}", "tool", TemplateRoleStatus.Refused)]
    [InlineData("{% set known = ['system', 'developer'] %}{% if m.role in known %}S{% else %}{{ raise_exception('no') }}{% endif %}", "developer", TemplateRoleStatus.Accepted)]
    [InlineData("{% set known = ['system', 'developer'] %}{% if m.role in known %}S{% else %}{{ raise_exception('no') }}{% endif %}", "user", TemplateRoleStatus.Refused)]
    [InlineData("{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('alternate') }}{% endif %}", "user", TemplateRoleStatus.Unknown)]
    [InlineData("{% if m.role == 'system' and not loop.first %}{{ raise_exception('first') }}{% endif %}", "system", TemplateRoleStatus.Unknown)]
    [InlineData("{% if m.role == 'user' %}{{ m.content }}{% else %}{{ m.text }}{% endif %}", "tool", TemplateRoleStatus.Else)]
    [InlineData("{% if m.role != 'user' %}{{ x }}{% else %}{{ m.content }}{% endif %}", "tool", TemplateRoleStatus.Else)]
    [InlineData("{% if m.role == 'system' %}{% set kept = m.content %}{% endif %}{{ kept }}", "system", TemplateRoleStatus.Accepted)]
    [InlineData("{% if m.role == 'system' %}{% set kept = m.content %}{% endif %}", "system", TemplateRoleStatus.Unknown)]
    [InlineData("{% if m.role == 'system' %}{% set kept = 1 %}{% endif %}{{ m.role + m.content }}", "system", TemplateRoleStatus.Accepted)]
    [InlineData("{{ 'U' if m.role == 'user' else 'A' }}", "user", TemplateRoleStatus.Accepted)]
    [InlineData("{% for m in messages if m.role == 'tool' %}{{ m.content }}{% endfor %}", "tool", TemplateRoleStatus.Accepted)]
    [InlineData("{% if 'system' in roles %}{% endif %}", "system", TemplateRoleStatus.Unknown)]
    [InlineData("{{ messages }}", "user", TemplateRoleStatus.Unknown)]
    [InlineData("{% set r = m.role %}", "developer", TemplateRoleStatus.Unknown)]
    public void Each_kind_of_answer_is_told(string template, string role, TemplateRoleStatus status) => Assert.Equal(status, Of(template, role).Status);

    private static ChatTemplateFinding Of(string template, string role) => ChatTemplateAnalysis.Read(template).Single(finding => finding.Role == role);
}
