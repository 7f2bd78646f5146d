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

    /// <summary>Requests in flight at a time.</summary>
    public int Concurrency { get; init; }

    /// <summary>Prompt tokens asked for per request, chat template included.</summary>
    public int RequestedPromptTokens { get; init; }

    /// <summary>Generated tokens asked for per request.</summary>
    public int RequestedOutputTokens { get; init; }

    /// <summary>Requests sent.</summary>
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

    /// <summary>From the first request's start to the last response's end.</summary>
    public double DurationSeconds { get; init; }

    /// <summary>Generated tokens / duration.</summary>
    public double OutputTokensPerSecond { get; init; }

    /// <summary>Prompt and generated tokens / duration.</summary>
    public double TotalTokensPerSecond { get; init; }

    /// <summary>Generated tokens a second of one stream after its first token, mean over requests; what the server's own decode rate compares with.</summary>
    public double DecodeTokensPerSecond { get; init; }

    /// <summary>Time to first token: from the scheduled start to the first chunk with content, reasoning or a tool call.</summary>
    public LatencySummary TtftSeconds { get; init; } = new();

    /// <summary>Time per output token after the first: (end-to-end − TTFT) / (tokens − 1).</summary>
    public LatencySummary TpotSeconds { get; init; } = new();

    /// <summary>Time between two chunks of one stream.</summary>
    public LatencySummary ItlSeconds { get; init; } = new();

    /// <summary>From the scheduled start to the last chunk with content.</summary>
    public LatencySummary E2eSeconds { get; init; } = new();

    /// <summary>Requests a second that met every objective; all successful ones when none was given.</summary>
    public double GoodputRequestsPerSecond { get; init; }

    /// <summary>The server's own figures.</summary>
    public ServerSideFigures Server { get; init; } = new();

    /// <summary>What the measuring cost.</summary>
    public ClientSideFigures Client { get; init; } = new();

    /// <summary>Each request, in the order in which they ended.</summary>
    public IReadOnlyList<RequestFigures> Samples { get; init; } = [];

    /// <summary>What makes the figures less than they look, one line each.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>When the point was measured.</summary>
    public DateTimeOffset MeasuredAt { get; init; }
}

/// <summary>A distribution of seconds over successful requests. Percentiles interpolate linearly between ranks, as numpy's default does.</summary>
public sealed record LatencySummary
{
    /// <summary>How many values.</summary>
    public int Count { get; init; }

    /// <summary>Arithmetic mean.</summary>
    public double Mean { get; init; }

    /// <summary>Median.</summary>
    public double P50 { get; init; }

    /// <summary>90th percentile.</summary>
    public double P90 { get; init; }

    /// <summary>99th percentile.</summary>
    public double P99 { get; init; }

    /// <summary>Smallest.</summary>
    public double Min { get; init; }

    /// <summary>Largest.</summary>
    public double Max { get; init; }

    /// <summary>Sample standard deviation; 0 for fewer than two values.</summary>
    public double StandardDeviation { get; init; }
}

/// <summary>What the server itself says of the same requests (llama-server's <c>timings</c>). Null where it says nothing.</summary>
public sealed record ServerSideFigures
{
    /// <summary>Prompt tokens a second of one request, mean over requests.</summary>
    public double? PromptTokensPerSecond { get; init; }

    /// <summary>Generated tokens a second of one request, mean over requests.</summary>
    public double? DecodeTokensPerSecond { get; init; }

    /// <summary>Prompt tokens that the server computed.</summary>
    public long? PromptTokens { get; init; }

    /// <summary>Tokens that the server generated.</summary>
    public long? OutputTokens { get; init; }

    /// <summary>Draft tokens proposed by speculation; null when there is none.</summary>
    public long? DraftTokens { get; init; }

    /// <summary>Draft tokens accepted.</summary>
    public long? DraftTokensAccepted { get; init; }
}

/// <summary>What measuring cost the client, so that a slow client is not taken for a slow server.</summary>
public sealed record ClientSideFigures
{
    /// <summary>Processor seconds of this process / duration.</summary>
    public double CpuShare { get; init; }

    /// <summary>Chunks received.</summary>
    public long Chunks { get; init; }

    /// <summary>Processor microseconds of this process per generated token.</summary>
    public double CpuMicrosecondsPerToken { get; init; }

    /// <summary>How late requests started against their schedule, 99th percentile.</summary>
    public double StartDelaySecondsP99 { get; init; }
}
