using System.Text;

namespace LlmOps.Help;

/// <summary>A topic, which Get-Help shows as plain text.</summary>
/// <param name="File">Where it is written.</param>
/// <param name="Name">Its name: <c>about_LlmOps</c>.</param>
/// <param name="Sections">Its headings and what is below them.</param>
internal sealed record AboutTopic(string File, string Name, IReadOnlyList<MarkdownSection> Sections)
{
    // The narrowest terminal that help is read in.
    private const int Columns = 80;

    /// <summary>What is missing in it.</summary>
    public IEnumerable<HelpProblem> Check(IReadOnlySet<string> known)
    {
        if (Sections is not [{ Level: 1 } top, ..] || top.Title != Name)
        {
            yield return new HelpProblem(File, 1, $"{Name} must begin with '# {Name}'");
            yield break;
        }

        if (top.Blocks.Count == 0)
        {
            yield return new HelpProblem(File, top.Line, $"{Name} has no short description below its first heading");
        }

        if (Sections is not [.., { Title: "See also" } last] || last.Blocks.Count == 0)
        {
            yield return new HelpProblem(File, Sections[^1].Line, $"{Name} must end with '## See also' and a list");
            yield break;
        }

        foreach (MarkdownBlock item in last.Blocks.Where(item => !known.Contains(item.Text.Trim('`'))))
        {
            yield return new HelpProblem(File, last.Line, $"{Name} refers to '{item.Text}', which is neither a cmdlet nor a topic");
        }

        foreach (MarkdownSection section in Sections)
        {
            foreach (string line in section.Blocks.Where(block => block.Kind == MarkdownKind.Code).SelectMany(block => block.Text.Split('\n')).Where(line => line.Length > Columns - 8))
            {
                yield return new HelpProblem(File, section.Line, $"{Name} has code wider than {Columns - 8} columns below '{section.Title}': {line}");
            }
        }
    }

    /// <summary>In the form of PowerShell's own topics.</summary>
    public string ToText()
    {
        StringBuilder text = new();
        text.Append("TOPIC\n    ").Append(Name).Append("\n\nSHORT DESCRIPTION\n");
        foreach (MarkdownSection section in Sections)
        {
            if (section.Level > 1)
            {
                text.Append(section.Level == 2 ? section.Title.ToUpperInvariant() : "  " + section.Title).Append('\n');
            }

            MarkdownKind? before = null;
            foreach (MarkdownBlock block in section.Blocks)
            {
                // Items and rows of a table stand together; all else is apart.
                if (before is { } kind && !(kind == block.Kind && kind is MarkdownKind.Item or MarkdownKind.TableRow))
                {
                    text.Append('\n');
                }

                text.Append(TextOf(block)).Append('\n');
                before = block.Kind;
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    private static string TextOf(MarkdownBlock block) => block.Kind switch
    {
        MarkdownKind.Code => string.Join('\n', block.Text.Split('\n').Select(line => line.Length == 0 ? line : "        " + line)),
        MarkdownKind.Item => PlainText.Wrap(PlainText.Of(block.Text), Columns, "    - ", "      "),
        MarkdownKind.TableRow => "    " + PlainText.Of(block.Text),
        _ => PlainText.Wrap(PlainText.Of(block.Text), Columns, "    ", "    "),
    };
}
