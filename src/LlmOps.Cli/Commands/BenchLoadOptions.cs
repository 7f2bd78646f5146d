using System.CommandLine;
using LlmOps.Benchmarking;

namespace LlmOps.Cli.Commands;

/// <summary>The options of <c>llmops bench</c> that say how requests come and what they ask.</summary>
internal sealed class BenchLoadOptions
{
    private readonly Option<double[]?> _rate = Options.NumberList("--rate", "R,R", "Requests a second, one load point each, whether or not earlier ones are over.");
    private readonly Option<ArrivalProcess?> _arrival = Options.Choice<ArrivalProcess>("--arrival", "How requests of a rate come (poisson).");
    private readonly Option<double?> _burstiness = Options.Number("--burstiness", "B", "Shape of gamma arrivals: 1 is Poisson, less comes in bursts (1).");
    private readonly Option<int?> _inFlight = Options.Whole("--max-in-flight", "N", 1, int.MaxValue, "Most requests of a rate in flight; later ones queue, which counts.");
    private readonly Option<TimeSpan?> _ttft = Options.Seconds("--slo-ttft", "Objective: most time to first token.");
    private readonly Option<TimeSpan?> _tpot = Options.Seconds("--slo-tpot", "Objective: most time per output token.");
    private readonly Option<TimeSpan?> _itl = Options.Seconds("--slo-itl", "Objective: longest gap between two chunks.");
    private readonly Option<TimeSpan?> _e2e = Options.Seconds("--slo-e2e", "Objective: most end-to-end time.");
    private readonly Option<double?> _attainment = Options.Number("--slo-attainment", "SHARE", "Share of requests that must meet the objectives (0.99).");
    private readonly Option<LoadSearch?> _search = Options.Choice<LoadSearch>("--search", "Search for the knee, or for the highest load within the objectives.");
    private readonly Option<double?> _limit = Options.Number("--search-limit", "LOAD", "The highest load that a search tries.");
    private readonly Option<TimeSpan?> _ramp = Options.Seconds("--ramp", "The load grows for this long; nothing is counted meanwhile.");
    private readonly Option<TimeSpan?> _coolDown = Options.Seconds("--cool-down", "Keep the load up for at most this long while the last counted requests end.");
    private readonly Option<TimeSpan?> _grace = Options.Seconds("--grace", "What is under way at the end of --duration has this long to end, then it has failed (30).");
    private readonly Option<bool> _insecure = new("--insecure") { Description = "Do not check the certificate of an https server." };
    private readonly Option<CompletionApi?> _api = Options.Choice<CompletionApi>("--api", "The endpoint to ask (chat).");
    private readonly Option<int?> _shared = Options.Whole("--shared-prefix-tokens", "N", 0, int.MaxValue, "Prompt tokens that all requests have in common (0).");
    private readonly Option<string?> _file = Options.Text("--prompt-file", "FILE", "Prompts to use: JSON lines (messages, conversations, prompt), JSON array or plain lines.");
    private readonly Option<int?> _turns = Options.Whole("--turns", "N", 1, 1000, "Turns of a conversation (1).");
    private readonly Option<bool> _tools = new("--tool-calls") { Description = "Offer a tool and require its use." };
    private readonly Option<bool> _endOfText = new("--stop-at-end") { Description = "Let answers end where the model ends them; else they have the exact length." };
    private readonly Option<bool> _perChunk = new("--count-chunk-tokens") { Description = "Ask the server for the tokens of each chunk (longer chunks)." };
    private readonly Option<int?> _seed = Options.Whole("--seed", "N", 0, int.MaxValue, "The same prompts and arrivals in every run.");
    private readonly Option<TimeSpan?> _timeout = Options.Seconds("--request-timeout", "A request that takes longer has failed (600).");

    private readonly Option<TimeSpan?> _stall = Options.Seconds("--stall-timeout", "An answer that has begun and is silent for this long has failed (120).");

    /// <summary><c>--self-check</c>.</summary>
    public Option<bool> SelfCheck { get; } = new("--self-check") { Description = "Measure the measuring: against a local server that sends tokens on an exact schedule." };

    /// <summary><c>--definitions</c>.</summary>
    public Option<bool> Definitions { get; } = new("--definitions") { Description = "Say what each figure means, which public definition it matches, and what the self-check found." };

    /// <summary>Adds all of them.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in new Option[]
        {
            _rate, _arrival, _burstiness, _inFlight, _ttft, _tpot, _itl, _e2e, _attainment, _search, _limit, _ramp, _coolDown, _grace, _insecure,
            _api, _shared, _file, _turns, _tools, _endOfText, _perChunk, _seed, _timeout, _stall, SelfCheck, Definitions,
        })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The options with what was given.</summary>
    public MeasurementOptions Apply(ParseResult parsed, MeasurementOptions options)
    {
        ServiceLevel slo = new() { Ttft = parsed.GetValue(_ttft), Tpot = parsed.GetValue(_tpot), Itl = parsed.GetValue(_itl), E2e = parsed.GetValue(_e2e) };
        slo = parsed.GetValue(_attainment) is { } share ? slo with { Attainment = share } : slo;
        return options with
        {
            Rate = parsed.GetList(_rate) ?? [],
            Arrival = parsed.GetValue(_arrival) ?? options.Arrival,
            Burstiness = parsed.GetValue(_burstiness) ?? options.Burstiness,
            MaximumInFlight = parsed.GetValue(_inFlight),
            Slo = slo == new ServiceLevel() ? null : slo,
            Search = parsed.GetValue(_search) ?? LoadSearch.None,
            SearchLimit = parsed.GetValue(_limit),
            Ramp = parsed.GetValue(_ramp) ?? options.Ramp,
            CoolDown = parsed.GetValue(_coolDown) ?? options.CoolDown,
            Grace = parsed.GetValue(_grace) ?? options.Grace,
            SkipsCertificateCheck = parsed.GetValue(_insecure),
            Api = parsed.GetValue(_api) ?? options.Api,
            SharedPrefixTokens = parsed.GetValue(_shared) ?? 0,
            PromptFile = parsed.GetValue(_file),
            Turns = parsed.GetValue(_turns) ?? options.Turns,
            ToolCalls = parsed.GetValue(_tools),
            IgnoreEndOfText = !parsed.GetValue(_endOfText),
            CountTokensPerChunk = parsed.GetValue(_perChunk),
            Seed = parsed.GetValue(_seed),
            RequestTimeout = parsed.GetValue(_timeout) ?? options.RequestTimeout,
            StallTimeout = parsed.GetValue(_stall) ?? options.StallTimeout,
        };
    }
}
