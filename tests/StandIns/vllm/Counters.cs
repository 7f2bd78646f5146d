using System.Globalization;
using System.Text;

namespace LlmOps.StandIns.Vllm;

/// <summary>What the engine counts, and the text of <c>/metrics</c>. Every figure is counted, none is made up.</summary>
internal sealed class Counters(ServedModel model)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (double Sum, long Count)> _histograms = [];
    private readonly long[] _acceptedAt = new long[model.Drafted];

    private long _prompt, _cached, _generated, _queries, _hits, _drafts, _drafted, _accepted, _stopped, _full;
    private int _running, _waiting;
    private double _usage;

    /// <summary>What a moment's totals were, for the lines about throughput.</summary>
    public sealed record Totals(long Prompt, long Generated, long Queries, long Hits, long Drafts, long Drafted, long Accepted, IReadOnlyList<long> AcceptedAt, int Running, int Waiting, double Usage);

    public void Queue(int running, int waiting, double usage)
    {
        lock (_lock)
        {
            (_running, _waiting, _usage) = (running, waiting, usage);
        }
    }

    public void Began(Job job)
    {
        lock (_lock)
        {
            _queries += model.PrefixCaching ? job.Prompt.Length : 0;
            _hits += job.CachedTokens;
        }
    }

    public void Prefilled(Job job)
    {
        lock (_lock)
        {
            _prompt += job.Prompt.Length;
            _cached += job.CachedTokens;
        }

        Observe("time_to_first_token_seconds", job.FirstTokenAt - job.ArrivedAt);
        Observe("request_prefill_time_seconds", job.FirstTokenAt - job.StartedAt);
        Observe("request_queue_time_seconds", job.StartedAt - job.ArrivedAt);
    }

    public void Generated(int tokens)
    {
        lock (_lock)
        {
            _generated += tokens;
        }
    }

    public void Drafted(int accepted)
    {
        lock (_lock)
        {
            _drafts++;
            _drafted += model.Drafted;
            _accepted += accepted;
            for (int position = 0; position < accepted; position++)
            {
                _acceptedAt[position]++;
            }
        }
    }

    public void Finished(Job job, string reason)
    {
        lock (_lock)
        {
            (_stopped, _full) = reason == "stop" ? (_stopped + 1, _full) : (_stopped, _full + 1);
        }

        Observe("e2e_request_latency_seconds", job.LastTokenAt - job.ArrivedAt);
        Observe("request_decode_time_seconds", job.LastTokenAt - job.FirstTokenAt);
        Observe("request_inference_time_seconds", job.LastTokenAt - job.StartedAt);
        Observe("request_generation_tokens", job.Generated);
        Observe("request_prompt_tokens", job.Prompt.Length);
        if (job.Generated > 1)
        {
            Observe("request_time_per_output_token_seconds", (job.LastTokenAt - job.FirstTokenAt) / (job.Generated - 1));
        }
    }

    public void Step(int tokens) => Observe("iteration_tokens_total", tokens);

    public Totals Now()
    {
        lock (_lock)
        {
            return new Totals(_prompt, _generated, _queries, _hits, _drafts, _drafted, _accepted, [.. _acceptedAt], _running, _waiting, _usage);
        }
    }

    /// <summary>The text of <c>/metrics</c>.</summary>
    public string Write()
    {
        StringBuilder text = new();
        lock (_lock)
        {
            Value("num_requests_running", "gauge", _running);
            Value("num_requests_waiting", "gauge", _waiting);
            Value("kv_cache_usage_perc", "gauge", _usage);
            Value("prompt_tokens_total", "counter", _prompt);
            Value("prompt_tokens_cached_total", "counter", _cached);
            Value("generation_tokens_total", "counter", _generated);
            Value("prefix_cache_queries_total", "counter", _queries);
            Value("prefix_cache_hits_total", "counter", _hits);
            Value("num_preemptions_total", "counter", 0);
            Head("request_success_total", "counter");
            Line("request_success_total", ",finished_reason=\"stop\"", _stopped);
            Line("request_success_total", ",finished_reason=\"length\"", _full);
            Line("request_success_total", ",finished_reason=\"abort\"", 0);
            if (model.Drafted > 0)
            {
                Value("spec_decode_num_drafts_total", "counter", _drafts);
                Value("spec_decode_num_draft_tokens_total", "counter", _drafted);
                Value("spec_decode_num_accepted_tokens_total", "counter", _accepted);
                Head("spec_decode_num_accepted_tokens_per_pos_total", "counter");
                for (int position = 0; position < _acceptedAt.Length; position++)
                {
                    Line("spec_decode_num_accepted_tokens_per_pos_total", $",position=\"{position}\"", _acceptedAt[position]);
                }
            }

            foreach ((string name, (double sum, long count)) in _histograms)
            {
                Head(name, "histogram");
                Line(name + "_bucket", ",le=\"+Inf\"", count);
                Line(name + "_count", string.Empty, count);
                Line(name + "_sum", string.Empty, sum);
            }
        }

        return text.ToString();

        void Value(string name, string kind, double value)
        {
            Head(name, kind);
            Line(name, string.Empty, value);
        }

        void Head(string name, string kind) => text.Append(CultureInfo.InvariantCulture, $"# HELP vllm:{name} Counted by the stand-in.\n# TYPE vllm:{name} {kind}\n");

        void Line(string name, string labels, double value) =>
            text.Append(CultureInfo.InvariantCulture, $"vllm:{name}{{engine=\"0\"{labels},model_name=\"{model.Name}\"}} {value:0.0##########}\n");
    }

    private void Observe(string histogram, double value)
    {
        lock (_lock)
        {
            (double sum, long count) = _histograms.GetValueOrDefault(histogram);
            _histograms[histogram] = (sum + value, count + 1);
        }
    }
}
