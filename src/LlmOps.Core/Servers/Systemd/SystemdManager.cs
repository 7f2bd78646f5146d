using LlmOps.Configuration;
using LlmOps.Processes;

namespace LlmOps.Servers.Systemd;

/// <summary>One manager of systemd: the machine's, or the user's.</summary>
/// <param name="isUser">Whether it is the user's.</param>
internal sealed class SystemdManager(bool isUser)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);

    /// <summary>Whether it is the user's manager.</summary>
    public bool IsUser => isUser;

    /// <summary>As configurations name it.</summary>
    public string Scope => isUser ? "user" : "system";

    /// <summary>The manager that a configuration wants: as it says, else the machine's for root and the user's for everybody else.</summary>
    public static SystemdManager For(SystemdSettings settings) => new(settings.Scope is { } scope ? scope == "user" : !Environment.IsPrivilegedProcess);

    /// <summary>Where a unit file is put.</summary>
    /// <param name="unit">The unit's name.</param>
    /// <param name="install">Whether it is to be there after a reboot.</param>
    /// <remarks>Source: systemd.unit(5), "Unit File Load Path".</remarks>
    public string UnitFile(string unit, bool install)
    {
        string folder = (isUser, install) switch
        {
            (false, true) => Path.Combine(Root, "etc/systemd/system"),
            (false, false) => Path.Combine(Root, "run/systemd/system"),
            (true, true) => Path.Combine(
                Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } config ? config : Path.Combine(LlmOpsFolders.Home, ".config"),
                "systemd/user"),
            (true, false) => Path.Combine(RuntimeFolder, "systemd/user"),
        };
        return Path.Combine(folder, unit);
    }

    /// <summary>Refuses a machine where systemd does not run things.</summary>
    /// <exception cref="LlmOpsException">Why not; id <c>SystemdNotRunning</c>.</exception>
    public async Task RequireRunningAsync(CancellationToken cancellationToken)
    {
        if (ExecutableFinder.Find("systemctl") is null)
        {
            throw NotRunning("there is no systemctl on PATH");
        }

        // What sd_booted(3) looks at.
        if (!isUser && !Directory.Exists(Path.Combine(Root, "run/systemd/system")))
        {
            throw NotRunning("systemd is not the first process of this machine or container");
        }

        ProcessResult answer = await TryAsync(["show", "--property=Version"], cancellationToken).ConfigureAwait(false);
        if (answer.ExitCode != 0)
        {
            throw NotRunning(isUser
                ? $"the user's manager does not answer ({Said(answer)}); log in by a session with a bus, or run 'loginctl enable-linger'"
                : $"systemd does not answer ({Said(answer)})");
        }
    }

    /// <summary>Runs <c>systemctl</c> to its end.</summary>
    public Task<ProcessResult> TryAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken, TimeSpan? patience = null) =>
        RunAsync("systemctl", [.. isUser ? ["--user"] : Array.Empty<string>(), "--no-ask-password", .. arguments], patience ?? s_patience, cancellationToken);

    /// <summary>Runs <c>systemctl</c> to its end and refuses to go on when it failed.</summary>
    /// <exception cref="LlmOpsException">It failed; id <c>SystemdFailed</c>.</exception>
    public async Task<string> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken, TimeSpan? patience = null)
    {
        ProcessResult result = await TryAsync(arguments, cancellationToken, patience).ConfigureAwait(false);
        return result.ExitCode == 0
            ? result.StandardOutput
            : throw new LlmOpsException($"'systemctl {arguments[0]}' failed: {Said(result)}.", "SystemdFailed") { Kind = ErrorKind.ServerFailed };
    }

    /// <summary>Has <c>systemd-analyze verify</c> read a unit file.</summary>
    /// <returns>What it finds wrong, on one line; null when nothing, or when this machine has no systemd-analyze.</returns>
    public async Task<string?> VerifyAsync(string unitFile, CancellationToken cancellationToken)
    {
        if (ExecutableFinder.Find("systemd-analyze") is null)
        {
            return null;
        }

        ProcessResult verified = await RunAsync(
            "systemd-analyze", ["verify", isUser ? "--user" : "--system", "--man=no", "--generators=no", unitFile], TimeSpan.FromSeconds(60), cancellationToken,
            Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") ?? Path.GetDirectoryName(Path.GetFullPath(unitFile))).ConfigureAwait(false);

        // Other units' faults are reported too, and a key that this version does not know is no more than a warning.
        string name = Path.GetFileName(unitFile);
        string[] about = [.. (verified.StandardError + verified.StandardOutput).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line.Contains(name, StringComparison.Ordinal))];
        return about.Length == 0 ? null : string.Join(" / ", about.Take(3).Select(line => line.Trim()));
    }

    /// <summary>What a failed command said, on one line.</summary>
    public static string Said(ProcessResult result)
    {
        string text = string.Join(" / ", (result.StandardError + result.StandardOutput).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).TakeLast(3));
        return text.Length == 0 ? ExitStatus.FromExitCode(result.ExitCode).ToString() : text.TrimEnd('.');
    }

    // Another root for tests; systemd's own tools know the same idea as --root.
    private static string Root => Environment.GetEnvironmentVariable("LLMOPS_SYSTEMD_ROOT") is { Length: > 0 } root ? root : "/";

    private static string RuntimeFolder => Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } folder
        ? folder
        : throw NotRunning("XDG_RUNTIME_DIR is not set, so that the user's manager cannot be found; log in by a session, or use the scope 'system'");

    private static LlmOpsException NotRunning(string why) => new(
        $"The runtime 'systemd' cannot be used here: {why}; use the runtime 'process' or 'docker'.", "SystemdNotRunning");

    private static async Task<ProcessResult> RunAsync(string program, IReadOnlyList<string> arguments, TimeSpan patience, CancellationToken cancellationToken, string? runtimeFolder = null)
    {
        try
        {
            Dictionary<string, string?>? environment = runtimeFolder is null ? null : new() { ["XDG_RUNTIME_DIR"] = runtimeFolder }; // Nothing is verified for a user without one.
            return await ProcessRunner.RunAsync(new ProcessRequest(program, arguments) { Timeout = patience, Environment = environment }, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException problem)
        {
            throw new LlmOpsException($"'{program} {string.Join(' ', arguments.Take(2))}' did not answer within {patience.TotalSeconds:0} s.", "SystemdNotAnswering", problem) { Kind = ErrorKind.Timeout };
        }
    }
}
