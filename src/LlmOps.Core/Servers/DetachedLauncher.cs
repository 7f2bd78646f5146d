using System.ComponentModel;
using System.Diagnostics;
using LlmOps.Processes;

namespace LlmOps.Servers;

/// <summary>Starts a supervisor that outlives this process, its terminal and its pipes.</summary>
/// <remarks>
/// The shell points the supervisor's streams away from ours before <c>exec</c>, so that nobody who reads our output waits for the
/// server to end; <c>setsid</c> gives it a session without a terminal. The process id stays the same all the way.
/// </remarks>
internal sealed class DetachedLauncher : IDisposable
{
    /// <summary>Tells the shell where the supervisor's own words go; as only a supervisor has it, it also marks the supervisor of a folder.</summary>
    public const string LogVariable = "LLMOPS_SUPERVISOR_LOG";

    private const string InOwnSession = "exec setsid \"$@\" >>\"$LLMOPS_SUPERVISOR_LOG\" 2>&1 </dev/null";

    // macOS has no setsid command: ignoring the hang-up is what nohup does.
    private const string WithoutSetsid = "trap '' HUP; exec \"$@\" >>\"$LLMOPS_SUPERVISOR_LOG\" 2>&1 </dev/null";

    private readonly Process _process;
    private readonly string _log;

    private DetachedLauncher(Process process, string log) => (_process, _log) = (process, log);

    /// <summary>The supervisor's process id.</summary>
    public int Pid => _process.Id;

    /// <summary>Whether it has ended already.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>How it ended, with what it said last.</summary>
    public string Failure
    {
        get
        {
            string? said = File.Exists(_log) ? File.ReadLines(_log).LastOrDefault(line => line.Trim().Length > 0) : null;
            string ended = ExitStatus.FromExitCode(_process.ExitCode).ToString();
            return said is null ? ended : $"{ended}: {said.Trim()}";
        }
    }

    /// <summary>Starts <paramref name="command"/> for <paramref name="folder"/>.</summary>
    /// <exception cref="LlmOpsException">This platform cannot, or the shell cannot be started.</exception>
    public static DetachedLauncher Start(SupervisorCommand command, ServerFolder folder)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new LlmOpsException("Servers cannot be started on Windows yet; use WSL 2.", "PlatformNotSupported");
        }

        string recipe = ExecutableFinder.Find("setsid") is null ? WithoutSetsid : InOwnSession;
        ProcessStartInfo start = new("/bin/sh", ["-c", recipe, "sh", command.File, .. command.Arguments, folder.Path])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.Path,
        };
        foreach ((string name, string value) in command.Environment)
        {
            start.Environment[name] = value;
        }

        start.Environment[LogVariable] = folder.SupervisorLogFile;
        try
        {
            Process process = Process.Start(start)!;
            process.StandardInput.Close();
            process.StandardOutput.Close();
            process.StandardError.Close();
            return new DetachedLauncher(process, folder.SupervisorLogFile);
        }
        catch (Exception problem) when (problem is Win32Exception or IOException)
        {
            throw new ProcessStartException($"'/bin/sh' could not be started: {problem.Message}", problem);
        }
    }

    /// <summary>The supervisor of <paramref name="folder"/> among the processes that live, whatever its record says; null when there is none.</summary>
    public static ProcessIdentity? FindSupervisor(ServerFolder folder)
    {
        ProcessMark mark = new(LogVariable, folder.SupervisorLogFile, WholeValue: true);
        return ProcessStatus.ReadAll()
            .Where(status => !status.IsDead && mark.IsOn(status.Pid))
            .Select(status => ProcessIdentity.Of(status.Pid))
            .FirstOrDefault(identity => identity is not null);
    }

    /// <inheritdoc />
    public void Dispose() => _process.Dispose();
}
