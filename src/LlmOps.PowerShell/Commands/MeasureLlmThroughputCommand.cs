using System.Collections;
using System.Management.Automation;
using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Comparison;
using LlmOps.Benchmarking.Judgement;
using LlmOps.Benchmarking.Observation;
using LlmOps.Benchmarking.SelfCheck;
using LlmOps.Benchmarking.Sweeps;
using LlmOps.Binding;
using LlmOps.Configuration;
using LlmOps.Servers;

namespace LlmOps.Commands;

/// <summary>Measures what servers deliver: time to first token, time per token, tokens a second, at one load point after the other.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "LlmThroughput", DefaultParameterSetName = ServerSet)]
[OutputType(typeof(ThroughputResult), typeof(SweepPoint), ParameterSetName = [ServerSet, UriSet])]
[OutputType(typeof(SelfCheckResult), ParameterSetName = [SelfCheckSet])]
[OutputType(typeof(FigureDefinition), ParameterSetName = [DefinitionSet])]
public sealed class MeasureLlmThroughputCommand : LlmOpsCommand
{
    private const string ServerSet = "Server";
    private const string UriSet = "Uri";
    private const string SelfCheckSet = "SelfCheck";
    private const string DefinitionSet = "Definition";

    /// <summary>The servers to measure, or their names with wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ServerSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Name of the server, with wildcards, or the server itself.")]
    [Alias("InputObject")]
    [ServerNameTransformation]
    [ArgumentCompleter(typeof(ServerNameCompleter))]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    /// <summary>The address of any OpenAI-compatible server.</summary>
    [Parameter(Mandatory = true, ParameterSetName = UriSet, HelpMessage = "The address of any OpenAI-compatible server, for example http://127.0.0.1:8080.")]
    public Uri? Uri { get; set; }

    /// <summary>The model name to ask for; the first that the server lists when left out.</summary>
    [Parameter(HelpMessage = "The model name to ask for; the first that the server lists when left out.")]
    [ValidateNotNullOrEmpty]
    public string? Model { get; set; }

    /// <summary>Requests in flight at a time; one load point each.</summary>
    [Parameter(HelpMessage = "Requests in flight at a time; one load point each.")]
    [ValidateRange(1, 100_000)]
    public int[] Concurrency { get; set; } = [1];

    /// <summary>Tokens in each prompt.</summary>
    [Parameter(HelpMessage = "Tokens in each prompt.")]
    [ValidateRange(1, int.MaxValue)]
    public int PromptTokens { get; set; } = 128;

    /// <summary>Tokens to generate for each request.</summary>
    [Parameter(HelpMessage = "Tokens to generate for each request.")]
    [ValidateRange(1, int.MaxValue)]
    public int OutputTokens { get; set; } = 64;

    /// <summary>Requests per load point.</summary>
    [Parameter(HelpMessage = "Requests per load point; four for each one in flight, and at least eight, when left out.")]
    [ValidateRange(1, int.MaxValue)]
    public int? Request { get; set; }

    /// <summary>Start no request later than this many seconds into a load point.</summary>
    [Parameter(HelpMessage = "Start no request later than this many seconds into a load point.")]
    [ValidateRange(1, 86400)]
    public int? DurationSec { get; set; }

    /// <summary>Requests for each one in flight that are sent first and not counted.</summary>
    [Parameter(HelpMessage = "Requests for each one in flight that are sent first and not counted.")]
    [ValidateRange(0, 1000)]
    public int Warmup { get; set; } = 1;

    /// <summary>A file with the API key; a server started here knows its own.</summary>
    [Parameter(HelpMessage = "A file with the API key; a server started by LlmOps knows its own.")]
    [ValidateNotNullOrEmpty]
    public string? ApiKeyFile { get; set; }

    /// <summary>Requests a second, one load point each, whether or not earlier ones are over.</summary>
    [Parameter(HelpMessage = "Requests a second, one load point each, whether or not earlier ones are over.")]
    [ValidateRange(0.000001, 1_000_000)]
    public double[] Rate { get; set; } = [];

    /// <summary>How the requests of a rate come: Constant, Poisson or Gamma.</summary>
    [Parameter(HelpMessage = "How the requests of a rate come: Constant, Poisson or Gamma.")]
    [ValidateSet(nameof(ArrivalProcess.Constant), nameof(ArrivalProcess.Poisson), nameof(ArrivalProcess.Gamma))]
    public ArrivalProcess Arrival { get; set; } = ArrivalProcess.Poisson;

