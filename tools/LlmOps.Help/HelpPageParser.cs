namespace LlmOps.Help;

/// <summary>Reads the page of a cmdlet: see <c>docs/en-US/README.md</c> for its form.</summary>
internal static class HelpPageParser
{
    private static readonly string[] s_headings = ["Description", "Parameters", "Examples", "Inputs", "Outputs", "Related"];

    public static HelpPage Parse(string file, IEnumerable<string> lines)
    {
        IReadOnlyList<MarkdownSection> sections = MarkdownSections.Parse(lines);
        List<HelpProblem> problems = [];
        string part = string.Empty;
        MarkdownSection? top = null;
        Dictionary<string, MarkdownSection> parts = new(StringComparer.Ordinal);
        List<ParameterText> parameters = [];
        List<ExampleText> examples = [];
        foreach (MarkdownSection section in sections)
        {
            switch (section.Level)
            {
                case 1:
                    top = section;
                    break;
                case 2:
                    part = section.Title;
                    if (!s_headings.Contains(part) || !parts.TryAdd(part, section))
                    {
                        problems.Add(new HelpProblem(file, section.Line, $"the heading '{part}' is none of {string.Join(", ", s_headings)}, or stands there twice"));
                    }

                    break;
                case 3 when part == "Parameters":
                    parameters.Add(Parameter(section));
                    break;
                case 3 when part == "Examples":
                    examples.Add(Example(section));
                    break;
                default:
                    problems.Add(new HelpProblem(file, section.Line, $"the heading '{section.Title}' is below neither Parameters nor Examples"));
                    break;
            }
        }

        return new HelpPage(
            file,
            top?.Title ?? string.Empty,
            string.Join(' ', Paragraphs(top)),
            Paragraphs(parts.GetValueOrDefault("Description")),
            parameters,
            examples,
            Named(parts.GetValueOrDefault("Inputs")),
            Named(parts.GetValueOrDefault("Outputs")),
            [.. Items(parts.GetValueOrDefault("Related")).Select(item => item.Trim('`'))],
            problems);
    }

    private static ParameterText Parameter(MarkdownSection section) => new(
        section.Line,
        section.Title.TrimStart('-'),
        Paragraphs(section),
        Fact(section, "Default: "),
        Fact(section, "Unit: "));

    private static ExampleText Example(MarkdownSection section)
    {
        int code = section.Blocks.ToList().FindIndex(block => block is { Kind: MarkdownKind.Code, Language: "powershell" });
        return new ExampleText(
            section.Line,
            section.Title,
            code < 0 ? string.Empty : section.Blocks[code].Text,
            [.. section.Blocks.Where((_, index) => index != code).Select(block => block.Text)]);
    }

    private static IReadOnlyList<string> Paragraphs(MarkdownSection? section) =>
    [
        .. (section?.Blocks ?? [])
            .Where(block => !IsFact(block))
            .Select(block => block.Kind == MarkdownKind.Item ? "- " + block.Text : block.Text),
    ];

    private static bool IsFact(MarkdownBlock block) =>
        block.Kind == MarkdownKind.Item
        && (block.Text.StartsWith("Default: ", StringComparison.Ordinal) || block.Text.StartsWith("Unit: ", StringComparison.Ordinal));

    private static string? Fact(MarkdownSection section, string label) =>
        Items(section).FirstOrDefault(item => item.StartsWith(label, StringComparison.Ordinal))?[label.Length..];

    private static IEnumerable<string> Items(MarkdownSection? section) =>
        (section?.Blocks ?? []).Where(block => block.Kind == MarkdownKind.Item).Select(block => block.Text);

    // "- `Type`: what it means"
    private static Dictionary<string, string> Named(MarkdownSection? section)
    {
        Dictionary<string, string> named = new(StringComparer.Ordinal);
        foreach (string item in Items(section))
        {
            int colon = item.IndexOf(':', StringComparison.Ordinal);
            named[(colon < 0 ? item : item[..colon]).Trim('`', ' ')] = colon < 0 ? string.Empty : item[(colon + 1)..].Trim();
        }

        return named;
    }
}
