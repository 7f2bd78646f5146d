using System.Globalization;
using System.Text;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Logs;
using LlmOps.Processes;

namespace LlmOps.Servers.Systemd;

/// <summary>Runs engines as units of systemd, which supervises them.</summary>
/// <remarks>
/// A unit that is not installed is written where systemd keeps what is gone after a reboot; so one unit file is what is shown,
/// verified and started, whichever way it is wanted.
/// </remarks>
internal sealed class SystemdRuntime : ManagedRuntime
{
    /// <summary>Variables of the starting shell that the engine may need, such as tokens; in the folder (0700) of the server.</summary>
    private const string EnvironmentFileName = "environment";

    /// <inheritdoc />
    public override string Name => RuntimeNames.Systemd;

    /// <summary>The unit file and the command that starts it.</summary>
    public static string Describe(ServerConfig config, LaunchCommand command)
    {
        SystemdManager manager = SystemdManager.For(config.Systemd);
        string? secrets = command.SecretFiles is null ? null : Path.Combine(ServerRegistry.Default.FolderOf(config.Name).Path, EnvironmentFileName);
        string text = UnitText.Write(config, Absolute(command), manager.IsUser, Environment.CurrentDirectory, secrets, null);
        return $"{text}\n# systemctl{(manager.IsUser ? " --user" : string.Empty)} {(config.Systemd.Install ? "enable --now" : "start")} {UnitText.UnitName(config.Name)}";
    }

    /// <inheritdoc />
    public override async Task RequireRunnableAsync(StartRequest request, CancellationToken cancellationToken)
    {
        StartChecks.RequireRunnable(request.Config, request.Command);
        await SystemdManager.For(request.Config.Systemd).RequireRunningAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public override ILogReader OpenLog(ServerFolder folder, int? tail) => new CommandLogReader(
        "journalctl", [.. JournalOf(folder.Name, ManagerOf(folder), ServerController.TryReadRecord(folder)?.StartedAt), "--follow", "--lines", tail is { } lines ? lines.ToString(CultureInfo.InvariantCulture) : "all"], Mask(folder), FromJournal);

    /// <inheritdoc />
    public override IReadOnlyList<string> Tail(LlmServer server, int lines)
    {
        if (ExecutableFinder.Find("journalctl") is null)
        {
            return [];
        }

        ServerFolder folder = new(Path.GetDirectoryName(server.ConfigPath)!);
        ProcessResult journal = Now(() => ProcessRunner.RunAsync(
            new ProcessRequest("journalctl", [.. JournalOf(server.Name, ManagerOf(folder), server.StartedAt), "--lines", lines.ToString(CultureInfo.InvariantCulture)]) { Timeout = TimeSpan.FromSeconds(20) },
            CancellationToken.None));
        SecretMask mask = SecretMask.For(server.ApiKeyFile);
        return [.. journal.StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => mask.Apply(FromJournal(line)))];
    }

    /// <inheritdoc />
    public override void Remove(ServerFolder folder, ServerRecord? record)
    {
        SystemdManager manager = ManagerOf(folder);
        string unit = UnitText.UnitName(folder.Name);
        bool removed = false;
        foreach (string file in new[] { manager.UnitFile(unit, install: true), manager.UnitFile(unit, install: false) }.Where(File.Exists))
        {
            if (!removed)
            {
                Now(() => manager.TryAsync(["disable", unit], CancellationToken.None));
            }

            File.Delete(file);
            removed = true;
        }

        if (removed)
        {
            Now(() => manager.TryAsync(["daemon-reload"], CancellationToken.None));
            Now(() => manager.TryAsync(["reset-failed", unit], CancellationToken.None));
        }
    }

    /// <inheritdoc />
    protected override string Unit(string server) => UnitText.UnitName(server);

    /// <inheritdoc />
    protected override ManagedStatus Status(ServerFolder folder, string? instance)
    {
        if (ExecutableFinder.Find("systemctl") is null)
        {
            return new ManagedStatus { Phase = ManagedPhase.Unknown, Problem = "there is no systemctl on PATH" };
        }

        try
        {
            SystemdManager manager = ManagerOf(folder);
            ProcessResult shown = Now(() => manager.TryAsync(["show", UnitText.UnitName(folder.Name), $"--property={UnitState.Properties}", "--timestamp=unix"], CancellationToken.None));
            return shown.ExitCode == 0
                ? UnitState.Read(shown.StandardOutput).ToStatus()
                : new ManagedStatus { Phase = ManagedPhase.Unknown, Problem = $"systemd does not answer: {SystemdManager.Said(shown)}" };
        }
        catch (LlmOpsException problem)
        {
            return new ManagedStatus { Phase = ManagedPhase.Unknown, Problem = problem.Message };
        }
    }

