namespace LlmOps.Servers;

/// <summary>A running engine, as its supervisor holds it: leader of its own session, its output in a pipe.</summary>
/// <param name="pid">Its process id.</param>
internal abstract class EngineProcess(int pid) : IDisposable
{
    /// <summary>Which process it is.</summary>
    /// <remarks>One that is dead already still has its start time until it is collected; without one it is simply never alive.</remarks>
    public ProcessIdentity Identity { get; } = new(pid, ProcessStatus.Read(pid)?.StartTicks ?? 0, ProcessIdentity.CurrentBootId);

    /// <summary>What it prints, to either stream.</summary>
    public abstract Stream Output { get; }

    /// <summary>Waits for the engine's own end; helpers may outlive it.</summary>
    public abstract Task<ExitStatus> WaitForExitAsync();

    /// <inheritdoc />
    public abstract void Dispose();
}
