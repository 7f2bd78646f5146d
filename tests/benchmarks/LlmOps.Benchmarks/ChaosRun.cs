using System.Diagnostics;
using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Servers;

namespace LlmOps.Benchmarks;

/// <summary>Kills supervisors, engines and the shells that start servers, each at a random moment, and looks at what is left.</summary>
/// <param name="llmops">The command.</param>
/// <param name="engine">A real llama-server.</param>
/// <param name="model">A small model.</param>
/// <param name="folder">A folder for everything that this makes.</param>
/// <param name="seed">Makes the moments come again.</param>
public sealed class ChaosRun(string llmops, EngineCapabilities engine, string model, string folder, int seed)
{
    private const int Workers = 3;
    private const int SignalKill = 9;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    // A start takes a few hundred ms; later kills meet a server that is ready.
    private static readonly TimeSpan s_latestKill = TimeSpan.FromMilliseconds(1500);

    private readonly string _state = Path.Combine(folder, "state");
    private readonly Dictionary<string, int> _killed = new() { ["supervisor"] = 0, ["engine"] = 0, ["shell"] = 0 };
    private readonly Dictionary<string, int> _met = [];
    private readonly List<string> _wrong = [];
    private readonly Lock _lock = new();
    private int _done;

    /// <summary>What was killed how often.</summary>
    public IReadOnlyDictionary<string, int> Killed => _killed;

    /// <summary>In which state servers were after a kill, how often.</summary>
    public IReadOnlyDictionary<string, int> Met => _met;

    /// <summary>What was not as it must be; empty when all is well.</summary>
    public IReadOnlyList<string> Wrong => _wrong;

    private ServerRegistry Registry => new(Path.Combine(_state, "llmops", "servers"));

