using System.ComponentModel;
using System.Diagnostics;
using LlmOps.Configuration;
using LlmOps.Processes;

namespace LlmOps.Servers;

/// <summary>A running engine, as its supervisor holds it: leader of its own session, its output in a pipe.</summary>
internal sealed class EngineProcess : IDisposable
{
    // Both streams share one pipe, so that their lines keep their order. exec keeps the process id all the way to the engine.
    private const string InOwnSession = "exec setsid \"$@\" 2>&1 </dev/null";
    private const string InThisSession = "exec \"$@\" 2>&1 </dev/null";

    private readonly Process _process;

    private EngineProcess(Process process)
    {
        _process = process;

        // One that is dead already still has its start time until it is collected; without one it is simply never alive.
        Identity = new ProcessIdentity(process.Id, ProcessStatus.Read(process.Id)?.StartTicks ?? 0, ProcessIdentity.CurrentBootId);
    }

    /// <summary>Which process it is.</summary>
    public ProcessIdentity Identity { get; }

    /// <summary>What it prints, to either stream.</summary>
    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>Starts the engine of <paramref name="launch"/>.</summary>
    /// <param name="launch">What to start.</param>
    /// <param name="mark">What its processes are known by; see <see cref="EngineGroup"/>.</param>
    /// <exception cref="ProcessStartException">It could not be started at all.</exception>
    /// <exception cref="LlmOpsException">A key file cannot be read.</exception>
    public static EngineProcess Start(LaunchRecord launch, string mark)
    {
        string recipe = ExecutableFinder.Find("setsid") is null ? InThisSession : InOwnSession;
        ProcessStartInfo start = new("/bin/sh", ["-c", recipe, "sh", launch.File, .. launch.Arguments])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Directory.Exists(launch.WorkingDirectory) ? launch.WorkingDirectory : "/",
        };
        foreach ((string name, string value) in launch.Environment)
        {
            start.Environment[name] = value;
        }

        foreach ((string name, string file) in launch.SecretFiles ?? new Dictionary<string, string>())
        {
            start.Environment[name] = ApiKeys.First(file);
        }

        start.Environment[EngineGroup.MarkVariable] = mark;
        start.Environment.Remove(DetachedLauncher.LogVariable); // It marks supervisors.
        try
        {
            Process process = Process.Start(start)!;
            process.StandardInput.Close();
            return new EngineProcess(process);
        }
        catch (Exception problem) when (problem is Win32Exception or IOException)
        {
            throw new ProcessStartException($"'{launch.File}' could not be started: {problem.Message}", problem);
        }
    }

    /// <summary>Waits for the engine's own end; helpers may outlive it.</summary>
    public async Task<ExitStatus> WaitForExitAsync()
    {
        await _process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        return ExitStatus.FromExitCode(_process.ExitCode);
    }

    /// <inheritdoc />
    public void Dispose() => _process.Dispose();
}
