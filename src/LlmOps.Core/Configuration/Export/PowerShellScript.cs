using System.Text;
using LlmOps.Engines;

namespace LlmOps.Configuration.Export;

/// <summary>A command as a PowerShell script of its own, which passes further arguments on.</summary>
internal static class PowerShellScript
{
    /// <summary>The script.</summary>
    public static string Of(ExportedServer server, LaunchCommand command)
    {
        ExportedServer.RequireShellNames(server.Config, command);
        StringBuilder text = new();

        // Before 7.3 PowerShell took quotes out of the arguments of programs.
        text.Append("#!/usr/bin/env pwsh\n#Requires -Version 7.3\n# ").Append(server.Title).Append("\n$ErrorActionPreference = 'Stop'\n\n");
        foreach ((string name, string file) in (command.SecretFiles ?? new Dictionary<string, string>()).OrderBy(variable => variable.Key, StringComparer.Ordinal))
        {
            text.Append("$env:").Append(name).Append(" = Get-Content -LiteralPath ").Append(PowerShellText.Quote(file)).Append(" -TotalCount 1\n");
        }

        foreach ((string name, string value) in command.Environment.OrderBy(variable => variable.Key, StringComparer.Ordinal))
        {
            text.Append("$env:").Append(name).Append(" = ").Append(PowerShellText.Quote(value)).Append('\n');
        }

        // Quoted words on the line itself: those of a list are taken for patterns of file names.
        text.Append("& ").Append(PowerShellText.Quote(command.File)).Append(" `\n");
        string[] words = [.. command.Arguments];
        for (int at = 0; at < words.Length; at++)
        {
            bool hasValue = words[at].StartsWith('-') && at + 1 < words.Length && !words[at + 1].StartsWith('-');
            text.Append("    ").Append(Word(words[at]));
            text.Append(hasValue ? $" {Word(words[++at])} `\n" : " `\n");
        }

        return text.Append("    @args\nexit $LASTEXITCODE\n").ToString();
    }

    // PowerShell drops its own stop-parsing mark wherever it is a word by itself, quoted or not; within a list it is text.
    private static string Word(string word) => word == "--%" ? "@('--%')" : PowerShellText.Quote(word);
}
