using LlmOps.Models.Templates;

namespace LlmOps.Core.Tests.Models.Templates;

public sealed class ChatTemplateRolesTests
{
    [Theory]
    [InlineData("{% if message['role'] == 'user' %}{% elif message['role'] == 'assistant' %}", "user assistant")]
    [InlineData("{%- if message.role == \"developer\" or message.role != \"tool\" -%}", "developer tool")]
    [InlineData("{% if messages[0]['role'] == 'system' %}{% set x = 'user' %}", "system")]
    [InlineData("{% if message.role in ['system', \"developer\"] %}{% if role not in ('tool','function') %}", "system developer tool function")]
    [InlineData("{% if 'ipython' == message.role %}{% if \"tool\" != m[\"role\"] %}", "ipython tool")]
    [InlineData("{% if message.get('role') == 'user' %}{% if m.role|lower == 'model' %}", "user model")]
    [InlineData("{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('no user') }}", "user")]
    [InlineData("{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] }}", "")]
    [InlineData("{% if message.content == 'user' %}{% if parole == 'user' %}", "")]
    [InlineData("{% if message[\\\"role\\\"] == \\\"user\\\" %}", "user")]
    [InlineData("{% if message.role\n      == 'user' and m.role == 'user' %}", "user")]
    public void Roles_are_the_words_that_a_role_is_compared_with(string template, string roles) =>
        Assert.Equal(roles, string.Join(' ', ChatTemplateRoles.Find(template)));

    [Fact]
    public void A_hostile_template_takes_no_longer_than_its_length()
    {
        string blanks = "{{ m.role" + new string(' ', 1_000_000) + "x";
        string list = "{% if m.role in [" + string.Concat(Enumerable.Repeat("'a' ", 200_000));
        string chain = "{{ m" + string.Concat(Enumerable.Repeat(".role", 200_000));
        string open = "{{ " + string.Concat(Enumerable.Repeat("m.role[(", 100_000));

        Assert.Empty(ChatTemplateRoles.Find(blanks));
        Assert.Equal(["a"], ChatTemplateRoles.Find(list));
        Assert.Empty(ChatTemplateRoles.Find(chain));
        Assert.Empty(ChatTemplateRoles.Find(open));
    }
}
