using LlmOps.Benchmarking.Observation;

namespace LlmOps.Benchmarking;

/// <summary>What to measure: the server, the load points and the shape of a request.</summary>
public sealed record MeasurementOptions
{
    /// <summary>The server's address, such as <c>http://127.0.0.1:8080</c>; a trailing <c>/v1</c> is accepted.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>The server's name, or its address when it has none here; only shown.</summary>
    public required string ServerName { get; init; }

    /// <summary>The model name to ask for; null takes the first one that the server lists.</summary>
    public string? Model { get; init; }

    /// <summary>Sent as <c>Authorization: Bearer</c>; null sends none. It is never shown.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Load points of the closed loop, measured in this order: how many requests are in flight at a time. Where a search starts from the first.</summary>
    public IReadOnlyList<int> Concurrency { get; init; } = [1];

    /// <summary>Load points of an open loop: requests a second, whether or not earlier ones are over. When there are any, <see cref="Concurrency"/> is not used.</summary>
    public IReadOnlyList<double> Rate { get; init; } = [];

    /// <summary>How requests of an open loop come; a closed loop when there is no <see cref="Rate"/>.</summary>
    public ArrivalProcess Arrival { get; init; } = ArrivalProcess.Poisson;

    /// <summary>The gamma distribution's shape: 1 is Poisson, less comes in bursts, more is steadier.</summary>
    public double Burstiness { get; init; } = 1;

    /// <summary>The most requests of an open loop in flight at once; those due beyond it queue, and their latency counts from when they were due. Null means no limit.</summary>
    public int? MaximumInFlight { get; init; }

    /// <summary>What a request must meet; null for nothing.</summary>
    public ServiceLevel? Slo { get; init; }

    /// <summary>Load to search for, over the concurrency or, when a rate is given, over the rate.</summary>
    public LoadSearch Search { get; init; }

    /// <summary>The highest load that a search tries; null means 1,024 in flight, or 1,024 times the first rate.</summary>
    public double? SearchLimit { get; init; }

    /// <summary>For how long the load grows at the beginning of a point; requests due meanwhile are not counted.</summary>
    public TimeSpan Ramp { get; init; }

    /// <summary>For how long at most the load is kept up by requests that are not counted, while the last counted ones end.</summary>
    public TimeSpan CoolDown { get; init; }

    /// <summary>What is under way when the <see cref="Duration"/> is over has this long to end, or as long as the <see cref="CoolDown"/> when that is longer; then it has failed (<c>unfinished</c>).</summary>
    public TimeSpan Grace { get; init; } = DefaultGrace;

    /// <summary>Whether https is used with any certificate, as for a server that signed its own.</summary>
    public bool SkipsCertificateCheck { get; init; }

    /// <summary>Which endpoint to ask.</summary>
    public CompletionApi Api { get; init; }

    /// <summary>Prompt tokens that all requests have in common on purpose, so that the server's prefix cache can help; the rest is unique.</summary>
    public int SharedPrefixTokens { get; init; }

    /// <summary>A file of prompts to use in place of synthetic ones; null for synthetic ones.</summary>
    public string? PromptFile { get; init; }

    /// <summary>Requests of one conversation: each turn sends the earlier turns with the answers the server gave.</summary>
    public int Turns { get; init; } = 1;

    /// <summary>Whether requests offer a tool and ask for its use, so that answers are tool calls.</summary>
    public bool ToolCalls { get; init; }

    /// <summary>Whether the server is asked to ignore the end of the text, for answers of exactly <see cref="OutputTokens"/>.</summary>
    public bool IgnoreEndOfText { get; init; } = true;

    /// <summary>Whether the server is asked to count the tokens of each chunk, which makes every chunk longer (<c>timings_per_token</c>, <c>continuous_usage_stats</c>).</summary>
    public bool CountTokensPerChunk { get; init; }

    /// <summary>Makes prompts and arrivals the same in every run; null makes them new each time.</summary>
    public int? Seed { get; init; }

    /// <summary>Prompt tokens of each request as the server counts them, chat template included.</summary>
    public int PromptTokens { get; init; } = 128;

    /// <summary>Tokens to generate per request; the server is asked to ignore the end of the text.</summary>
    public int OutputTokens { get; init; } = 64;

    /// <summary>Requests per load point. Null means no limit when <see cref="Duration"/> is set, else four per stream and at least eight.</summary>
    public int? Requests { get; init; }

    /// <summary>No request starts later than this after the point began; those in flight are finished. Null means no limit.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Requests per stream sent before each point and not counted, so that connections and the server's slots are warm.</summary>
    public int Warmup { get; init; } = 1;

    /// <summary>What to look at beside the requests; null for nothing, so that only the requests are measured.</summary>
    public ObservationOptions? Observation { get; init; }

    /// <summary>What is measured on what, to be kept with the result; null when it is not known.</summary>
    public MeasuredEnvironment? Environment { get; init; }

    /// <summary>A request that takes longer than this has failed.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>An answer that has begun and then sends nothing for this long has failed: it stalled. Waiting for the first token is bounded by <see cref="RequestTimeout"/> only.</summary>
    public TimeSpan StallTimeout { get; init; } = DefaultStallTimeout;

