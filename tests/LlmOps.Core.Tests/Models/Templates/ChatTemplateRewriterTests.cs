using LlmOps.Models.Templates;

namespace LlmOps.Core.Tests.Models.Templates;

public sealed class ChatTemplateRewriterTests
{
    [Theory]
    [InlineData("{% if message.role == \"system\" %}", "{% if message.role in ['system', 'developer'] %}")]
    [InlineData("{%- if message['role'] == 'system' -%}", "{%- if message['role'] in ['system', 'developer'] -%}")]
    [InlineData("{% if messages[0].role != 'system' and x %}", "{% if messages[0].role not in ['system', 'developer'] and x %}")]
    [InlineData("{% if 'system' == m.role %}", "{% if m.role in ['system', 'developer'] %}")]
    [InlineData("{% if (message.role) == 'system' %}", "{% if (message.role) in ['system', 'developer'] %}")]
    [InlineData("{% if message.role | lower | trim == 'system' %}", "{% if message.role | lower | trim in ['system', 'developer'] %}")]
    [InlineData("{% set role = m.role %}{% if role == 'system' %}", "{% set role = ('system' if m.role == 'developer' else m.role) %}{% if role in ['system', 'developer'] %}")]
    [InlineData("{% if m.get('role') == 'system' %}", "{% if m.get('role') in ['system', 'developer'] %}")]
    [InlineData("{% if message.role in ['user', 'system'] %}", "{% if message.role in ['user', 'system', 'developer'] %}")]
    [InlineData("{% if message.role not in (\"system\", \"user\") %}", "{% if message.role not in (\"system\", \"user\", 'developer') %}")]
    [InlineData("{% set known = ['system', 'user'] %}{% if message.role in known %}", "{% set known = ['system', 'user'] %}{% if message.role in known + ['developer'] %}")]
    [InlineData("{% if message.role is equalto 'system' %}", "{% if message.role in ['system', 'developer'] %}")]
    [InlineData("{% if message.role is not equalto('system') %}", "{% if message.role not in ['system', 'developer'] %}")]
    [InlineData("{% set s = messages | selectattr('role', 'equalto', 'system') | list %}", "{% set s = messages | selectattr('role', 'in', ['system', 'developer']) | list %}")]
    [InlineData("{% if 'system' in roles and m.role %}", "{% if ('system' in roles or 'developer' in roles) and ('system' if m.role == 'developer' else m.role) %}")]
    [InlineData("{% if m[\\\"role\\\"] == \\\"system\\\" %}", "{% if m[\\\"role\\\"] in [\\\"system\\\", \\\"developer\\\"] %}")]
    public void A_test_for_the_known_role_becomes_one_for_both(string template, string rewritten) =>
        Assert.Equal(rewritten, ChatTemplateRewriter.Allow(template, "developer", "system").Text);

    [Theory]
    [InlineData("{{ '<|im_start|>' + message.role + '\\n' }}", "{{ '<|im_start|>' + ('system' if message.role == 'developer' else message.role) + '\\n' }}")]
    [InlineData("{{ {'system': 'S', 'user': 'U'}[message['role']] }}", "{{ {'system': 'S', 'user': 'U'}[('system' if message['role'] == 'developer' else message['role'])] }}")]
    [InlineData("{%- set role = message.role -%}", "{%- set role = ('system' if message.role == 'developer' else message.role) -%}")]
    [InlineData("{% if messages[i].role != last.role %}", "{% if ('system' if messages[i].role == 'developer' else messages[i].role) != ('system' if last.role == 'developer' else last.role) %}")]
    [InlineData("{{ names[m.role] ~ (m.role | upper) }}", "{{ names[('system' if m.role == 'developer' else m.role)] ~ (('system' if m.role == 'developer' else m.role) | upper) }}")]
    public void A_role_that_is_printed_looked_up_or_assigned_reads_as_the_known_one(string template, string rewritten) =>
        Assert.Equal(rewritten, ChatTemplateRewriter.Allow(template, "developer", "system").Text);

    [Theory]
    [InlineData("{% if message.role == 'user' %}")]
    [InlineData("{% if message.role is defined %}")]
    [InlineData("{%- set ns.role = 'x' -%}{% if m.role == 'user' %}")]
    [InlineData("{# if message.role == 'system' #}{% if m.role == 'user' %}")]
    [InlineData("{% raw %}{{ m.role }}{% endraw %}{% if m.role == 'user' %}")]
    [InlineData("message.role == 'system' {% if m.role == 'user' %}")]
    [InlineData("{{ {'role': 'system', 'content': x} }}{% if m.role == 'user' %}")]
    [InlineData("{% if m.role == 'system' or m.role == 'developer' %}{{ m.role }}")]
    public void All_else_stays_as_it_is(string template) => Assert.Equal((template, 0), ChatTemplateRewriter.Allow(template, "developer", "system"));

    [Fact]
    public void The_role_to_be_like_can_be_chosen() =>
        Assert.Equal("{% if m.role in ['user', 'critic'] %}", ChatTemplateRewriter.Allow("{% if m.role == 'user' %}", "critic", "user").Text);

    [Theory]
    [InlineData("no template", "developer", "TemplateWithoutRoles")]
    [InlineData("{{ m.role }}", "a' or 'b", "TemplateRoleInvalid")]
    [InlineData("{{ m.role }}", "", "TemplateRoleInvalid")]
    public void What_cannot_be_rewritten_is_refused(string template, string role, string id) =>
        Assert.Equal(id, Assert.Throws<LlmOpsException>(() => ChatTemplateRewriter.Allow(template, role, "system")).ErrorId);

    [Fact]
    public void Random_templates_are_rewritten_in_bounded_time_and_without_other_errors()
    {
        string[] pieces = ["{%", "%}", "{{", "}}", "{#", "#}", "-", " m.role ", "['role']", ".get('role')", "==", "!=", " in ", " not ", "[", "]", "(", ")", "'system'", "'", "\"", "\\", "|", " is ", "set ", "if ", "else", "raise_exception(", "selectattr(", "'equalto'", ",", "\n"];
        Random random = new(7);
        for (int run = 0; run < 4000; run++)
        {
            string template = string.Concat(Enumerable.Range(0, random.Next(60)).Select(_ => pieces[random.Next(pieces.Length)]));
            ChatTemplateAnalysis.Read(template);
            try
            {
                ChatTemplateRewriter.Allow(template, "developer", "system");
            }
            catch (LlmOpsException refused)
            {
                Assert.Equal("TemplateWithoutRoles", refused.ErrorId);
            }
        }
    }
}
