using LlmOps.Diagnostics;
using LlmOps.Tests.Diagnostics.Faults;

namespace LlmOps.Benchmarks;

/// <summary>How many known failure lines lead to their cause, and whether any harmless line is called one.</summary>
internal static class FaultBenchmark
{
    private const double Wanted = 0.95;

    public static int Run(bool all)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "Faults");
        IReadOnlyList<FaultCase> recorded = FaultCase.Read(Path.Combine(folder, "recorded.json"));
        IReadOnlyList<FaultCase> variants = FaultCase.Read(Path.Combine(folder, "variants.json"));
        IReadOnlyList<FaultCase> sources = FaultCase.Read(Path.Combine(folder, "from-sources.json"));
        Console.Out.WriteLine("| case | right | first finding | severity | line |");
        Console.Out.WriteLine("|---|---|---|---|---|");
        foreach (FaultCase one in all ? recorded.Concat(variants).Concat(sources) : recorded)
        {
            (FaultFinding? first, bool right) = one.Judge();
            Console.Out.WriteLine($"| {one.Name ?? one.Cause ?? "harmless"}{(one.Exact ? string.Empty : " (retold)")} | {(right ? "yes" : "**no**")} | {first?.Id ?? "none"} | {first?.Severity.ToString() ?? "-"} | {Shorten(first?.Line ?? one.Lines[0])} |");
        }

        FaultCase[] causes = [.. variants.Where(one => one.Cause is not null)];
        FaultCase[] found = [.. sources.Where(one => one.Cause is not null)];
        FaultCase[] harmless = [.. variants.Concat(sources).Where(one => one.Cause is null)];
        Console.Out.WriteLine();
        Console.Out.WriteLine($"recorded failures: {Right(recorded)} of {recorded.Count} right ({100d * Right(recorded) / recorded.Count:0.0} %)");
        Console.Out.WriteLine($"variants: {Right(causes)} of {causes.Length} right");
        Console.Out.WriteLine($"from the engines' sources and issues: {Right(found)} of {found.Length} right");
        Console.Out.WriteLine($"harmless: {harmless.Length - Right(harmless)} of {harmless.Length} called a cause");
        return Right(recorded) >= Wanted * recorded.Count && Right(found) >= Wanted * found.Length && Right(harmless) == harmless.Length ? 0 : 1;
    }

    private static int Right(IEnumerable<FaultCase> cases) => cases.Count(one => one.Judge().Right);

    private static string Shorten(string line) => (line.Length <= 90 ? line : line[..90] + "...").Replace("|", "\\|", StringComparison.Ordinal);
}
