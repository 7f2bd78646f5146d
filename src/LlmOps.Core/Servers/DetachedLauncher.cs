using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Native.Libc;
using LlmOps.Processes;

namespace LlmOps.Servers;

/// <summary>Starts an engine, and its supervisor, which outlives this process, its terminal and its pipes.</summary>
/// <remarks>
/// The shell starts the engine and then becomes the supervisor, so that the engine loads while .NET does (<see cref="AdoptedEngine"/>).
/// It points the supervisor's streams away from ours before <c>exec</c>, so that nobody who reads our output waits for the
/// server to end; <c>setsid</c> gives each a session without a terminal. The process ids stay the same all the way.
/// Where the folder's file system has no pipes the supervisor starts the engine.
/// </remarks>
internal sealed class DetachedLauncher : IDisposable
{
    /// <summary>Tells the shell where the supervisor's own words go; as only a supervisor has it, it also marks the supervisor of a folder.</summary>
    public const string LogVariable = "LLMOPS_SUPERVISOR_LOG";

    private const string EngineFolderVariable = "LLMOPS_ENGINE_FOLDER";

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

    /// <summary>Starts the engine and <paramref name="supervisor"/>, which takes it over.</summary>
    /// <param name="supervisor">What supervises.</param>
    /// <param name="folder">The server's folder, with all that the supervisor reads in it.</param>
    /// <param name="engine">The engine's command.</param>
    /// <param name="mark">What the engine's processes are known by; see <see cref="EngineGroup"/>.</param>
    /// <exception cref="LlmOpsException">This platform cannot, or the shell cannot be started.</exception>
    public static DetachedLauncher Start(SupervisorCommand supervisor, ServerFolder folder, LaunchCommand engine, string mark)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new LlmOpsException("Servers cannot be started on Windows yet; use WSL 2.", "PlatformNotSupported");
        }

        List<string> words = [supervisor.File, .. supervisor.Arguments, folder.Path];
        int supervisorWords = words.Count;
        File.Delete(folder.OutputPipe);
        bool hasSetsid = ExecutableFinder.Find("setsid") is not null;
        bool engineFirst = LibcFifo.TryMake(folder.OutputPipe);
        if (engineFirst)
        {
            if (engine.Environment.Count > 0)
            {
                words.Add("env");
                words.AddRange(engine.Environment.Select(variable => $"{variable.Key}={variable.Value}"));
            }

            // Between, or a file with '=' in its name would be taken for a variable.
            words.AddRange(hasSetsid ? ["setsid"] : ["sh", "-c", "exec \"$@\"", "sh"]);
            words.AddRange([engine.File, .. engine.Arguments]);
        }

        ProcessStartInfo start = new("/bin/sh", ["-c", Recipe(supervisorWords, engineFirst ? engine.SecretFiles?.Keys ?? [] : null, hasSetsid), folder.OutputPipe, .. words])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.Path,
        };
        foreach ((string name, string value) in supervisor.Environment)
        {
            start.Environment[name] = value;
        }

        Dictionary<string, string> secrets = engineFirst ? SecretsOf(engine) : [];
        foreach ((string name, string value) in secrets)
        {
            start.Environment[name] = value; // Never a word of a command, which everybody can read.
        }

        if (engineFirst)
        {
            // From the first moment on, so that there is none in which the engine could be overlooked.
            start.Environment[EngineGroup.MarkVariable] = mark;
        }

        start.Environment[EngineFolderVariable] = Environment.CurrentDirectory;
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

    private static Dictionary<string, string> SecretsOf(LaunchCommand engine) =>
        (engine.SecretFiles ?? new Dictionary<string, string>()).ToDictionary(secret => secret.Key, secret => ApiKeys.First(secret.Value));

    /// <summary>What the shell does. Its words are the supervisor's, then the engine's; its name, <c>$0</c>, is the pipe between them.</summary>
    /// <param name="supervisorWords">How many words are the supervisor's.</param>
    /// <param name="secrets">Variables that only the engine gets; null when the supervisor is to start the engine.</param>
    /// <param name="hasSetsid">Whether there is such a command.</param>
    private static string Recipe(int supervisorWords, IEnumerable<string>? secrets, bool hasSetsid)
    {
        StringBuilder recipe = new();
        if (!hasSetsid)
        {
            // macOS has no such command: ignoring the hang-up is what nohup does.
            recipe.AppendLine("trap '' HUP");
        }

        if (secrets is not null)
        {
            // A pipe that is opened for both needs nobody at its other end yet.
            recipe.AppendLine(CultureInfo.InvariantCulture, $"exec 4<>\"$0\" {AdoptedEngine.Descriptor}<\"$0\"");
            recipe.AppendLine(CultureInfo.InvariantCulture, $"(cd \"${EngineFolderVariable}\" 2>/dev/null || cd /; shift {supervisorWords}; unset {LogVariable} {EngineFolderVariable}");
            recipe.AppendLine(CultureInfo.InvariantCulture, $"exec \"$@\") >&4 2>&1 </dev/null {AdoptedEngine.Descriptor}<&- 4>&- &");
            recipe.AppendLine(CultureInfo.InvariantCulture, $"{AdoptedEngine.Variable}=$!; export {AdoptedEngine.Variable}");
            recipe.AppendLine(string.Join(' ', ["unset", EngineFolderVariable, EngineGroup.MarkVariable, .. secrets]));
            recipe.AppendLine("exec 4>&-");
        }

        recipe.Append(hasSetsid ? "exec setsid" : "exec");
        for (int word = 1; word <= supervisorWords; word++)
        {
            recipe.Append(CultureInfo.InvariantCulture, $" \"${{{word}}}\"");
        }

        return recipe.Append(CultureInfo.InvariantCulture, $" >>\"${LogVariable}\" 2>&1 </dev/null").ToString();
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
