using System.ComponentModel;
using System.Diagnostics;
using LlmOps.Configuration;
using LlmOps.Processes;

namespace LlmOps.Servers;

/// <summary>An engine that the supervisor started itself: every one but the first.</summary>
internal sealed class StartedEngine : EngineProcess
{
    // Both streams share one pipe, so that their lines keep their order. exec keeps the process id all the way to the engine.
    private const string InOwnSession = "exec setsid \"$@\" 2>&1 </dev/null";
    private const string InThisSession = "exec \"$@\" 2>&1 </dev/null";

    private readonly Process _process;

    private StartedEngine(Process process)
        : base(process.Id) => _process = process;

    /// <inheritdoc />
    public override Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>Starts the engine of <paramref name="launch"/>.</summary>
    /// <param name="launch">What to start.</param>
    /// <param name="mark">What its processes are known by; see <see cref="EngineGroup"/>.</param>
    /// <exception cref="ProcessStartException">It could not be started at all.</exception>
    /// <exception cref="LlmOpsException">A key file cannot be read.</exception>
    public static StartedEngine Start(LaunchRecord launch, string mark)
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
            return new StartedEngine(process);
        }
        catch (Exception problem) when (problem is Win32Exception or IOException)
        {
            throw new ProcessStartException($"'{launch.File}' could not be started: {problem.Message}", problem);
        }
    }

    /// <inheritdoc />
    public override async Task<ExitStatus> WaitForExitAsync()
    {
        await _process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        return ExitStatus.FromExitCode(_process.ExitCode);
    }

    /// <inheritdoc />
    public override void Dispose() => _process.Dispose();
}
