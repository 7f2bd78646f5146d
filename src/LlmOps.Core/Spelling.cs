namespace LlmOps;

/// <summary>Finds what somebody probably meant to write.</summary>
public static class Spelling
{
    /// <summary>The candidate with the fewest changed letters, when that is few enough to be a slip; else null.</summary>
    public static string? Nearest(string written, IEnumerable<string> candidates)
    {
        string? nearest = null;
        int fewest = Math.Max(2, written.Length / 3) + 1;
        foreach (string candidate in candidates)
        {
            int changes = Distance(written.ToUpperInvariant(), candidate.ToUpperInvariant());
            if (changes < fewest)
            {
                (nearest, fewest) = (candidate, changes);
            }
        }

        return nearest;
    }

    /// <summary>Levenshtein distance: letters inserted, removed or replaced.</summary>
    private static int Distance(string a, string b)
    {
        int[] previous = [.. Enumerable.Range(0, b.Length + 1)];
        int[] current = new int[b.Length + 1];
        for (int i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                current[j] = Math.Min(replaced, Math.Min(previous[j], current[j - 1]) + 1);
            }

            (previous, current) = (current, previous);
        }

        return previous[b.Length];
    }
}
