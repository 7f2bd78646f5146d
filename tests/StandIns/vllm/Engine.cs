namespace LlmOps.StandIns.Vllm;

/// <summary>Computes nothing, at the pace and in the order of vLLM's scheduler: steps in which all running requests take part, prompts in pieces, a pool of tokens.</summary>
internal sealed class Engine(ServedModel model, Counters counters)
{
    // How often the next position was right in a published run of four drafted tokens.
    private static readonly double[] s_acceptance = [0.89, 0.80, 0.72, 0.61, 0.5, 0.4, 0.3, 0.2];

    private const int Block = 16;

    private readonly Lock _lock = new();
    private readonly Queue<Job> _waiting = new();
    private readonly List<Job> _running = [];
    private readonly HashSet<int> _blocks = [];
    private TaskCompletionSource _arrival = NewArrival();
    private long _steps;

    /// <summary>Whether it still computes.</summary>
    public bool IsAlive { get; private set; } = true;

    /// <summary>Takes a request.</summary>
    public void Add(Job job)
    {
        lock (_lock)
        {
            _waiting.Enqueue(job);
            Tell();
            _arrival.TrySetResult();
        }
    }

    /// <summary>Computes until it dies.</summary>
    public async Task RunAsync()
    {
        double due = Clock.Now;
        while (true)
        {
            Task? arrival = null;
            lock (_lock)
            {
                if (_running.Count + _waiting.Count == 0)
                {
                    arrival = (_arrival = NewArrival()).Task;
                }
            }

            if (arrival is not null)
            {
                await arrival;
                due = Clock.Now;
            }

            if (Knobs.Failure == "engine-died")
            {
                Die();
                return;
            }

            double seconds = Prepare(out List<Job> decoding, out int computed);
            due = Math.Max(due, Clock.Now - 0.05) + seconds;
            double left = due - Clock.Now;
            if (left > 0.0005)
            {
                await Task.Delay(TimeSpan.FromSeconds(left));
            }

            Finish(decoding, computed);
        }
    }

    // Which requests take part in the next step, and how long it takes.
    private double Prepare(out List<Job> decoding, out int computed)
    {
        lock (_lock)
        {
            while (_waiting.Count > 0 && _running.Count < model.MaxRequests && Held + _waiting.Peek().Prompt.Length <= model.PoolTokens)
            {
                Admit(_waiting.Dequeue());
            }

            int budget = model.BatchTokens;
            decoding = [];
            computed = 0;
            foreach (Job job in _running)
            {
                int piece = Math.Min(job.PromptLeft, budget);
                job.PromptLeft -= piece;
                budget -= piece;
                computed += piece;
                if (job.PromptLeft == 0)
                {
                    decoding.Add(job);
                }
            }

            Tell();
            return Math.Max(Knobs.StepMilliseconds / 1000, computed / Knobs.PrefillTokensPerSecond);
        }
    }

    private void Finish(List<Job> decoding, int computed)
    {
        lock (_lock)
        {
            int generated = 0;
            foreach (Job job in decoding)
            {
                bool first = job.Generated == 0;
                int accepted = !first && model.Drafted > 0 ? Accepted() : 0;
                (int tokens, string? finish) = job.Add(1 + accepted);
                generated += tokens;
                if (first)
                {
                    counters.Prefilled(job);
                }
                else if (model.Drafted > 0)
                {
                    counters.Drafted(accepted);
                }

                if (finish is not null)
                {
                    _running.Remove(job);
                    counters.Finished(job, finish);
                }
            }

            _running.RemoveAll(job => job.IsGone);
            counters.Generated(generated);
            counters.Step(computed + generated);
            Tell();
        }
    }

    private void Admit(Job job)
    {
        job.StartedAt = Clock.Now;
        job.CachedTokens = model.PrefixCaching ? Remember(job.Prompt) : 0;
        job.PromptLeft = job.Prompt.Length - job.CachedTokens;
        counters.Began(job);
        _running.Add(job);
    }

    // Blocks of earlier prompts that this one begins with; at least its last token is always computed.
    private int Remember(int[] prompt)
    {
        int known = 0, hash = 0;
        bool matches = true;
        for (int start = 0; start + Block <= prompt.Length; start += Block)
        {
            foreach (int token in prompt.AsSpan(start, Block))
            {
                hash = unchecked((hash * 1_000_003) + token);
            }

            bool wasKnown = !_blocks.Add(hash);
            matches &= wasKnown;
            known += matches && start + Block < prompt.Length ? Block : 0;
        }

        if ((long)_blocks.Count * Block > model.PoolTokens)
        {
            _blocks.Clear();
        }

        return known;
    }

    // Spread evenly, so that every run of some steps has the same share.
    private int Accepted()
    {
        double at = _steps++ * 0.618033988749895 % 1;
        int accepted = 0;
        while (accepted < Math.Min(model.Drafted, s_acceptance.Length) && at < s_acceptance[accepted])
        {
            accepted++;
        }

        return accepted;
    }

    private void Die()
    {
        Failures.EngineDied();
        lock (_lock)
        {
            IsAlive = false;
            foreach (Job job in (IEnumerable<Job>)[.. _running, .. _waiting])
            {
                job.Break();
            }
        }
    }

    private static TaskCompletionSource NewArrival() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private long Held => _running.Sum(job => (long)job.Held);

    private void Tell() => counters.Queue(_running.Count, _waiting.Count, Math.Min(1, (double)Held / Math.Max(1, model.PoolTokens)));
}
