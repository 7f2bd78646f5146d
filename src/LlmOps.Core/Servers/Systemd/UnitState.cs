using System.Globalization;

namespace LlmOps.Servers.Systemd;

/// <summary>What <c>systemctl show</c> says of a unit.</summary>
/// <param name="properties">Its properties by name.</param>
internal sealed class UnitState(IReadOnlyDictionary<string, string> properties)
{
    /// <summary>What is asked for.</summary>
    public const string Properties = "LoadState,ActiveState,SubState,Result,MainPID,ExecMainCode,ExecMainStatus,ExecMainStartTimestamp,ExecMainExitTimestamp,NRestarts,Environment";

    // wait(2)'s codes, as systemd passes them on.
    private const string ExitedByItself = "1";

    /// <summary>Reads <c>Name=value</c> lines.</summary>
    public static UnitState Read(string text) => new(text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split('=', 2))
        .Where(parts => parts.Length == 2)
        .GroupBy(parts => parts[0])
        .ToDictionary(parts => parts.Key, parts => parts.Last()[1].Trim()));

    /// <summary>Whether systemd knows the unit.</summary>
    public bool IsLoaded => Text("LoadState") == "loaded";

    /// <summary>The unit as a managed server.</summary>
    public ManagedStatus ToStatus() => !IsLoaded ? new ManagedStatus { Phase = ManagedPhase.Absent } : new ManagedStatus
    {
        Phase = (Text("ActiveState"), Text("SubState")) switch
        {
            (_, "auto-restart" or "auto-restart-queued") => ManagedPhase.Restarting,
            ("active" or "reloading" or "activating" or "deactivating", _) => ManagedPhase.Running,
            _ when Text("ExecMainStartTimestamp") is null or "n/a" && Text("Result") == "success" => ManagedPhase.Absent, // Installed, never started.
            _ => ManagedPhase.Ended,
        },
        Pid = int.TryParse(Text("MainPID"), CultureInfo.InvariantCulture, out int pid) && pid > 0 ? pid : null,
        Exit = Exit(),
        OutOfMemory = Text("Result") == "oom-kill",
        Note = Text("Result") switch
        {
            "oom-kill" => "the kernel killed it because memory was used up (oom-kill)",
            "start-limit-hit" => $"systemd has given up after {Text("NRestarts")} restarts (start-limit-hit)",
            "timeout" => "it did not end in time and was killed",

            // A real systemd (252) keeps the last run's result when it gives up, and says "start-limit-hit" only of a start by hand.
            _ when Text("ActiveState") == "failed" && Text("NRestarts") is { } tried and not "0" => $"systemd has given up after {tried} restarts",
            _ => null,
        },
        Restarts = int.TryParse(Text("NRestarts"), CultureInfo.InvariantCulture, out int restarts) ? restarts : 0,
        StartedAt = Time("ExecMainStartTimestamp"),
        EndedAt = Time("ExecMainExitTimestamp"),
    };

    private ExitStatus? Exit()
    {
        if (!int.TryParse(Text("ExecMainStatus"), CultureInfo.InvariantCulture, out int status) || Text("ExecMainCode") is null or "0")
        {
            return null;
        }

        return Text("ExecMainCode") == ExitedByItself ? new ExitStatus(status, null) : ExitStatus.FromExitCode(128 + status);
    }

    // "Sat 2026-11-21 15:37:26 UTC", or with --timestamp=unix "@1795275446".
    private DateTimeOffset? Time(string name) =>
        Text(name) is ['@', .. var seconds] && long.TryParse(seconds, CultureInfo.InvariantCulture, out long unix) && unix > 0 ? DateTimeOffset.FromUnixTimeSeconds(unix) : null;

    private string? Text(string name) => properties.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;
}
