using LlmOps.Benchmarking.SelfCheck;

namespace LlmOps.Benchmarking;

/// <summary>The meaning of every figure, for the help, the reports and the documentation. To add a figure, add a row.</summary>
public static class FigureDefinitions
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<FigureDefinition> All { get; } =
    [
        new("streams", "requests in flight at a time; each stream sends its next request when its last one is over (closed loop)",
            "`--max-concurrency` of vLLM `bench serve`, `--concurrency` of AIPerf", "concurrency"),
        new("requests/s offered", "requests due in a second, whether or not earlier ones are over (open loop)",
            "`--request-rate` of vLLM `bench serve` and AIPerf; queries per second of MLPerf Inference's server scenario", "requestRate"),
        new("TTFT", "from the moment the request was due to the first chunk with content, reasoning or a tool call",
            "`ttft` of vLLM `bench serve`, which also counts role-only chunks and starts the clock when the request is sent; `time_to_first_token` of AIPerf", "ttftSeconds"),
        new("queue", "from due to sent: waiting in the client for a place; part of TTFT and end-to-end", "vLLM `bench serve` reports it apart since 0.20", "queueSeconds"),
        new("TPOT", "(end-to-end − TTFT) / (output tokens − 1), per request with at least two tokens and two moments: an answer in one piece has none, and is counted",
            "TPOT of vLLM `bench serve`, which gives an answer in one piece a 0, and MLPerf Inference; `inter_token_latency` of AIPerf and GenAI-Perf", "tpotSeconds"),
        new("ITL", "time between two chunks with output of one stream, each gap once; 0 between chunks that arrived together, whose share a warning tells", "ITL of vLLM `bench serve`; `inter_chunk_latency` of AIPerf", "itlSeconds"),
        new("ITL per token", "an arrival of n tokens, in one chunk or several, gives n values of gap / n; n is the server's count with `--count-chunk-tokens`, else the request's mean",
            "differs from ITL with speculation", "itlPerTokenSeconds"),
        new("end-to-end", "from due to the last chunk with output", "E2EL of vLLM `bench serve`; `request_latency` of AIPerf", "e2eSeconds"),
        new("output tokens/s", "output tokens of the successful counted requests / time from the first due to the last end", "output token throughput of vLLM `bench serve`", "outputTokensPerSecond"),
        new("total tokens/s", "prompt and output tokens / the same time", "total token throughput of vLLM `bench serve`", "totalTokensPerSecond"),
        new("decode tokens/s", "(output tokens − 1) / (end-to-end − TTFT), mean over requests", "`tg` of llama-bench, where no prompt is read meanwhile", "decodeTokensPerSecond"),
        new("server decode tokens/s", "(`predicted_n` − 1) / `predicted_ms` of llama-server's `timings`, mean over requests: the same base as decode tokens/s",
            "`predicted_per_second` of llama-server; older builds divide `predicted_n` by the same time, which is n / (n − 1) too much", "server.decodeTokensPerSecond"),
        new("server prompt tokens/s", "`prompt_per_second` of llama-server's `timings`, mean over requests", "`prompt_per_second` of llama-server", "server.promptTokensPerSecond"),
        new("goodput", "requests a second of which each met every objective; all successful ones when there is no objective", "request goodput of vLLM `bench serve` (DistServe)", "goodputRequestsPerSecond"),
        new("attainment", "share of counted requests, failed ones included, that met every objective; a load is sustained from 0.99 on",
            "the 99th percentile rule of MLPerf Inference's server scenario", "sloAttainment"),
        new("tokens", "counted by the server (`usage`), not guessed from the text; chunks where it sends no `usage`", "`usage` of the OpenAI API", "outputTokens"),
        new("errors", "failed requests by kind; they are in no latency figure. What is under way longer than the grace period after the duration is `unfinished`",
            "`--benchmark-grace-period` of AIPerf, which leaves such requests out of its figures", "errorKinds"),
        new("percentiles", "interpolate linearly between ranks", "`numpy.percentile`, and so vLLM `bench serve`", ""),
        new("acceptance length", "tokens of one verification step of speculation, the model's own one included: 1 + accepted / steps", "mean acceptance length of vLLM's log", "observation.server.acceptanceLength"),
        new("cache use", "largest share of the key and value cache in use, of looks half a second apart: vLLM's gauge, or the tokens in llama-server's slots / their context",
            "`vllm:kv_cache_usage_perc`", "observation.server.peakKvCacheUsage"),
        new("tokens a joule", "output tokens / (mean power of the GPUs sampled × time); processor and the rest of the machine are not in it", "", "observation.tokensPerJoule"),
        new("scheduling delay", "how long a thread of the measuring client, ready to run, waited for a processor each time, mean", "`/proc/PID/schedstat` of Linux", "observation.clientSchedulingDelaySeconds"),
        new("roofline", "decode tokens/s of one stream if memory were read at its full theoretical bandwidth and nothing else took time",
            "the roofline model (Williams, Waterman, Patterson 2009)", "judgement.rooflineDecodeTokensPerSecond"),
        new("timing error", $"distance of a token's moment in the client from its moment of sending in the server. {SelfCheckFindings.Text}", "", ""),
    ];
}
