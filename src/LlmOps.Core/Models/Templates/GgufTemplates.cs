using LlmOps.Models.Gguf;

namespace LlmOps.Models.Templates;

/// <summary>The chat templates of a GGUF file.</summary>
/// <remarks>Source: llama.cpp <c>gguf-py/gguf/constants.py</c>: <c>tokenizer.chat_template</c>, and one key with a name behind it for each further one.</remarks>
internal static class GgufTemplates
{
    private const string Key = "tokenizer.chat_template";

    public static IReadOnlyList<ChatTemplateText> Read(GgufMetadata metadata)
    {
        List<ChatTemplateText> templates = [];
        if (metadata.Text(Key) is { } usual)
        {
            templates.Add(new ChatTemplateText("default", usual, Key));
        }

        foreach (string key in metadata.Keys.Where(key => key.StartsWith(Key + ".", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            templates.Add(new ChatTemplateText(key[(Key.Length + 1)..], metadata.Text(key)!, key));
        }

        return templates;
    }
}
