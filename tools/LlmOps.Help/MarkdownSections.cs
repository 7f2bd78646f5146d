namespace LlmOps.Help;

/// <summary>A heading and what stands below it until the next one.</summary>
/// <param name="Line">Of the heading, from 1 on.</param>
/// <param name="Level">How many <c>#</c>.</param>
/// <param name="Title">The heading's text.</param>
/// <param name="Blocks">Paragraphs, lists and code, in order.</param>
internal sealed record MarkdownSection(int Line, int Level, string Title, IReadOnlyList<MarkdownBlock> Blocks);

/// <summary>A paragraph, a list item, or code.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Text">Of a paragraph or item on one line; of code as written.</param>
/// <param name="Language">What follows the fence; empty for anything else.</param>
internal sealed record MarkdownBlock(MarkdownKind Kind, string Text, string Language = "");

internal enum MarkdownKind
{
    Paragraph,
    Item,
    Code,
    TableRow,
}

/// <summary>Takes Markdown apart as far as help needs it: headings, paragraphs, lists of one level, tables and fenced code.</summary>
internal static class MarkdownSections
{
    public static IReadOnlyList<MarkdownSection> Parse(IEnumerable<string> lines)
    {
        List<MarkdownSection> sections = [];
        List<MarkdownBlock> blocks = [];
        List<string>? code = null;
        string language = string.Empty;
        bool open = false;
        int number = 0;
        foreach (string line in lines)
        {
            number++;
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                if (code is null)
                {
                    (code, language) = ([], line[3..].Trim());
                }
                else
                {
                    blocks.Add(new MarkdownBlock(MarkdownKind.Code, string.Join('\n', code), language));
                    code = null;
                }

                open = false;
            }
            else if (code is not null)
            {
                code.Add(line);
            }
            else if (line.StartsWith('#'))
            {
                int level = line.TakeWhile(letter => letter == '#').Count();
                blocks = [];
                sections.Add(new MarkdownSection(number, level, line[level..].Trim(), blocks));
                open = false;
            }
            else if (line.Trim().Length == 0)
            {
                open = false;
            }
            else
            {
                MarkdownKind? starts = line.StartsWith("- ", StringComparison.Ordinal) ? MarkdownKind.Item
                    : line.StartsWith('|') ? MarkdownKind.TableRow
                    : open ? null : MarkdownKind.Paragraph;
                if (starts is { } kind)
                {
                    blocks.Add(new MarkdownBlock(kind, kind == MarkdownKind.Item ? line[2..].Trim() : line.Trim()));
                    open = kind != MarkdownKind.TableRow;
                }
                else
                {
                    blocks[^1] = blocks[^1] with { Text = blocks[^1].Text + " " + line.Trim() };
                }
            }
        }

        return sections;
    }
}