    /// <summary>Shape of gamma arrivals: 1 is Poisson, less comes in bursts, more is steadier.</summary>
    [Parameter(HelpMessage = "Shape of gamma arrivals: 1 is Poisson, less comes in bursts, more is steadier.")]
    [ValidateRange(0.001, 1000)]
    public double Burstiness { get; set; } = 1;

    /// <summary>The most requests of a rate in flight; those due beyond it queue, which their latency shows.</summary>
    [Parameter(HelpMessage = "The most requests of a rate in flight; those due beyond it queue, which their latency shows.")]
    [ValidateRange(1, 1_000_000)]
    public int? MaximumInFlight { get; set; }

    /// <summary>Objectives for each request, in seconds or as time spans: @{ Ttft = 0.5; Tpot = 0.05 }; also Itl, E2e, and Attainment, the share that must meet them.</summary>
    [Parameter(HelpMessage = "Objectives for each request, in seconds or as time spans: @{ Ttft = 0.5; Tpot = 0.05 }; also Itl, E2e, and Attainment, the share that must meet them.")]
    [OptionTransformation]
    [ArgumentCompleter(typeof(ObjectiveCompleter))]
    public IDictionary? Slo { get; set; }

    /// <summary>Search for the knee, or for the highest load within the objectives.</summary>
    [Parameter(HelpMessage = "Search for the knee, or for the highest load within the objectives.")]
    public LoadSearch Search { get; set; }

    /// <summary>The highest load that a search tries.</summary>
    [Parameter(HelpMessage = "The highest load that a search tries.")]
    [ValidateRange(0.000001, 1_000_000)]
    public double? SearchLimit { get; set; }

    /// <summary>The load grows for this many seconds; nothing is counted meanwhile.</summary>
    [Parameter(HelpMessage = "The load grows for this many seconds; nothing is counted meanwhile.")]
    [ValidateRange(0, 86400)]
    public double RampSec { get; set; }

    /// <summary>Keep the load up for at most this many seconds while the last counted requests end.</summary>
    [Parameter(HelpMessage = "Keep the load up for at most this many seconds while the last counted requests end.")]
    [ValidateRange(0, 86400)]
    public double CoolDownSec { get; set; }

    /// <summary>What is under way when the duration is over has this many seconds to end, then it has failed.</summary>
    [Parameter(HelpMessage = "What is under way when the duration is over has this many seconds to end, then it has failed.")]
    [ValidateRange(0, 86400)]
    public double GraceSec { get; set; } = 30;

    /// <summary>Do not check the certificate of an https server.</summary>
    [Parameter(HelpMessage = "Do not check the certificate of an https server.")]
    public SwitchParameter SkipCertificateCheck { get; set; }

    /// <summary>The endpoint to ask: Chat or Completions.</summary>
    [Parameter(HelpMessage = "The endpoint to ask: Chat or Completions.")]
    public CompletionApi Api { get; set; }

    /// <summary>Prompt tokens that all requests have in common, so that the prompt cache can help.</summary>
    [Parameter(HelpMessage = "Prompt tokens that all requests have in common, so that the prompt cache can help.")]
    [ValidateRange(0, int.MaxValue)]
    public int SharedPrefixTokens { get; set; }

    /// <summary>A file of prompts: JSON lines with messages, conversations or prompt, a JSON array of such, or plain lines.</summary>
    [Parameter(HelpMessage = "A file of prompts: JSON lines with messages, conversations or prompt, a JSON array of such, or plain lines.")]
    [ValidateNotNullOrEmpty]
    public string? PromptFile { get; set; }

    /// <summary>Turns of each conversation; each sends the earlier turns with the answers that the server gave.</summary>
    [Parameter(HelpMessage = "Turns of each conversation; each sends the earlier turns with the answers that the server gave.")]
    [ValidateRange(1, 1000)]
    public int Turn { get; set; } = 1;

    /// <summary>Offer a tool and require its use, so that answers are tool calls.</summary>
    [Parameter(HelpMessage = "Offer a tool and require its use, so that answers are tool calls.")]
    public SwitchParameter ToolCall { get; set; }

    /// <summary>Let answers end where the model ends them; else they have the exact length.</summary>
    [Parameter(HelpMessage = "Let answers end where the model ends them; else they have the exact length.")]
    public SwitchParameter StopAtEnd { get; set; }

