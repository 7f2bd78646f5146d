namespace LlmOps.Help;

/// <summary>Says what pages leave out, or say that is no longer so.</summary>
internal static class HelpCheck
{
    /// <summary>So many examples show a cmdlet from more than its simplest side.</summary>
    public const int LeastExamples = 3;

    private static readonly string[] s_topics = ["about_LlmOps", "about_LlmOps_Planning", "about_LlmOps_Servers", "about_LlmOps_Measuring"];

    public static IReadOnlyList<HelpProblem> Run(IReadOnlyList<CmdletFacts> cmdlets, HelpSource help)
    {
        HashSet<string> known = [.. cmdlets.Select(cmdlet => cmdlet.Name), .. help.Topics.Select(topic => topic.Name)];
        List<HelpProblem> problems = [];
        foreach (CmdletFacts cmdlet in cmdlets)
        {
            problems.AddRange(help.Of(cmdlet.Name) is { } page
                ? Check(cmdlet, page, known)
                : [new HelpProblem(Path.Combine(help.Folder, cmdlet.Name + ".md"), 1, $"{cmdlet.Name} has no help; write this page (docs/en-US/README.md says how)")]);
        }

        foreach (HelpPage page in help.Pages.Where(page => cmdlets.All(cmdlet => cmdlet.Name != page.Name)))
        {
            problems.Add(new HelpProblem(page.File, 1, $"there is no cmdlet '{page.Name}'; the first line of a page is '# Verb-Noun'"));
        }

        problems.AddRange(s_topics.Where(topic => !known.Contains(topic))
            .Select(topic => new HelpProblem(Path.Combine(help.Folder, topic + ".md"), 1, $"the topic {topic} is missing")));
        problems.AddRange(help.Topics.SelectMany(topic => topic.Check(known)));
        return problems;
    }

    private static IEnumerable<HelpProblem> Check(CmdletFacts cmdlet, HelpPage page, HashSet<string> known)
    {
        HelpProblem At(int line, string message) => new(page.File, line, $"{cmdlet.Name} {message}");

        foreach (HelpProblem unreadable in page.Problems)
        {
            yield return unreadable;
        }

        if (page.Synopsis.Length == 0)
        {
            yield return At(1, "has no synopsis: a sentence below the first heading");
        }

        if (page.Description.Count == 0)
        {
            yield return At(1, "has no description: paragraphs below '## Description'");
        }

        foreach (ParameterFacts parameter in cmdlet.Parameters)
        {
            foreach (string message in page.Parameters.FirstOrDefault(text => text.Name == parameter.Name) is { } text
                ? ParameterCheck.Run(parameter, text)
                : ["is not explained; write '### -" + parameter.Name + "' below '## Parameters'"])
            {
                int line = page.Parameters.FirstOrDefault(text => text.Name == parameter.Name)?.Line ?? 1;
                yield return At(line, $"-{parameter.Name} {message}");
            }
        }

        foreach (ParameterText text in page.Parameters.Where(text => cmdlet.Parameters.All(parameter => parameter.Name != text.Name)))
        {
            yield return At(text.Line, $"-{text.Name} is explained, but the cmdlet has no such parameter");
        }

        if (page.Examples.Count < LeastExamples)
        {
            yield return At(1, $"has {page.Examples.Count} examples; write at least {LeastExamples}");
        }

        foreach (ExampleText example in page.Examples.Where(example => !example.Code.Contains(cmdlet.Name, StringComparison.Ordinal)))
        {
            yield return At(example.Line, $"is not in the code of the example '{example.Title}' (fenced as powershell)");
        }

        foreach (string message in Types("Inputs", cmdlet.Inputs, page.Inputs).Concat(Types("Outputs", cmdlet.Outputs, page.Outputs)))
        {
            yield return At(1, message);
        }

        if (page.Related.Count == 0)
        {
            yield return At(1, "has no related cmdlets or topics below '## Related'");
        }

        foreach (string name in page.Related.Where(name => !known.Contains(name)))
        {
            yield return At(1, $"is related to '{name}', which is neither a cmdlet nor a topic");
        }
    }

    private static IEnumerable<string> Types(string heading, IEnumerable<TypeFacts> types, IReadOnlyDictionary<string, string> texts)
    {
        List<string> names = [.. types.Select(type => type.Name)];
        return names.Where(name => !texts.TryGetValue(name, out string? text) || text.Length == 0)
            .Select(name => $"says nothing of {name}; write '- `{name}`: ...' below '## {heading}'")
            .Concat(texts.Keys.Where(name => !names.Contains(name)).Select(name => $"speaks of {name} below '## {heading}', which the cmdlet does not have there"));
    }
}
