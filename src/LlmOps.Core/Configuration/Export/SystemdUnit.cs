using System.Text;
using LlmOps.Engines;
using LlmOps.Processes;
using LlmOps.Servers.Systemd;

namespace LlmOps.Configuration.Export;

/// <summary>A configuration as a unit file: the very text that the runtime <c>systemd</c> starts, for a place where it stays.</summary>
internal static class SystemdUnit
{
    /// <summary>The unit file.</summary>
    public static string Of(ExportedServer server)
    {
        ServerConfig config = server.AsProcess;
        LaunchCommand command = LaunchCommandBuilder.Build(config, server.Engine);
        SystemdManager manager = SystemdManager.For(config.Systemd);
        string unit = UnitText.UnitName(config.Name);
        string file = manager.UnitFile(unit, install: true);
        string? secrets = command.SecretFiles is null ? null : SecretsFile(config.Name, manager.IsUser);
        string control = manager.IsUser ? "systemctl --user" : "systemctl";
        StringBuilder text = new();
        Comment(text, $"{server.Title}. Put this at {file}, then:");
        foreach ((string name, string key) in command.SecretFiles ?? new Dictionary<string, string>())
        {
            Comment(text, $"  install -D -m 600 /dev/null {ShellText.Quote(secrets!)} && printf '{name}=\"%s\"\\n' \"$(head -n 1 {ShellText.Quote(key)})\" > {ShellText.Quote(secrets!)}");
        }

        Comment(text, $"  {control} daemon-reload && {control} enable --now {unit}");
        return text.Append(UnitText.Write(config, command with { File = Absolute(command.File) }, manager.IsUser, "/", secrets, null)).ToString();
    }

    private static string SecretsFile(string name, bool isUser) => isUser
        ? Path.Combine(LlmOpsFolders.Home, ".config", "llmops", $"{name}.env")
        : $"/etc/llmops/{name}.env";

    // systemd looks bare names up in folders of its own, not on the user's PATH.
    private static string Absolute(string file) => file.Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(file) : ExecutableFinder.Find(file) ?? file;

    private static void Comment(StringBuilder text, string line) => text.Append("# ").Append(ExportedServer.OneLine(line)).Append('\n');
}