    /// <summary>Whether .NET's own HTTP client is used even where the faster one could be.</summary>
    internal bool UsesSystemClient { get; init; }

    /// <summary>Thirty seconds, as AIPerf's <c>--benchmark-grace-period</c>.</summary>
    internal static TimeSpan DefaultGrace => TimeSpan.FromSeconds(30);

    /// <summary>How long a request may take that is sent before the measurement: a run of a set duration must not wait for it longer than that.</summary>
    internal TimeSpan PreparationTimeout => Duration is TimeSpan duration && duration + Grace < RequestTimeout ? duration + Grace : RequestTimeout;

    internal static TimeSpan DefaultStallTimeout => TimeSpan.FromMinutes(2);

    /// <summary>Whether requests come at their own times.</summary>
    internal bool IsOpenLoop => Rate.Count > 0;

    /// <summary>How many requests an open loop's point sends at most: ten seconds' worth and at least 20, when neither number nor time is given.</summary>
    internal int RequestLimitOf(double rate) =>
        Requests ?? (Duration is null ? Math.Max(20, (int)Math.Min(1_000_000, Math.Ceiling(10 * rate))) : int.MaxValue);

    /// <summary>How many requests a point sends at most.</summary>
    internal int RequestLimit(int concurrency) =>
        Requests ?? (Duration is null ? Math.Max(8, 4 * concurrency) : int.MaxValue);

    /// <exception cref="LlmOpsException">A value is out of range; the message names it.</exception>
    internal void Validate()
    {
        Require(Endpoint.IsAbsoluteUri && Endpoint.Scheme is "http" or "https", $"the endpoint '{Endpoint}' is not an http or https address");
        Require(ApiKey is null || IsHeaderText(ApiKey), "the API key is empty or holds a character that a header cannot carry; check the file or variable it comes from");
        Require(Concurrency.Count > 0, "no concurrency was given; give at least one value, such as 1");
        foreach (int concurrency in Concurrency)
        {
            Require(concurrency is > 0 and <= 100_000, $"concurrency {concurrency} is not between 1 and 100000");
        }

        foreach (double rate in Rate)
        {
            Require(rate is > 0 and <= 1_000_000, $"rate {rate} is not between 0 and 1000000 requests a second");
        }

        Require(!IsOpenLoop || Arrival != ArrivalProcess.ClosedLoop, "a rate needs arrivals: Constant, Poisson or Gamma");
        Require(Burstiness is > 0 and <= 1000, $"burstiness {Burstiness} is not between 0 and 1000");
        Require(MaximumInFlight is null or > 0, $"the most in flight {MaximumInFlight} is not positive");
        Require(Slo is null || !Slo.IsEmpty, "the objectives name none of Ttft, Tpot, Itl, E2e");
        Require(Slo is null || Slo.Attainment is > 0 and <= 1, $"the attainment {Slo?.Attainment} is not between 0 and 1");
        Require(Search != LoadSearch.Slo || Slo is not null, "a search for the highest load within objectives needs the objectives");
        Require(SearchLimit is null or > 0, $"the search limit {SearchLimit} is not positive");
        Require(Ramp >= TimeSpan.Zero && Ramp <= TimeSpan.FromDays(1), $"ramp {Ramp} is not between 0 and 1 day");
        Require(CoolDown >= TimeSpan.Zero && CoolDown <= TimeSpan.FromDays(1), $"cool-down {CoolDown} is not between 0 and 1 day");
        Require(Grace >= TimeSpan.Zero && Grace <= TimeSpan.FromDays(1), $"grace {Grace} is not between 0 and 1 day");
        Require(SharedPrefixTokens >= 0 && SharedPrefixTokens < PromptTokens, $"shared prefix tokens {SharedPrefixTokens} is not between 0 and the prompt's {PromptTokens}");
        Require(Turns is > 0 and <= 1000, $"turns {Turns} is not between 1 and 1000");
        Require(PromptFile is null || SharedPrefixTokens == 0, "a prompt file and a shared synthetic prefix exclude each other");
        Require(!ToolCalls || Api == CompletionApi.Chat, "tool calls need the chat endpoint");
        Require(PromptTokens > 0, $"prompt tokens {PromptTokens} is not positive");
        Require(OutputTokens > 0, $"output tokens {OutputTokens} is not positive");
        Require(Requests is null or > 0, $"requests {Requests} is not positive");
        Require(Duration is null || Duration > TimeSpan.Zero, $"duration {Duration} is not positive");
        Require(Warmup >= 0, $"warm-up {Warmup} is negative; 0 sends none");
        Require(RequestTimeout > TimeSpan.Zero && RequestTimeout <= TimeSpan.FromDays(1), $"request timeout {RequestTimeout} is not between 0 and 1 day");
        Require(StallTimeout > TimeSpan.Zero && StallTimeout <= TimeSpan.FromDays(1), $"stall timeout {StallTimeout} is not between 0 and 1 day");
    }

    private static bool IsHeaderText(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExceptInRange('!', '~');

    private static void Require(bool condition, string problem)
    {
        if (!condition)
        {
            throw new LlmOpsException($"Cannot measure: {problem}.", "InvalidMeasurementOption");
        }
    }
}