    /// <summary>Ask the server for the tokens of each chunk, which makes every chunk longer.</summary>
    [Parameter(HelpMessage = "Ask the server for the tokens of each chunk, which makes every chunk longer.")]
    public SwitchParameter CountChunkTokens { get; set; }

    /// <summary>Makes prompts and arrivals the same in every run.</summary>
    [Parameter(HelpMessage = "Makes prompts and arrivals the same in every run.")]
    public int? Seed { get; set; }

    /// <summary>A request that takes longer has failed.</summary>
    [Parameter(HelpMessage = "A request that takes longer has failed.")]
    [ValidateRange(1, 86400)]
    public int RequestTimeoutSec { get; set; } = 600;

    /// <summary>An answer that has begun and then sends nothing for this many seconds has failed.</summary>
    [Parameter(HelpMessage = "An answer that has begun and then sends nothing for this many seconds has failed.")]
    [ValidateRange(1, 86400)]
    public int StallTimeoutSec { get; set; } = 120;

    /// <summary>Values to try for options of the server, by the engine's long flag names; it is restarted for each combination.</summary>
    [Parameter(ParameterSetName = ServerSet, HelpMessage = "Values to try for options of the server, for example @{ 'ubatch-size' = 512, 1024 }; it is restarted for each combination, and gives SweepPoints ranked by -RankBy.")]
    [ValidateNotNullOrEmpty]
    [OptionTransformation]
    [ArgumentCompleter(typeof(OptionCompleter))]
    public IDictionary? Option { get; set; }

    /// <summary>The most combinations of a sweep.</summary>
    [Parameter(ParameterSetName = ServerSet, HelpMessage = "The most combinations of a sweep.")]
    [ValidateRange(1, 10_000)]
    public int SweepLimit { get; set; } = SweepGrid.DefaultLimit;

    /// <summary>What a sweep is ranked by, at the highest load.</summary>
    [Parameter(ParameterSetName = ServerSet, HelpMessage = "What a sweep is ranked by, at the highest load.")]
    public ComparedFigure RankBy { get; set; } = ComparedFigure.OutputTokensPerSecond;

    /// <summary>Measure the measuring: against a local server that sends tokens on an exact schedule.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SelfCheckSet, HelpMessage = "Measure the measuring: against a local server that sends tokens on an exact schedule.")]
    public SwitchParameter SelfCheck { get; set; }

    /// <summary>Say what each figure means, which public definition it matches, and what the self-check found.</summary>
    [Parameter(Mandatory = true, ParameterSetName = DefinitionSet, HelpMessage = "Say what each figure means, which public definition it matches, and what the self-check found.")]
    public SwitchParameter Definition { get; set; }

    /// <inheritdoc />
    protected override void Process()
    {
        if (Definition)
        {
            WriteObject(FigureDefinitions.All, enumerateCollection: true);
            return;
        }

        if (SelfCheck)
        {
            WarnOfOtherParameters();
            Stream(static stop => SelfCheckRun.RunAsync(SelfCheckRun.Loads, stop), Write);
            return;
        }

        if (Uri is not null)
        {
            Attempt(Uri, () => Measure(MeasurementSetup.ForAddress(Uri, CancellationToken.None)));
            return;
        }

        Each(Name, ServerRegistry.Default.Select, Measure);
    }

    // Else somebody would read the figures of the fixed loads as those of the load that was asked for. No error, because it may be one of $PSDefaultParameterValues.
    private void WarnOfOtherParameters()
    {
        if (MyInvocation.BoundParameters.Keys.FirstOrDefault(name => name != nameof(SelfCheck) && !CommonParameters.Contains(name)) is { } other)
        {
            WriteWarning($"-SelfCheck measures no server but two loads of its own; -{other} changes nothing.");
        }
    }

    private void Measure(LlmServer server)
    {
        if (server.State is not (ServerState.Ready or ServerState.Unsupervised))
        {
            throw new LlmOpsException(
                $"Server '{server.Name}' is {server.State}, not ready; Wait-LlmServer waits for it, Resolve-LlmServerFault looks why.", "ServerNotReady")
            {
                Kind = ErrorKind.ServerFailed,
            };
        }

        MeasurementOptions options = MeasurementSetup.ForServer(ServerRegistry.Default, server, CancellationToken.None);
        if (Option is null)
        {
            Measure(options);
        }
        else
        {
            Sweep(server, With(options));
        }
    }

