namespace LlmOps.Engines.LlamaCpp;

/// <summary>Flags that versions of llama-server have had. Asked only where no binary is at hand; a binary's own help always wins.</summary>
internal static class KnownFlags
{
    private static readonly Lazy<Dictionary<string, KnownFlag>> s_flags = new(Read);

    /// <summary>The flag that is spelled <paramref name="name"/>, with or without dashes in front; null when no version had it.</summary>
    public static KnownFlag? Find(string name)
    {
        string bare = name.TrimStart('-');
        return s_flags.Value.GetValueOrDefault("--" + bare) ?? s_flags.Value.GetValueOrDefault("-" + bare);
    }

    /// <summary>The known long flag that is spelled most like <paramref name="name"/>; null when none is near.</summary>
    public static string? Nearest(string name) =>
        Spelling.Nearest("--" + name.TrimStart('-'), s_flags.Value.Keys.Where(known => known.StartsWith("--", StringComparison.Ordinal)));

    private static Dictionary<string, KnownFlag> Read()
    {
        using Stream stream = typeof(KnownFlags).Assembly.GetManifestResourceStream("LlmOps.Engines.LlamaCpp.known-flags.txt")
            ?? throw new InvalidOperationException("known-flags.txt is not embedded");
        using StreamReader reader = new(stream);
        Dictionary<string, KnownFlag> flags = new(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#') || line.Length == 0)
            {
                continue;
            }

            string[] words = line.Split(' ');
            bool takesValue = words[^1] == "=";
            KnownFlag flag = new(takesValue ? words[..^1] : words, takesValue);
            foreach (string name in flag.Names)
            {
                flags.TryAdd(name, flag);
            }
        }

        return flags;
    }
}

/// <summary>A flag of one version or another.</summary>
/// <param name="Names">Its spellings, with dashes.</param>
/// <param name="TakesValue">Whether a value follows it.</param>
internal sealed record KnownFlag(IReadOnlyList<string> Names, bool TakesValue);
