using System.Text;
using LlmOps.Models;
using LlmOps.Models.Templates;

namespace LlmOps.Core.Tests.Models.Templates;

public sealed class ChatTemplateReaderTests : IDisposable
{
    private readonly ModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_gguf_file_gives_its_templates_by_name()
    {
        string path = _folder.Write("a.gguf", GgufHeader.ForModel("llama", 1).Text("tokenizer.chat_template", "A").Text("tokenizer.chat_template.tool_use", "B").Texts("tokenizer.chat_templates", ["tool_use"]));

        Assert.Equal([("default", "A"), ("tool_use", "B")], ChatTemplateReader.Read(path).Select(template => (template.Name, template.Text)));
        Assert.Equal("B", ChatTemplateReader.Read(path, "TOOL_USE").Text);
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => ChatTemplateReader.Read(path, "rag"));
        Assert.Equal("TemplateMissing", error.ErrorId);
        Assert.Contains("there is default, tool_use", error.Message);
    }

    [Fact]
    public void A_folder_gives_templates_from_all_their_places_and_the_own_file_hides_the_others()
    {
        Write("tokenizer_config.json", """{ "chat_template": [ { "name": "default", "template": "hidden" }, { "name": "rag", "template": "R" } ] }""");
        Write("chat_template.jinja", "J");
        Directory.CreateDirectory(_folder.PathOf("additional_chat_templates"));
        Write("additional_chat_templates/tool_use.jinja", "T");

        Assert.Equal(
            [("default", "J", "chat_template.jinja"), ("tool_use", "T", "additional_chat_templates/tool_use.jinja"), ("rag", "R", "tokenizer_config.json")],
            ChatTemplateReader.Read(_folder.Root).Select(template => (template.Name, template.Text, template.Source.Replace('\\', '/'))));
    }

    [Theory]
    [InlineData("tokenizer_config.json", """{ "chat_template": "X" }""")]
    [InlineData("chat_template.json", """{ "chat_template": "X" }""")]
    [InlineData("chat_template.json", """{ "chat_template": { "default": "X" } }""")]
    [InlineData("chat_template.jinja", "X")]
    public void One_place_is_enough(string file, string text)
    {
        Write("tokenizer_config.json", "{}");
        Write(file, text);

        Assert.Equal("X", Assert.Single(ChatTemplateReader.Read(_folder.Root)).Text);
    }

    [Fact]
    public void A_template_file_is_taken_as_it_is_and_a_model_without_one_is_told()
    {
        Write("own.jinja", "{{ messages }}\n");

        Assert.Equal("{{ messages }}\n", ChatTemplateReader.Read(_folder.PathOf("own.jinja"), null).Text);
        Assert.Equal("TemplateMissing", Assert.Throws<ModelFormatException>(() => ChatTemplateReader.Read(_folder.Write("a.gguf", GgufHeader.ForModel("llama", 1)))).ErrorId);
    }

    private void Write(string name, string text) => _folder.Write(name, Encoding.UTF8.GetBytes(text));
}
