using System.Text;
using LlmOps.Engines;

namespace LlmOps.Configuration.Export;

/// <summary>A command as a bash script of its own, which passes further arguments on.</summary>
internal static class BashScript
{
    /// <summary>The script.</summary>
    public static string Of(ExportedServer server, LaunchCommand command)
    {
        ExportedServer.RequireShellNames(server.Config, command);
        StringBuilder text = new();
        text.Append("#!/usr/bin/env bash\n# ").Append(server.Title).Append("\nset -euo pipefail\n\n");
        foreach ((string name, string file) in (command.SecretFiles ?? new Dictionary<string, string>()).OrderBy(variable => variable.Key, StringComparer.Ordinal))
        {
            // Two lines, for 'export' would hide that the file could not be read.
            text.Append(name).Append("=\"$(head -n 1 ").Append(ShellText.Quote(file)).Append(")\"\nexport ").Append(name).Append('\n');
        }

        foreach ((string name, string value) in command.Environment.OrderBy(variable => variable.Key, StringComparer.Ordinal))
        {
            text.Append("export ").Append(name).Append('=').Append(ShellText.Quote(value)).Append('\n');
        }

        LaunchCommand bare = new(command.File, command.Arguments, new Dictionary<string, string>());
        return text.Append("exec ").Append(ShellText.Lines(bare)).Append(" \\\n  \"$@\"\n").ToString();
    }
}
