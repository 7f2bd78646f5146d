using System.Globalization;
using System.Text;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Servers.Systemd;

/// <summary>Writes a unit file that runs an engine. What is shown, exported and started is this.</summary>
internal static class UnitText
{
    // RestartSteps= and RestartMaxDelaySec= are of this version; older ones keep one pause.
    private const int VersionWithSteps = 254;
    private const int LongestPauseSeconds = 60;

    /// <summary>The unit's name for a server's.</summary>
    public static string UnitName(string server) => $"llmops-{server}.service";

    /// <summary>The unit file.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="command">The engine's command.</param>
    /// <param name="isUser">Whether it is for the user's manager, which cannot do all that the machine's can.</param>
    /// <param name="workingDirectory">Where the engine runs.</param>
    /// <param name="environmentFile">A file (0600) with variables that nobody else should read; null for none.</param>
    /// <param name="version">The version of systemd; null for one that knows no more than it must.</param>
    public static string Write(ServerConfig config, LaunchCommand command, bool isUser, string workingDirectory, string? environmentFile, int? version)
    {
        StringBuilder unit = new();
        unit.Append("# Written by LlmOps for server '").Append(config.Name).Append("'.\n[Unit]\n");
        Line(unit, "Description", Escape($"LlmOps server {config.Name} ({config.Engine})"));
        if (!isUser)
        {
            Line(unit, "Wants", "network-online.target");
            Line(unit, "After", "network-online.target nvidia-persistenced.service");
        }

        // More failures than this within the interval are one that repeats: further rounds only hide the cause.
        bool restarts = config.Restart.Mode != RestartMode.Never && config.Restart.MaxRestarts > 0;
        if (restarts)
        {
            Line(unit, "StartLimitIntervalSec", Number(Math.Max(600, config.Restart.MaxRestarts * LongestPauseSeconds * 2)));
            Line(unit, "StartLimitBurst", Number(config.Restart.MaxRestarts + 1));
        }

        unit.Append("\n[Service]\nType=exec\n");
        Line(unit, "WorkingDirectory", Escape(workingDirectory));
        Line(unit, "ExecStart", string.Join(' ', command.Arguments.Prepend(command.File).Select(word => Quote(word))));
        foreach ((string name, string value) in command.Environment.OrderBy(variable => variable.Key, StringComparer.Ordinal))
        {
            Line(unit, "Environment", Quote($"{name}={value}", isCommand: false));
        }

        if (environmentFile is not null)
        {
            Line(unit, "EnvironmentFile", Escape(environmentFile));
        }

        Line(unit, "Restart", !restarts ? "no" : RestartModes.ToText(config.Restart.Mode));
        Line(unit, "RestartSec", Number(config.Restart.BackoffSeconds));
        if (restarts && version >= VersionWithSteps)
        {
            Line(unit, "RestartSteps", Number(Math.Min(config.Restart.MaxRestarts, 6)));
            Line(unit, "RestartMaxDelaySec", Number(LongestPauseSeconds));
        }

        Line(unit, "KillMode", "mixed"); // The engine is asked, then everything of it is killed.
        Line(unit, "TimeoutStopSec", "30");
        Line(unit, "TimeoutStartSec", "infinity"); // Readiness is watched by whoever started it.
        Line(unit, "SyslogIdentifier", UnitName(config.Name)[..^".service".Length]);
        if (config.Options.Get(LlamaCppOptions.MemoryLock))
        {
            Line(unit, "LimitMEMLOCK", "infinity");
        }

        Line(unit, "LimitCORE", "0"); // A dump would be as large as the model, and hold prompts.
        Line(unit, "UMask", "0077");
        Line(unit, "NoNewPrivileges", "yes");
        if (!isUser)
        {
            // GPUs need /dev, so PrivateDevices= cannot be used; models and keys are read from anywhere.
            foreach (string written in KnownEngines.Require(config.Engine).WrittenFolders)
            {
                Line(unit, "ReadWritePaths", $"-{Escape(Path.Combine(LlmOpsFolders.Home, written))}");
            }

            unit.Append("ProtectSystem=strict\nPrivateTmp=yes\nProtectKernelTunables=yes\nProtectKernelModules=yes\nProtectControlGroups=yes\n");
            unit.Append("RestrictSUIDSGID=yes\nRestrictRealtime=yes\nLockPersonality=yes\nRestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\n");
        }

        unit.Append("\n[Install]\nWantedBy=").Append(isUser ? "default.target" : "multi-user.target").Append('\n');
        return unit.ToString();
    }

    /// <summary>A word of a command line as systemd reads it: quoted, and with its own signs doubled.</summary>
    /// <remarks>Source: systemd.service(5), "Command lines", and systemd.unit(5), "Specifiers".</remarks>
    internal static string Quote(string word, bool isCommand = true)
    {
        string escaped = word
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal)
            .Replace("%", "%%", StringComparison.Ordinal);
        if (isCommand)
        {
            escaped = escaped.Replace("$", "$$", StringComparison.Ordinal);
        }

        bool isPlain = word.Length > 0 && word.All(letter => char.IsAsciiLetterOrDigit(letter) || "-_./:=,@+".Contains(letter, StringComparison.Ordinal));
        return isPlain ? word : $"\"{escaped}\"";
    }

    private static string Escape(string value) => value.Replace("%", "%%", StringComparison.Ordinal).Replace("\n", " ", StringComparison.Ordinal);

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static void Line(StringBuilder unit, string key, string value) => unit.Append(key).Append('=').Append(value).Append('\n');
}
