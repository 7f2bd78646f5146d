using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmOps.Engines.Vllm.Reading;

/// <summary>Reads figures from single lines of vLLM. Wording of 0.10 to 0.27.</summary>
internal static partial class VllmFigureLines
{
    /// <summary>Adds what a line of a start tells.</summary>
    /// <param name="figures">What is known.</param>
    /// <param name="line">The line.</param>
    public static EngineFigures AddStart(EngineFigures figures, string line)
    {
        foreach ((string hint, Func<EngineFigures, string, EngineFigures?> read) in s_start)
        {
            if (line.Contains(hint, StringComparison.Ordinal) && read(figures, line) is { } now)
            {
                figures = now;
            }
        }

        return figures;
    }

    /// <summary>GiB of a line of the model runner or the worker, by which device they are kept: weights, pool or graphs.</summary>
    /// <returns>Null when the line tells none.</returns>
    public static (Place Place, long Bytes)? ReadBytes(string line)
    {
        if (!line.Contains("GiB", StringComparison.Ordinal))
        {
            return null;
        }

        return Size().Match(line) is not { Success: true } match ? null
            : (match.Groups["weights"].Success ? Place.Weights : match.Groups["pool"].Success || match.Groups["fixed"].Success ? Place.Pool : Place.Graphs,
                (long)(Decimal(match, "gib") * Bytes.GiB));
    }

    /// <summary>What the line about throughput tells; null when it is none.</summary>
    public static (string Engine, ThroughputFigures Figures)? ReadThroughput(string line)
    {
        if (!line.Contains("generation throughput: ", StringComparison.Ordinal) || Throughput().Match(line) is not { Success: true } match)
        {
            return null;
        }

        return (match.Groups["engine"].Value, new ThroughputFigures
        {
            PromptTokensPerSecond = Decimal(match, "prompt"),
            OutputTokensPerSecond = Decimal(match, "output"),
            Running = (int)Decimal(match, "running"),
            Waiting = (int)Decimal(match, "waiting"),
            KvCacheUsage = Share(match, "kv"),
            PrefixCacheHitRate = match.Groups["hit"].Success ? Share(match, "hit") : null,
        });
    }

