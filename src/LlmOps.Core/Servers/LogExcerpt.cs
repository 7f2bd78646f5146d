namespace LlmOps.Servers;

/// <summary>The first and the last lines of one run: causes stand near either end, and a log can be of any length.</summary>
internal sealed class LogExcerpt
{
    private const int HeadLines = 300;
    private const int TailLines = 500;

    private readonly Lock _lock = new();
    private readonly List<string> _head = [];
    private readonly Queue<string> _tail = [];

    /// <summary>Takes the next line.</summary>
    public void Add(string line)
    {
        lock (_lock)
        {
            if (_head.Count < HeadLines)
            {
                _head.Add(line);
                return;
            }

            if (_tail.Count == TailLines)
            {
                _tail.Dequeue();
            }

            _tail.Enqueue(line);
        }
    }

    /// <summary>The lines kept, in order.</summary>
    public IReadOnlyList<string> ToList()
    {
        lock (_lock)
        {
            return [.. _head, .. _tail];
        }
    }
}
