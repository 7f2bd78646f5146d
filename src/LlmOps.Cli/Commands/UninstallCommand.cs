using System.CommandLine;
using LlmOps.Cli.Output;
using LlmOps.Engines.Install;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops uninstall</c>: removes engines that <c>llmops install</c> installed.</summary>
internal static class UninstallCommand
{
    public static Command Create()
    {
        Argument<string[]> names = new("NAME") { Description = "What 'llmops install --list' names; wildcards.", Arity = ArgumentArity.OneOrMore };
        Option<bool> force = new("--force") { Description = "Remove it even where a program of it runs." };
        Option<bool> whatIf = new("--what-if") { Description = "Print what would be removed and do nothing." };
        Command command = new("uninstall", "Remove engines that were installed.") { names, force, whatIf };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            EngineRemoval removal = new(EngineInstalls.Default);
            foreach (EngineInstall install in parsed.GetRequiredValue(names).SelectMany(EngineInstalls.Default.Find).DistinctBy(install => install.Name))
            {
                if (parsed.GetValue(whatIf))
                {
                    Screen.Output.Line($"would remove {install.Name}: {install.Folder ?? install.Path}");
                    continue;
                }

                string? stays = await removal.RemoveAsync(install, parsed.GetValue(force), cancellationToken).ConfigureAwait(false);
                Screen.Output.Line($"removed {install.Name}: {install.Folder ?? install.Path}");
                if (stays is not null)
                {
                    Screen.Error.Line(stays);
                }
            }

            return ExitCode.Success;
        });
        return command;
    }
}