    /// <summary>What the line about speculation tells; null when it is none.</summary>
    public static SpeculationFigures? ReadSpeculation(string line) =>
        line.Contains("SpecDecoding metrics: ", StringComparison.Ordinal) && Speculation().Match(line) is { Success: true } match
            ? new SpeculationFigures
            {
                MeanAcceptanceLength = Decimal(match, "length"),
                AcceptedTokensPerSecond = Decimal(match, "accepted"),
                DraftedTokensPerSecond = Decimal(match, "drafted"),
                AcceptanceRate = Share(match, "rate"),
                PositionAcceptanceRates = [.. match.Groups["positions"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(rate => double.Parse(rate, CultureInfo.InvariantCulture))],
            }
            : null;

    /// <summary>What memory a line tells of.</summary>
    public enum Place
    {
        /// <summary>Weights, a drafter's among them.</summary>
        Weights,

        /// <summary>The KV pool.</summary>
        Pool,

        /// <summary>CUDA graphs.</summary>
        Graphs,
    }

    private static readonly (string Hint, Func<EngineFigures, string, EngineFigures?> Read)[] s_start =
    [
        ("version ", (figures, line) => Match(Version(), line) is { } match ? figures with { Version = match.Groups["version"].Value } : null),
        ("LLM engine (v", (figures, line) => Match(Version(), line) is { } match ? figures with { Version = match.Groups["version"].Value } : null),
        ("backend", (figures, line) => Match(Backend(), line) is { } match ? figures with { AttentionBackend = match.Groups["backend"].Value } : null),
        ("Loading weights took ", (figures, line) => Match(Seconds(), line) is { } match ? figures with { WeightsSeconds = (figures.WeightsSeconds ?? 0) + Decimal(match, "seconds") } : null),
        ("torch.compile to", (figures, line) => Match(Seconds(), line) is { } match ? figures with { CompileSeconds = Decimal(match, "seconds") } : null),
        ("torch.compile takes ", (figures, line) => Match(Seconds(), line) is { } match ? figures with { CompileSeconds = Decimal(match, "seconds") } : null),
        ("Graph capturing finished in ", (figures, line) => Match(Seconds(), line) is { } match ? figures with { GraphSeconds = Decimal(match, "seconds") } : null),
        ("init engine (", (figures, line) => Match(Seconds(), line) is { } match ? figures with { InitSeconds = Decimal(match, "seconds") } : null),
        ("GPU KV cache size: ", (figures, line) => Match(PoolTokens(), line) is { } match ? figures with { KvCacheTokens = (long)Decimal(match, "tokens") } : null),
        ("Maximum concurrency for ", (figures, line) => Match(Concurrency(), line) is { } match ? figures with { RequestTokens = (long)Decimal(match, "tokens"), MaxConcurrency = Decimal(match, "times") } : null),
    ];

    private static Match? Match(Regex regex, string line) => regex.Match(line) is { Success: true } match ? match : null;

    // Percents have one digit after the point, so shares have three.
    private static double Share(Match match, string group) => Math.Round(Decimal(match, group) / 100, 4);

    private static double Decimal(Match match, string group) =>
        double.TryParse(match.Groups[group].ValueSpan, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out double value) ? value : 0;

    [GeneratedRegex(@"(vLLM API server version |LLM engine \(v|█ +version )(?<version>\d[\w.+]*)", RegexOptions.ExplicitCapture)]
    private static partial Regex Version();

    [GeneratedRegex(@"Using (AttentionBackendEnum\.)?(?<backend>[A-Z0-9_]+) (attention backend out of|backend\.)|Using (?<backend>.+?) backend on V1 engine", RegexOptions.ExplicitCapture)]
    private static partial Regex Backend();

    [GeneratedRegex(@"(took|takes|finished in) (?<seconds>[\d.]+) s(ec|\b)", RegexOptions.ExplicitCapture)]
    private static partial Regex Seconds();

    [GeneratedRegex(@"GPU KV cache size: (?<tokens>[\d,]+) tokens", RegexOptions.ExplicitCapture)]
    private static partial Regex PoolTokens();

    [GeneratedRegex(@"Maximum concurrency for (?<tokens>[\d,]+) tokens per request: (?<times>[\d.]+)x", RegexOptions.ExplicitCapture)]
    private static partial Regex Concurrency();

    [GeneratedRegex(@"((?<weights>Model loading took )|(?<pool>Available KV cache memory: )|(?<fixed>Initial free memory [\d.]+ ?GiB, reserved )|Graph capturing finished in \d+ secs, took )(?<gib>-?[\d.]+) ?GiB", RegexOptions.ExplicitCapture)]
    private static partial Regex Size();

    [GeneratedRegex(@"(Engine (?<engine>\d+): )?Avg prompt throughput: (?<prompt>[\d.]+) tokens/s, Avg generation throughput: (?<output>[\d.]+) tokens/s, Running: (?<running>\d+) reqs, Waiting: (?<waiting>\d+) reqs.*?GPU KV cache usage: (?<kv>[\d.]+)%(.*?Prefix cache hit rate: (?<hit>[\d.]+)%)?", RegexOptions.ExplicitCapture)]
    private static partial Regex Throughput();

    [GeneratedRegex(@"Mean acceptance length: (?<length>[\d.]+), Accepted throughput: (?<accepted>[\d.]+) tokens/s, Drafted throughput: (?<drafted>[\d.]+) tokens/s, .*?Per-position acceptance rate: (?<positions>[\d., ]+?), Avg Draft acceptance rate: (?<rate>[\d.]+)%", RegexOptions.ExplicitCapture)]
    private static partial Regex Speculation();
}
