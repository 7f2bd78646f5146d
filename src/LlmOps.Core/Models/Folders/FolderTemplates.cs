using System.Text;
using System.Text.Json;
using LlmOps.Models.Templates;

namespace LlmOps.Models.Folders;

/// <summary>Finds a model folder's chat templates in all the places that they are kept.</summary>
/// <remarks>
/// In the order in which transformers' <c>tokenization_utils_base.py</c> and <c>processing_utils.py</c> let one hide the other: <c>chat_template.jinja</c>
/// and <c>additional_chat_templates/*.jinja</c>, then <c>chat_template.json</c> of processors, then <c>tokenizer_config.json</c>: text, or a list of names.
/// </remarks>
internal static class FolderTemplates
{
    private const string Default = "default";

    /// <summary>The templates; the one named <c>default</c> first.</summary>
    /// <exception cref="ModelFormatException">One of the files is damaged.</exception>
    public static IReadOnlyList<ChatTemplateText> Read(string folder)
    {
        Dictionary<string, ChatTemplateText> found = new(StringComparer.Ordinal);
        Jinja(Path.Combine(folder, "chat_template.jinja"), Default);
        string more = Path.Combine(folder, "additional_chat_templates");
        foreach (string path in Directory.Exists(more) ? Directory.EnumerateFiles(more, "*.jinja").Order(StringComparer.Ordinal) : Enumerable.Empty<string>())
        {
            Jinja(path, Path.GetFileNameWithoutExtension(path));
        }

        foreach (string name in (ReadOnlySpan<string>)["chat_template.json", "processor_config.json", "tokenizer_config.json"])
        {
            string path = Path.Combine(folder, name);
            if (File.Exists(path) && ConfigJson.Property(FolderFile.ReadJson(path), "chat_template") is { } value)
            {
                Json(value, name);
            }
        }

        return [.. found.Values.OrderBy(template => template.Name != Default)];

        void Jinja(string path, string name)
        {
            if (File.Exists(path))
            {
                found.TryAdd(name, new ChatTemplateText(name, Encoding.UTF8.GetString(FolderFile.ReadAll(path)).TrimStart('\uFEFF'), Path.GetRelativePath(folder, path)));
            }
        }

        void Json(JsonElement value, string source)
        {
            switch (value.ValueKind)
            {
                case JsonValueKind.String:
                    found.TryAdd(Default, new ChatTemplateText(Default, value.GetString()!, source));
                    break;
                case JsonValueKind.Array:
                    foreach (JsonElement item in value.EnumerateArray())
                    {
                        Named(ConfigJson.Property(item, "name"), ConfigJson.Property(item, "template"), source);
                    }

                    break;
                case JsonValueKind.Object:
                    foreach (JsonProperty item in value.EnumerateObject())
                    {
                        Add(item.Name, item.Value, source);
                    }

                    break;
                default:
                    break;
            }
        }

        void Named(JsonElement? name, JsonElement? template, string source)
        {
            if (name is { ValueKind: JsonValueKind.String } && template is { } text)
            {
                Add(name.Value.GetString()!, text, source);
            }
        }

        void Add(string name, JsonElement template, string source)
        {
            if (template.ValueKind == JsonValueKind.String)
            {
                found.TryAdd(name, new ChatTemplateText(name, template.GetString()!, source));
            }
        }
    }
}
