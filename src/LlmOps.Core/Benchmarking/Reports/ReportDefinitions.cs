namespace LlmOps.Benchmarking.Reports;

/// <summary>What each figure of a report means; the same words in every form.</summary>
internal static class ReportDefinitions
{
    public static readonly IReadOnlyList<(string Name, string Meaning)> All =
    [
        ("streams", "requests in flight at a time; each stream sends its next request when its last one is over (closed loop)"),
        ("TTFT", "time to first token: from the moment a request was due to its first chunk with content, reasoning or a tool call"),
        ("TPOT", "time per output token after the first, (E2E - TTFT) / (tokens - 1), one value per request"),
        ("ITL", "time between two chunks of one stream, one value per gap; with speculative decoding a chunk can hold several tokens"),
        ("E2E", "from the moment a request was due to its last chunk with content, reasoning or a tool call"),
        ("output tok/s, total tok/s", "generated (and prompt) tokens of successful requests / time from the first request due to the last response over"),
        ("req/s", "successful requests that met every objective / the same time; all successful ones when there is no objective"),
        ("tokens", "counted by the server (`usage`). Failed requests are in no latency figure. Percentiles interpolate linearly between ranks"),
        ("server prompt and decode tok/s", "llama-server's `timings`, mean over requests. Older builds count the first token in the decode rate, but not its time"),
        ("client decode tok/s", "(tokens - 1) / (E2E - TTFT), mean over requests"),
        ("acceptance length", "tokens of one verification step of speculation, the model's own one included: 1 + accepted / steps"),
        ("tokens a joule", "generated tokens / (mean power of the GPUs sampled × time); processor and the rest of the machine are not in it"),
        ("scheduling delay", "how long a thread of the measuring client, ready to run, waited for a processor each time, mean"),
    ];
}
