namespace LlmOps.StandIns.Vllm;

/// <summary>The flags that one version of <c>vllm serve</c> takes.</summary>
/// <remarks>The table is the product's, which is derived from vLLM's sources; the reading of it is the stand-in's own.</remarks>
internal sealed class FlagTable
{
    private readonly Dictionary<string, Row> _rows = new(StringComparer.Ordinal);

    /// <summary>What is known of a flag.</summary>
    /// <param name="Name">Its first long name.</param>
    /// <param name="Names">All names.</param>
    /// <param name="TakesValue">Whether a value follows.</param>
    /// <param name="IsOff">Whether this is the <c>--no-</c> form.</param>
    /// <param name="Choices">The values it takes; empty for any.</param>
    public sealed record Row(string Name, IReadOnlyList<string> Names, bool TakesValue, bool IsOff, IReadOnlyList<string> Choices);

    /// <summary>Every flag once.</summary>
    public IEnumerable<Row> All => _rows.Values.Distinct();

    /// <summary>The flags of a version, <c>0.21.0</c>.</summary>
    public static FlagTable Of(string version)
    {
        FlagTable table = new();
        int[] wanted = Parse(version);
        using StreamReader reader = new(typeof(FlagTable).Assembly.GetManifestResourceStream("vllm-flags.txt")!);
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            string[] words = line.Split(' ');
            if (Compare(Parse(words[2]), wanted) > 0 || (words[3] != "-" && Compare(Parse(words[3])[..2], wanted[..2]) < 0))
            {
                continue;
            }

            string[] names = words[0].Split(',');
            string[] choices = words.Length < 5 ? [] : [.. words[4].Split(',').Select(choice => choice.Split('@')).Where(choice => choice.Length == 1 || Compare(Parse(choice[1]), wanted) <= 0).Select(choice => choice[0])];
            table.Add(new Row(names[0], names, words[1] == "value", false, choices));
            if (words[1] == "switch")
            {
                table.Add(new Row(names[0], [.. names.Where(name => name.StartsWith("--", StringComparison.Ordinal)).Select(name => "--no-" + name[2..])], false, true, []));
            }
        }

        return table;
    }

    /// <summary>The flag of that name, underscores read as dashes; null when there is none.</summary>
    public Row? Find(string name) => _rows.GetValueOrDefault(name) ?? _rows.GetValueOrDefault(name.Replace('_', '-'));

    private void Add(Row row)
    {
        foreach (string name in row.Names)
        {
            _rows[name] = row;
        }
    }

    private static int[] Parse(string version)
    {
        int[] numbers = [0, 0, 0];
        string[] parts = version.Split('.');
        for (int part = 0; part < Math.Min(3, parts.Length); part++)
        {
            _ = int.TryParse(new string([.. parts[part].TakeWhile(char.IsAsciiDigit)]), out numbers[part]);
        }

        return numbers;
    }

    private static int Compare(int[] left, int[] right)
    {
        for (int part = 0; part < left.Length; part++)
        {
            if (left[part] != right[part])
            {
                return left[part].CompareTo(right[part]);
            }
        }

        return 0;
    }
}