    /// <summary>Kills <paramref name="kills"/> times.</summary>
    public async Task RunAsync(int kills, Action<string>? tell, CancellationToken cancellationToken)
    {
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(() => WorkAsync(worker, kills, tell, cancellationToken), cancellationToken)));
        foreach (int pid in Leftovers())
        {
            Add($"process {pid} is left at the end");
        }
    }

    private async Task WorkAsync(int worker, int kills, Action<string>? tell, CancellationToken cancellationToken)
    {
        Random random = new(seed + worker);
        string name = $"chaos-{worker}";
        while (Interlocked.Increment(ref _done) is var number && number <= kills)
        {
            cancellationToken.ThrowIfCancellationRequested();
            string target = new[] { "supervisor", "engine", "shell" }[random.Next(3)];
            int port = FreePorts.Next();
            string file = Path.Combine(folder, name + ".yaml");
            await File.WriteAllTextAsync(file, ServerConfigFile.ToYaml(Config(name, port, random)), cancellationToken);
            using Process shell = StartShell(file);
            await Task.Delay(random.NextDouble() * s_latestKill, cancellationToken);
            bool hit = await KillAsync(target, name, shell, cancellationToken);
            await WaitForAsync(() => shell.HasExited, $"{name}: the end of the shell that starts it", cancellationToken);
            await JudgeAsync(number, target, name, port, cancellationToken);
            lock (_lock)
            {
                _killed[target] += hit ? 1 : 0;
            }

            if (number % 20 == 0)
            {
                tell?.Invoke(string.Create(CultureInfo.InvariantCulture, $"{number} of {kills}; wrong: {_wrong.Count} {string.Join(" | ", _wrong)}"));
            }
        }
    }

    private ServerConfig Config(string name, int port, Random random) => new()
    {
        Name = name,
        EnginePath = engine.Path,
        Model = model,
        Endpoint = new ServerEndpoint { Port = port },
        Options = OptionSet.Empty.With("contextLength", 512L).With("parallel", 1L).With("warmup", false),
        Restart = new RestartPolicy { Mode = (RestartMode)random.Next(3), BackoffSeconds = 0.05 },
    };

    /// <summary>A shell in a group of its own, so that it can be killed with what it runs, as a terminal that is closed is.</summary>
    private Process StartShell(string file)
    {
        ProcessStartInfo start = new("setsid", ["/bin/sh", "-c", "\"$@\" >/dev/null 2>&1; true", "sh", llmops, "start", file, "--timeout", "50"]) { UseShellExecute = false };
        start.Environment["XDG_STATE_HOME"] = _state;
        return Process.Start(start)!;
    }

    private async Task<bool> KillAsync(string target, string name, Process shell, CancellationToken cancellationToken)
    {
        if (target == "shell")
        {
            return !shell.HasExited && Signal(-shell.Id);
        }

        // Early on there is no record yet, or it does not name the process yet: the moment is whenever it first does.
        for (long end = Environment.TickCount64 + 5000; Environment.TickCount64 < end; await Task.Delay(5, cancellationToken))
        {
            LlmServer? server = Registry.Find(name);
            if ((target == "engine" ? server?.Pid : server?.SupervisorPid) is { } pid)
            {
                return Signal(pid);
            }

            if (shell.HasExited)
            {
                break;
            }
        }

        return false;
    }

    private async Task JudgeAsync(int number, string target, string name, int port, CancellationToken cancellationToken)
    {
        string what = $"kill {number} ({target})";
        if (Registry.Find(name) is not { } server)
        {
            if (Leftovers(name) is [var unrecorded, ..])
            {
                Add($"{what}: there is no record, and process {unrecorded} runs");
            }

            return;
        }

        lock (_lock)
        {
            _met[server.State.ToString()] = _met.GetValueOrDefault(server.State.ToString()) + 1;
        }

        if (server is { State: ServerState.Failed or ServerState.Stopped, Pid: not null })
        {
            Add($"{what}: the record says {server.State}, and process {server.Pid} runs");
        }

        if (server.Reason?.Contains("cannot be read", StringComparison.Ordinal) == true)
        {
            Add($"{what}: {server.Reason}");
        }

        try
        {
            LlmServer stopped = await new ServerController(Registry).StopAsync(name, TimeSpan.FromSeconds(5), cancellationToken);
            if (stopped.State is not (ServerState.Stopped or ServerState.Failed) || stopped.Pid is not null || stopped.SupervisorPid is not null)
            {
                Add($"{what}: after the stop it is {stopped.State} with process {stopped.Pid} and supervisor {stopped.SupervisorPid}");
            }
        }
        catch (LlmOpsException problem)
        {
            Add($"{what}: the stop failed: {problem.Message}");
        }

        if (Leftovers(name) is [var left, ..])
        {
            Add($"{what}: process {left} is left after the stop");
        }

        // A stranger may have taken the port since; a listener of ours, or one without a process, is a leak.
        if (PortHolder.IsListening(port) && (PortHolder.Find(port) is not { } holder || IsOurs(holder)))
        {
            Add($"{what}: port {port} is still taken after the stop, by {PortHolder.DescribeWithCommand(port) ?? "nobody"}");
        }
    }

    /// <summary>Processes that carry the mark of one of our servers: engines, their helpers and supervisors.</summary>
    private List<int> Leftovers(string name = "")
    {
        string mark = Path.Combine(Registry.Folder, name);
        List<int> found = [];
        foreach (string process in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && pid != Environment.ProcessId && IsMarked(process, mark))
            {
                found.Add(pid);
            }
        }

        return found;
    }

    private static bool IsMarked(string process, string mark)
    {
        try
        {
            // A zombie has no environment any more, and holds nothing.
            return File.ReadAllText(process + "/environ").Split('\0').Any(variable =>
                (variable.StartsWith("LLMOPS_SERVER_INSTANCE=", StringComparison.Ordinal) || variable.StartsWith("LLMOPS_SUPERVISOR_LOG=", StringComparison.Ordinal))
                && variable.Contains(mark, StringComparison.Ordinal));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Whether a process has our state folder in its environment, as everything has that a shell of ours started, marked yet or not.</summary>
    private bool IsOurs(int pid)
    {
        try
        {
            return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/environ")).Contains(_state, StringComparison.Ordinal);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool Signal(int pid)
    {
        using Process kill = Process.Start(new ProcessStartInfo("/bin/kill", [$"-{SignalKill}", "--", pid.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardError = true })!;
        kill.WaitForExit();
        return kill.ExitCode == 0;
    }

    private async Task WaitForAsync(Func<bool> condition, string what, CancellationToken cancellationToken)
    {
        for (long end = Environment.TickCount64 + (long)s_patience.TotalMilliseconds; !condition(); await Task.Delay(10, cancellationToken))
        {
            if (Environment.TickCount64 > end)
            {
                Add($"{what} did not come within {s_patience.TotalSeconds} s");
                return;
            }
        }
    }

    private void Add(string wrong)
    {
        lock (_lock)
        {
            _wrong.Add(wrong);
        }
    }
}
