using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace LlmOps.Hardware.Nvidia;

/// <summary>Runs calls into a driver on a thread of their own, so that a driver that hangs costs a timeout and not the caller.</summary>
/// <remarks>A thread inside a hung driver cannot be ended. It is left behind, and no second one joins it: later calls under the same key fail at once.</remarks>
internal static class DriverThread
{
    private static readonly ConcurrentDictionary<string, Task> Hung = new(StringComparer.Ordinal);

    /// <summary>Runs <paramref name="work"/>; what it throws is thrown here.</summary>
    /// <param name="key">Which driver this is about.</param>
    /// <param name="work">The calls. It must own all it changes, because nobody may be waiting for it any more.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="result">What it returned.</param>
    /// <param name="cancellationToken">Stops the waiting, not the work.</param>
    /// <returns>False when it did not finish in time, or an earlier one still has not finished.</returns>
    public static bool TryRun<T>(string key, Func<T> work, TimeSpan timeout, [MaybeNullWhen(false)] out T result, CancellationToken cancellationToken)
    {
        result = default;
        if (Hung.TryGetValue(key, out Task? earlier) && !earlier.IsCompleted)
        {
            return false;
        }

        TaskCompletionSource<T> finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread thread = new(() => Run(work, finished)) { IsBackground = true, Name = "llmops driver" };
        thread.Start();
        try
        {
            if (Task.WaitAny([finished.Task], (int)Math.Min(timeout.TotalMilliseconds, int.MaxValue), cancellationToken) < 0)
            {
                Hung[key] = finished.Task;
                return false;
            }
        }
        catch (OperationCanceledException)
        {
            Hung[key] = finished.Task;
            throw;
        }

        result = finished.Task.GetAwaiter().GetResult();
        return true;
    }

    private static void Run<T>(Func<T> work, TaskCompletionSource<T> finished)
    {
        try
        {
            finished.SetResult(work());
        }
        catch (Exception failure)
        {
            finished.SetException(failure);
        }
    }
}
