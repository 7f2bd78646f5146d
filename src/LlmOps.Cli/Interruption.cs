using System.Runtime.InteropServices;

namespace LlmOps.Cli;

/// <summary>Turns Ctrl+C, a termination request and a closed terminal into one cancellation, so that commands end by cleaning up.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    /// <summary>Starts to listen.</summary>
    public Interruption()
    {
        foreach ((PosixSignal signal, int number) in new[] { (PosixSignal.SIGINT, 2), (PosixSignal.SIGTERM, 15), (PosixSignal.SIGHUP, 1) })
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true; // The command decides when it has cleaned up.
                ExitCode ??= Cli.ExitCode.ForSignal(number);
                _source.Cancel();
            }));
        }
    }

    /// <summary>Cancelled by the first such signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>What to exit with after a signal; null while there was none.</summary>
    public int? ExitCode { get; private set; }

    /// <inheritdoc />
    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        _source.Dispose();
    }
}
