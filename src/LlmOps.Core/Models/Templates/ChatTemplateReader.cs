using System.Text;
using LlmOps.Models.Folders;

namespace LlmOps.Models.Templates;

/// <summary>Finds chat templates: in a model, or a file that is one.</summary>
public static class ChatTemplateReader
{
    // Larger than any template; a model file given by mistake is not read whole.
    private const long Longest = 16L << 20;

    /// <summary>All templates, the one that is used first.</summary>
    /// <param name="path">A GGUF file, a model folder, or a template file (.jinja, .txt).</param>
    /// <exception cref="ModelFormatException">It cannot be read, or has no template (<c>TemplateMissing</c>).</exception>
    public static IReadOnlyList<ChatTemplateText> Read(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string full = Path.GetFullPath(path);
        if (File.Exists(full) && Path.GetExtension(full).ToUpperInvariant() is ".JINJA" or ".JINJA2" or ".J2" or ".TXT" or ".TMPL")
        {
            return [FromFile(full)];
        }

        IReadOnlyList<ChatTemplateText> templates = IsFolderWithoutWeights(full) ? FolderTemplates.Read(full) : ModelReader.ReadChatTemplates(full);
        return templates.Count > 0 ? templates : throw new ModelFormatException(
            full, "the model carries no chat template; take one from the model's authors and give its file to the server (chat-template-file)", "TemplateMissing")
        {
            Kind = ErrorKind.NotFound,
        };
    }

    /// <summary>One template by its name; the one that is used when <paramref name="name"/> is null.</summary>
    /// <param name="path">As for <see cref="Read(string)"/>.</param>
    /// <param name="name"><c>default</c>, <c>tool_use</c>, …</param>
    /// <exception cref="ModelFormatException">As for <see cref="Read(string)"/>, or there is none of that name.</exception>
    public static ChatTemplateText Read(string path, string? name)
    {
        IReadOnlyList<ChatTemplateText> all = Read(path);
        return name is null ? all[0] : all.FirstOrDefault(template => string.Equals(template.Name, name, StringComparison.OrdinalIgnoreCase)) ?? throw new ModelFormatException(
            path, $"no chat template is named '{name}'; there is {string.Join(", ", all.Select(template => template.Name))}", "TemplateMissing")
        {
            Kind = ErrorKind.NotFound,
        };
    }

    private static ChatTemplateText FromFile(string path)
    {
        return new FileInfo(path).Length <= Longest
            ? new ChatTemplateText("default", Encoding.UTF8.GetString(FolderFile.ReadAll(path)).TrimStart('\uFEFF'), path)
            : throw new ModelFormatException(path, "is far larger than a chat template; give a .jinja file or a model", "ModelInvalid");
    }

    // Of a model on another machine people copy the small files.
    private static bool IsFolderWithoutWeights(string path) =>
        Directory.Exists(path) && !Directory.EnumerateFiles(path, "*.gguf").Any()
        && (File.Exists(Path.Combine(path, "tokenizer_config.json")) || File.Exists(Path.Combine(path, "chat_template.jinja")) || File.Exists(Path.Combine(path, "chat_template.json")));
}
