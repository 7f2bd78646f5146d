namespace LlmOps.Help;

/// <summary>All pages: one for each cmdlet, and the topics.</summary>
/// <param name="Folder">Where they are.</param>
/// <param name="Pages">Of cmdlets.</param>
/// <param name="Topics">The <c>about_</c> ones.</param>
internal sealed record HelpSource(string Folder, IReadOnlyList<HelpPage> Pages, IReadOnlyList<AboutTopic> Topics)
{
    /// <summary>Reads the Markdown files of a folder; its README is about the folder.</summary>
    public static HelpSource Read(string folder)
    {
        List<HelpPage> pages = [];
        List<AboutTopic> topics = [];
        foreach (string file in Directory.GetFiles(folder, "*.md").Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileNameWithoutExtension(file);
            if (name.StartsWith("about_", StringComparison.Ordinal))
            {
                topics.Add(new AboutTopic(file, name, MarkdownSections.Parse(File.ReadLines(file))));
            }
            else if (name != "README")
            {
                pages.Add(HelpPageParser.Parse(file, File.ReadLines(file)));
            }
        }

        return new HelpSource(folder, pages, topics);
    }

    /// <summary>The page of a cmdlet; null when there is none.</summary>
    public HelpPage? Of(string cmdlet) => Pages.FirstOrDefault(page => page.Name == cmdlet);
}
