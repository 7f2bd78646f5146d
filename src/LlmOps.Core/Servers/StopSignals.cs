using System.Runtime.InteropServices;

namespace LlmOps.Servers;

/// <summary>How a supervisor is asked to stop its server: the first SIGTERM or SIGINT asks, and one that comes when all can see that it stops hurries.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly CancellationTokenSource _hurry = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private volatile bool _isKnown;

    /// <summary>Starts to listen.</summary>
    /// <param name="stop">Asks to stop too.</param>
    public StopSignals(CancellationToken stop)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(stop);
        foreach (PosixSignal signal in new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT })
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                if (!_stop.IsCancellationRequested)
                {
                    _stop.Cancel();
                }
                else if (_isKnown)
                {
                    _hurry.Cancel();
                }

                // Else it is the same wish again, of somebody who cannot know yet that it was heard: a busy machine takes its time.
            }));
        }

        // A supervisor has no terminal whose end could concern it.
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true));
    }

    /// <summary>Cancelled when the server should stop.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Cancelled when it should stop at once.</summary>
    public CancellationToken Hurry => _hurry.Token;

    /// <summary>Asks to stop, from within.</summary>
    public void Ask() => _stop.Cancel();

    /// <summary>The record says that the server is stopping: who asks now is in a hurry.</summary>
    public void MakeKnown() => _isKnown = true;

    /// <inheritdoc />
    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        _stop.Dispose();
        _hurry.Dispose();
    }
}
