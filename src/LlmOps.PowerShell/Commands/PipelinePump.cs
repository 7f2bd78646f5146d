using System.Collections.Concurrent;

namespace LlmOps.Commands;

/// <summary>Carries actions from worker threads to the pipeline thread, the only one that may write.</summary>
internal sealed class PipelinePump : IDisposable
{
    private readonly BlockingCollection<Action> _actions = [];

    /// <summary>Queues an action. Callable from any thread.</summary>
    public void Post(Action action)
    {
        try
        {
            _actions.Add(action);
        }
        catch (ObjectDisposedException)
        {
            // A late report of work that has ended: nobody is left to show it to.
        }
    }

    /// <summary>Runs queued actions on the calling thread until <paramref name="task"/> has ended and the queue is empty.</summary>
    public void RunUntil(Task task)
    {
        task.ContinueWith(_ => Post(static () => { }), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        while (!task.IsCompleted)
        {
            _actions.Take()();
        }

        while (_actions.TryTake(out Action? action))
        {
            action();
        }
    }

    public void Dispose() => _actions.Dispose();
}
