namespace LlmOps.Engines.Vllm;

/// <summary>The flags of <c>vllm serve</c> by version, from the table beside this file.</summary>
internal static class VllmFlags
{
    private static readonly Lazy<IReadOnlyList<Row>> s_rows = new(Read);
    private static readonly Lazy<IReadOnlyList<EngineFlag>> s_newest = new(() => Of(VllmVersion.Newest));

    /// <summary>The flags of the newest version known.</summary>
    public static IReadOnlyList<EngineFlag> OfNewest => s_newest.Value;

    /// <summary>The flags that <paramref name="version"/> takes. A version newer than all that are known takes those of the newest.</summary>
    public static IReadOnlyList<EngineFlag> Of(VllmVersion version) =>
    [
        .. s_rows.Value
            .Where(row => row.Since.CompareTo(version) <= 0 && (row.Until is not { } until || IsNotAfter(version, until)))
            .Select(row => new EngineFlag(row.Names, row.TakesValue ? "VALUE" : null, [.. row.Choices.Where(choice => choice.Since.CompareTo(version) <= 0).Select(choice => choice.Value)], "", null)),
    ];

    /// <summary>The versions that have <paramref name="flag"/> (with dashes), for a message: <c>0.15.0 and later</c>; null for one that none has.</summary>
    public static string? Versions(string flag)
    {
        Row? row = s_rows.Value.FirstOrDefault(candidate => candidate.Names.Contains(flag));
        return row is null ? null
            : row.Until is { } until ? $"{(row.Since.Minor == 0 ? "versions" : $"{row.Since}")} up to {until}"
            : row.Since.Minor == 0 ? "all versions" : $"{row.Since} and later";
    }

    private static bool IsNotAfter(VllmVersion version, VllmVersion until) => (version.Major, version.Minor).CompareTo((until.Major, until.Minor)) <= 0;

    private static List<Row> Read()
    {
        using Stream stream = typeof(VllmFlags).Assembly.GetManifestResourceStream("LlmOps.Engines.Vllm.vllm-flags.txt")
            ?? throw new InvalidOperationException("vllm-flags.txt is not embedded");
        using StreamReader reader = new(stream);
        List<Row> rows = [];
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0 && line[0] != '#')
            {
                rows.Add(Parse(line.Split(' ')));
            }
        }

        return rows;
    }

    private static Row Parse(string[] words)
    {
        List<string> names = [.. words[0].Split(',')];
        if (words[1] == "switch")
        {
            names.AddRange(words[0].Split(',').Where(name => name.StartsWith("--", StringComparison.Ordinal)).Select(name => "--no-" + name[2..]));
        }

        Choice[] choices = words.Length < 5 ? [] : [.. words[4].Split(',').Select(text => text.Split('@')).Select(parts => new Choice(parts[0], parts.Length > 1 ? Version(parts[1]) : default))];
        return new Row(names, words[1] == "value", Version(words[2]), words[3] == "-" ? null : Version(words[3]), choices);
    }

    private static VllmVersion Version(string text) => VllmVersion.Parse(text) ?? default;

    private sealed record Row(IReadOnlyList<string> Names, bool TakesValue, VllmVersion Since, VllmVersion? Until, IReadOnlyList<Choice> Choices);

    private sealed record Choice(string Value, VllmVersion Since);
}
