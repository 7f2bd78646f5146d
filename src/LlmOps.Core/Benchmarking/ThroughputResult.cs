using System.Text.Json.Serialization;
using LlmOps.Benchmarking.Judgement;
using LlmOps.Benchmarking.Observation;
using LlmOps.Benchmarking.Reports;

namespace LlmOps.Benchmarking;

/// <summary>One measured load point. Times are in seconds.</summary>
public sealed record ThroughputResult
{
    /// <summary>The server's name, or its address when it has none here.</summary>
    public required string ServerName { get; init; }

    /// <summary>The address that was measured.</summary>
    public string Endpoint { get; init; } = "";

    /// <summary>The model name used in requests.</summary>
    public required string Model { get; init; }

    /// <summary>How requests came: each stream after its last one (<see cref="ArrivalProcess.ClosedLoop"/>), or at their own times.</summary>
    public ArrivalProcess Arrival { get; init; }

    /// <summary>Requests in flight at a time in a closed loop; the most in flight at once in an open loop.</summary>
    public int Concurrency { get; init; }

    /// <summary>The load in words: <c>4 streams</c>, <c>2.5 requests/s</c>; with what a sweep had set.</summary>
    [JsonIgnore]
    public string LoadName => LoadAxis.Name(this);

    /// <summary>Requests a second offered in an open loop; null in a closed one.</summary>
    public double? RequestRate { get; init; }

    /// <summary>Shape of gamma-distributed gaps: 1 is Poisson, less comes in bursts, more is steadier; null for other arrivals.</summary>
    public double? Burstiness { get; init; }

    /// <summary>The cap on requests in flight in an open loop, beyond which due requests queue in the client; null when there was none.</summary>
    public int? MaximumInFlight { get; init; }

    /// <summary>Which endpoint was asked.</summary>
    public CompletionApi Api { get; init; }

    /// <summary>What the prompts were, in a few words, such as <c>512 random tokens</c>.</summary>
    public string PromptKind { get; init; } = "";

    /// <summary>Prompt tokens asked for per request, chat template included.</summary>
    public int RequestedPromptTokens { get; init; }

    /// <summary>Generated tokens asked for per request.</summary>
    public int RequestedOutputTokens { get; init; }

    /// <summary>Prompt tokens that all requests have in common on purpose; 0 makes every prompt unique.</summary>
    public int SharedPrefixTokens { get; init; }

    /// <summary>Counted requests, failed ones included; warm-up, ramp and cool-down are not counted.</summary>
    public int Requests { get; init; }

    /// <summary>Requests that failed; they are in no latency figure.</summary>
    public int Errors { get; init; }

    /// <summary>The distinct errors and how often each happened.</summary>
    public IReadOnlyDictionary<string, int> ErrorKinds { get; init; } = new Dictionary<string, int>();

    /// <summary>Prompt tokens over all successful requests, by the server's <c>usage</c>.</summary>
    public long PromptTokens { get; init; }

    /// <summary>Generated tokens over all successful requests, by the server's <c>usage</c>.</summary>
    public long OutputTokens { get; init; }

    /// <summary>Prompt tokens that the server took from its cache; 0 is what a clean measurement shows.</summary>
    public long CachedPromptTokens { get; init; }

    /// <summary>From the first counted request's due time to the last counted response's end.</summary>
    public double DurationSeconds { get; init; }

    /// <summary>Generated tokens / duration.</summary>
    public double OutputTokensPerSecond { get; init; }

    /// <summary>Prompt and generated tokens / duration.</summary>
    public double TotalTokensPerSecond { get; init; }

    /// <summary>Generated tokens a second of one stream after its first token, mean over requests; what the server's own decode rate compares with.</summary>
    public double DecodeTokensPerSecond { get; init; }

    /// <summary>95 % confidence interval of <see cref="OutputTokensPerSecond"/>, by the rates of equal slices of the time (batch means, Student's t); null when the point was too short.</summary>
    public ConfidenceInterval? OutputTokensPerSecondInterval { get; init; }

    /// <summary>Successful requests / duration.</summary>
    public double RequestsPerSecond { get; init; }

    /// <summary>Requests in flight, mean over the duration (Little's law: total time in service / duration).</summary>
    public double MeanInFlight { get; init; }

    /// <summary>From the moment a request was due to the moment it was sent: what it waited in the client for a stream to be free. Part of TTFT and end-to-end.</summary>
    public LatencySummary QueueSeconds { get; init; } = new();

    /// <summary>Time to first token: from the scheduled start to the first chunk with content, reasoning or a tool call.</summary>
    public LatencySummary TtftSeconds { get; init; } = new();

    /// <summary>Time per output token after the first: (end-to-end − TTFT) / (tokens − 1). Answers in one piece have none (<see cref="ClientSideFigures.AnswersInOnePiece"/>).</summary>
    public LatencySummary TpotSeconds { get; init; } = new();

    /// <summary>Time between two chunks of one stream, each gap once; 0 between chunks that arrived together (<see cref="ClientSideFigures.JoinedChunks"/>).</summary>
    public LatencySummary ItlSeconds { get; init; } = new();

    /// <summary>Time between two tokens of one stream: an arrival of n tokens, in one chunk or in several, gives n values of gap / n. Differs from <see cref="ItlSeconds"/> when chunks hold several tokens, as with speculation.</summary>
    public LatencySummary ItlPerTokenSeconds { get; init; } = new();

    /// <summary>Whether the tokens of each chunk are the server's count; else a request's tokens were spread evenly over its chunks.</summary>
    public bool TokensPerChunkCounted { get; init; }

    /// <summary>From the scheduled start to the last chunk with content.</summary>
    public LatencySummary E2eSeconds { get; init; } = new();

    /// <summary>Requests a second that met every objective; all successful ones when none was given.</summary>
    public double GoodputRequestsPerSecond { get; init; }

    /// <summary>The objectives; null when none was given.</summary>
    public ServiceLevel? Slo { get; init; }

    /// <summary>The share of counted requests (failed ones included) that met every objective; null when none was given.</summary>
    public double? SloAttainment { get; init; }

    /// <summary>Whether at least <see cref="ServiceLevel.Attainment"/> of the requests met every objective; null when none was given.</summary>
    public bool? MeetsSlo { get; init; }

    /// <summary>What a search found this point to be; null when nothing was searched or the point is neither.</summary>
    public LoadVerdict? Verdict { get; init; }

    /// <summary>The server's own figures.</summary>
    public ServerSideFigures Server { get; init; } = new();

    /// <summary>What the measuring cost.</summary>
    public ClientSideFigures Client { get; init; } = new();

    /// <summary>Each counted request, in the order in which they ended.</summary>
    public IReadOnlyList<RequestFigures> Samples { get; init; } = [];

    /// <summary>What was seen beside the requests: the server's own counters, GPUs, the host; null when nobody looked.</summary>
    public PointObservation? Observation { get; init; }

    /// <summary>How it compares with the plan's prediction, and likely causes; null when nobody looked.</summary>
    public PointJudgement? Judgement { get; init; }

    /// <summary>What was measured on what; null when it is not known.</summary>
    public MeasuredEnvironment? Environment { get; init; }

    /// <summary>Options of the server that a sweep had set for this point, by the engine's long flag names.</summary>
    public IReadOnlyDictionary<string, string> SweptOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>What makes the figures less than they look, one line each.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>When the point was measured.</summary>
    public DateTimeOffset MeasuredAt { get; init; }

    /// <summary>What happened in equal slices of the whole point, ramp and cool-down included.</summary>
    public IReadOnlyList<TimelineSlice> Timeline { get; init; } = [];
}
