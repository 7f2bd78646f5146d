using System.CommandLine;
using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops supervise FOLDER</c>: the process that owns one server. Started by LlmOps itself, so hidden from the help.</summary>
internal static class SuperviseCommand
{
    /// <summary>The command's name.</summary>
    public const string Name = "supervise";

    /// <summary>Supervises the server whose record is in <paramref name="folder"/> until it ends.</summary>
    public static async Task<int> RunAsync(string folder)
    {
        try
        {
            // It handles signals itself: to it they mean "stop the server", not "give up".
            return await new Supervisor(folder).RunAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (LlmOpsException problem)
        {
            await Console.Error.WriteLineAsync($"llmops: {problem.Message}").ConfigureAwait(false);
            return ExitCode.BadInput;
        }
    }

    /// <summary>The same for the parser, which comes here only when the arguments are wrong or ask for help.</summary>
    public static Command Create()
    {
        Argument<string> folder = new("FOLDER") { Description = "The folder of the server's record." };
        Command command = new(Name, "Supervise one server (started by LlmOps itself).") { folder };
        command.Hidden = true;
        command.SetAction((parsed, _) => RunAsync(parsed.GetRequiredValue(folder)));
        return command;
    }
}
