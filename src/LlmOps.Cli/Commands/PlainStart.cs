using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops start FILE</c> without the parser, which would take a fifth of the time before the engine is started.</summary>
internal static class PlainStart
{
    private const string NoWait = "--no-wait";
    private const string Force = "--force";
    private const string Json = "--json";

    /// <summary>Whether these are arguments that it runs: a file first, then at most switches that it knows, each once.</summary>
    public static bool Runs(string[] arguments)
    {
        if (arguments.Length < 2 || arguments[0] != StartCommand.Name || arguments[1].Length == 0 || arguments[1][0] is '-' or '@' or '[')
        {
            return false;
        }

        for (int i = 2; i < arguments.Length; i++)
        {
            if (arguments[i] is not (NoWait or Force or Json) || Array.IndexOf(arguments, arguments[i]) != i)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Starts the server.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        ServerConfig config = ServerConfigFile.Read(arguments[1]);
        LaunchCommand launch = await ServerLaunch.PrepareAsync(config, cancellationToken).ConfigureAwait(false);
        StartRun run = new(!Has(arguments, NoWait), null, Has(arguments, Force), Has(arguments, Json));
        return await run.RunAsync(config, launch, cancellationToken).ConfigureAwait(false);
    }

    private static bool Has(string[] arguments, string name) => Array.IndexOf(arguments, name) > 0;
}