    private void Measure(MeasurementOptions options)
    {
        WriteVerbose($"Measuring {options.ServerName} at {options.Endpoint}: prompts of {PromptTokens} tokens, {OutputTokens} to generate.");
        ThroughputMeasurement measurement = new(With(options));
        MeasurementProgressView view = new(Search != LoadSearch.None ? 0 : Rate.Length > 0 ? Rate.Length : Concurrency.Length);
        IProgress<MeasurementProgress> progress = ProgressOf<MeasurementProgress>($"Measuring {options.ServerName}", view.Show, MeasurementProgressView.ShowPart);
        try
        {
            Stream(stop => measurement.RunAsync(progress, stop), Write);
        }
        finally
        {
            EndProgress();
        }
    }

    private void Sweep(LlmServer server, MeasurementOptions options)
    {
        IReadOnlyList<IReadOnlyDictionary<string, string>> combinations = SweepGrid.Expand(OptionValues.Of(Option!), SweepLimit);
        OptionSweep sweep = new(ServerRegistry.Default, SupervisorCommand.Find());
        IProgress<SweepProgress> progress = ProgressOf<SweepProgress>($"Sweeping {server.Name}", SweepProgressView.Show, SweepProgressView.ShowPart);
        List<SweepPoint> points = [];
        try
        {
            Stream(stop => sweep.RunAsync(server.Name, combinations, options, progress, stop), point =>
            {
                points.Add(point);
                if (point.Problem is not null)
                {
                    WriteWarning($"{point.Text}: {point.Problem}");
                }
            });
        }
        finally
        {
            EndProgress();
        }

        WriteObject(SweepRanking.Rank(points, RankBy), enumerateCollection: true);
    }

    private MeasurementOptions With(MeasurementOptions options) => options with
    {
        Environment = (options.Environment ?? new MeasuredEnvironment()) with { MeasureCommand = MyInvocation.Line.Trim() is { Length: > 0 } line ? line : null },
        Model = Model ?? options.Model,
        ApiKey = ApiKeyFile is null ? options.ApiKey : ApiKeys.First(FilePaths.Existing(this, ApiKeyFile)),
        Concurrency = Concurrency,
        PromptTokens = PromptTokens,
        OutputTokens = OutputTokens,
        Requests = Request,
        Duration = DurationSec is int seconds ? TimeSpan.FromSeconds(seconds) : null,
        Warmup = Warmup,
        Rate = Rate,
        Arrival = Arrival,
        Burstiness = Burstiness,
        MaximumInFlight = MaximumInFlight,
        Slo = Objectives.Of(Slo),
        Search = Search,
        SearchLimit = SearchLimit,
        Ramp = TimeSpan.FromSeconds(RampSec),
        CoolDown = TimeSpan.FromSeconds(CoolDownSec),
        Grace = TimeSpan.FromSeconds(GraceSec),
        SkipsCertificateCheck = SkipCertificateCheck,
        Api = Api,
        SharedPrefixTokens = SharedPrefixTokens,
        PromptFile = PromptFile is null ? null : FilePaths.Existing(this, PromptFile),
        Turns = Turn,
        ToolCalls = ToolCall,
        IgnoreEndOfText = !StopAtEnd,
        CountTokensPerChunk = CountChunkTokens,
        Seed = Seed,
        RequestTimeout = TimeSpan.FromSeconds(RequestTimeoutSec),
        StallTimeout = TimeSpan.FromSeconds(StallTimeoutSec),
    };

    private void Write(SelfCheckResult result)
    {
        if (!result.Passed)
        {
            WriteWarning(result.Summary);
        }

        WriteObject(result);
    }

    private void Write(ThroughputResult result)
    {
        foreach (string warning in result.Warnings)
        {
            WriteWarning($"{result.ServerName}, {result.LoadName}: {warning}");
        }

        foreach (LikelyCause cause in result.Judgement?.Causes ?? [])
        {
            WriteVerbose($"{result.ServerName}, {result.LoadName}: {cause.Cause}. {cause.Remedy}");
        }

        WriteVerbose($"{result.ServerName}, {result.Concurrency} at a time: {result.Requests} requests in {result.DurationSeconds:0.0} s, {result.Errors} failed.");
        WriteObject(result);
    }
}
