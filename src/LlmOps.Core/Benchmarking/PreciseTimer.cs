using LlmOps.Native.Libc;

namespace LlmOps.Benchmarking;

/// <summary>Waits on a thread of its own until a moment, to a tenth of a millisecond on Linux, where .NET's own timers err by more than one.</summary>
internal sealed class PreciseTimer : IDisposable
{
    private readonly LibcEvent? _event = LibcEpoll.IsSupported ? new LibcEvent() : null;

    /// <summary>Waits until a moment or until <see cref="Interrupt"/>.</summary>
    public void WaitUntil(long moment)
    {
        double seconds = MonotonicClock.Seconds(MonotonicClock.Now, moment);
        if (seconds <= 0)
        {
            return;
        }

        if (_event is not null)
        {
            _event.Wait((long)(seconds * 1e9));
            return;
        }

        Thread.Sleep((int)Math.Min(50, Math.Floor(seconds * 1000)));
    }

    /// <summary>Ends the present wait and all later ones.</summary>
    public void Interrupt() => _event?.Set();

    public void Dispose() => _event?.Dispose();
}