    /// <inheritdoc />
    protected override async Task CreateAsync(ServerFolder folder, ServerRecord record, StartRequest request, CancellationToken cancellationToken)
    {
        ServerConfig config = request.Config;
        SystemdManager manager = SystemdManager.For(config.Systemd);
        string unit = UnitText.UnitName(config.Name);
        string file = manager.UnitFile(unit, config.Systemd.Install);
        string text = UnitText.Write(
            config, Marked(Absolute(request.Command), folder, record), manager.IsUser, Environment.CurrentDirectory, WriteEnvironment(folder, request.Command), await VersionAsync(manager, cancellationToken).ConfigureAwait(false));

        // Read by systemd before it is where systemd looks: a broken one must not be found there at the next boot.
        string draft = Path.Combine(folder.Path, unit);
        PrivateFile.Write(draft, Encoding.UTF8.GetBytes(text));
        if (await manager.VerifyAsync(draft, cancellationToken).ConfigureAwait(false) is { } wrong)
        {
            throw new LlmOpsException($"Server '{config.Name}' was not started: systemd-analyze verify says of its unit '{draft}': {wrong}.", "UnitInvalid");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.Copy(draft, file, overwrite: true);
        await manager.RunAsync(["daemon-reload"], cancellationToken).ConfigureAwait(false);
        await manager.TryAsync(["reset-failed", unit], cancellationToken).ConfigureAwait(false);
        await manager.RunAsync(config.Systemd.Install ? ["enable", "--now", unit] : ["start", unit], cancellationToken, TimeSpan.FromSeconds(60)).ConfigureAwait(false);
    }

    /// <inheritdoc />
    protected override async Task EndAsync(ServerFolder folder, TimeSpan grace, CancellationToken cancellationToken)
    {
        SystemdManager manager = ManagerOf(folder);
        string unit = UnitText.UnitName(folder.Name);

        // Stopped means stopped: restarting is the manager's, and it does not restart what it was asked to stop.
        Task<string> stopping = manager.RunAsync(["stop", unit], cancellationToken, grace + TimeSpan.FromSeconds(45));
        if (await Task.WhenAny(stopping, Task.Delay(grace, cancellationToken)).ConfigureAwait(false) != stopping)
        {
            // The unit's own patience is longer; killing all of its group makes the stop that waits end now.
            await manager.TryAsync(["kill", "--signal=SIGKILL", unit], cancellationToken).ConfigureAwait(false);
        }

        await stopping.ConfigureAwait(false);
    }

    /// <summary>A line of the journal, "1795275446.731976 llmops-qwen[123]: text", as a line of ours. What systemd itself says keeps its name.</summary>
    internal static string FromJournal(string line)
    {
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0 || !decimal.TryParse(line.AsSpan(0, space), CultureInfo.InvariantCulture, out decimal seconds))
        {
            return line;
        }

        string text = line[(space + 1)..];
        int colon = text.IndexOf("]: ", StringComparison.Ordinal);
        return LogLine.Stamp(DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond)), text.StartsWith("llmops-", StringComparison.Ordinal) && colon > 0 ? text[(colon + 3)..] : text);
    }

    private static LaunchCommand Absolute(LaunchCommand command) => command with
    {
        File = command.File.Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(command.File) : ExecutableFinder.Find(command.File) ?? command.File,
    };

    // By the mark the processes of a unit are known as its server's, whatever becomes of the unit.
    private static LaunchCommand Marked(LaunchCommand command, ServerFolder folder, ServerRecord record) => command with
    {
        Environment = new Dictionary<string, string>(command.Environment) { [EngineGroup.MarkVariable] = EngineGroup.Mark(folder, record.Instance) },
    };

    // The journal keeps what a unit of that name said in its earlier lives; an old fault would be taken for this start's.
    private static string[] JournalOf(string server, SystemdManager manager, DateTimeOffset? since) =>
    [
        manager.IsUser ? "--user-unit" : "--unit", UnitText.UnitName(server), "--output", "short-unix", "--no-hostname", "--quiet",
        .. since is { } start ? [string.Create(CultureInfo.InvariantCulture, $"--since=@{(start - DateTimeOffset.UnixEpoch).TotalSeconds:0.000000}")] : Array.Empty<string>(),
    ];

    private static SystemdManager ManagerOf(ServerFolder folder)
    {
        try
        {
            return SystemdManager.For(File.Exists(folder.ConfigFile) ? ServerConfigFile.Read(folder.ConfigFile).Systemd : new SystemdSettings());
        }
        catch (LlmOpsException)
        {
            return SystemdManager.For(new SystemdSettings()); // A damaged configuration: the usual manager.
        }
    }

    private static async Task<int?> VersionAsync(SystemdManager manager, CancellationToken cancellationToken)
    {
        ProcessResult shown = await manager.TryAsync(["--version"], cancellationToken).ConfigureAwait(false);
        string[] words = shown.StandardOutput.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return words is ["systemd", var number, ..] && int.TryParse(number, CultureInfo.InvariantCulture, out int version) ? version : null;
    }

    /// <summary>Writes the secrets that a unit needs where its <c>EnvironmentFile=</c> reads them; null when there are none.</summary>
    /// <remarks>Under the other runtimes the engine inherits the shell's secrets (HF_TOKEN); a unit inherits nothing, and may not name them.</remarks>
    internal static string? WriteEnvironment(ServerFolder folder, LaunchCommand command)
    {
        Dictionary<string, string> secrets = [];
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            if (variable is { Key: string name, Value: string value } && SecretMask.IsSecretName(name) && !value.Contains('\n', StringComparison.Ordinal))
            {
                secrets[name] = value;
            }
        }

        foreach ((string name, string secret) in command.SecretFiles ?? new Dictionary<string, string>())
        {
            secrets[name] = ApiKeys.First(secret);
        }

        StringBuilder text = new();
        foreach ((string name, string value) in secrets)
        {
            text.Append(name).Append("=\"").Append(value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append("\"\n");
        }

        string file = Path.Combine(folder.Path, EnvironmentFileName);
        if (text.Length == 0)
        {
            File.Delete(file);
            return null;
        }

        PrivateFile.Write(file, Encoding.UTF8.GetBytes(text.ToString()));
        return file;
    }

    private static T Now<T>(Func<Task<T>> work) => Task.Run(work).GetAwaiter().GetResult();
}
