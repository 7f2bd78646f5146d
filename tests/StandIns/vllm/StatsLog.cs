using System.Globalization;

namespace LlmOps.StandIns.Vllm;

/// <summary>The lines about throughput that vLLM writes while it serves.</summary>
internal sealed class StatsLog(Counters counters, ServedModel model)
{
    /// <summary>Writes until the process ends. Nothing is said of spans in which nothing happened, but for the first.</summary>
    public async Task RunAsync()
    {
        Counters.Totals before = counters.Now();
        bool wasIdle = true;
        while (true)
        {
            double started = Clock.Now;
            await Task.Delay(TimeSpan.FromSeconds(Knobs.StatsSeconds));
            Counters.Totals now = counters.Now();
            bool idle = now.Prompt == before.Prompt && now.Generated == before.Generated && now.Running + now.Waiting == 0;
            if (!idle || !wasIdle)
            {
                Write(before, now, Clock.Now - started);
            }

            (before, wasIdle) = (now, idle);
        }
    }

    private void Write(Counters.Totals before, Counters.Totals now, double seconds)
    {
        double hits = now.Queries == before.Queries ? 0 : 100d * (now.Hits - before.Hits) / (now.Queries - before.Queries);
        Log.Info(Log.Server, "loggers.py:271", string.Create(CultureInfo.InvariantCulture,
            $"Engine 000: Avg prompt throughput: {(now.Prompt - before.Prompt) / seconds:F1} tokens/s, Avg generation throughput: {(now.Generated - before.Generated) / seconds:F1} tokens/s, Running: {now.Running} reqs, Waiting: {now.Waiting} reqs, GPU KV cache usage: {now.Usage * 100:F1}%, Prefix cache hit rate: {hits:F1}%"));
        long drafts = now.Drafts - before.Drafts;
        if (drafts == 0)
        {
            return;
        }

        long accepted = now.Accepted - before.Accepted, drafted = now.Drafted - before.Drafted;
        string positions = string.Join(", ", Enumerable.Range(0, model.Drafted).Select(position => ((now.AcceptedAt[position] - before.AcceptedAt[position]) / (double)drafts).ToString("F3", CultureInfo.InvariantCulture)));
        Log.Info(Log.Server, "metrics.py:101", string.Create(CultureInfo.InvariantCulture,
            $"SpecDecoding metrics: Mean acceptance length: {1 + (accepted / (double)drafts):F2}, Accepted throughput: {accepted / seconds:F2} tokens/s, Drafted throughput: {drafted / seconds:F2} tokens/s, Accepted: {accepted} tokens, Drafted: {drafted} tokens, Per-position acceptance rate: {positions}, Avg Draft acceptance rate: {100d * accepted / drafted:F1}%"));
    }
}
