using LlmOps.Cli.Output;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary>A start with everything decided: what runs after the arguments have been read, by whichever way.</summary>
/// <param name="Wait">Whether to wait until it is ready.</param>
/// <param name="Timeout">When to give up; null for never.</param>
/// <param name="Force">Whether to start what would be refused.</param>
/// <param name="Json">Whether a program reads the outcome.</param>
internal sealed record StartRun(bool Wait, TimeSpan? Timeout, bool Force, bool Json)
{
    /// <summary>Starts the server and shows it.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(ServerConfig config, LaunchCommand launch, CancellationToken cancellationToken)
    {
        if (!Force && PlanCommand.ReportProblems(config) is not ExitCode.Success and var problems)
        {
            return problems;
        }

        StartRequest request = new() { Config = config, Command = launch, Wait = Wait, Timeout = Timeout, Force = Force };
        ServerStarter starter = new(ServerRegistry.Default, SupervisorCommand.Find());
        LlmServer server = await LiveProgress.RunAsync(
            $"starting {config.Name}",
            Json,
            lines => starter.StartAsync(request, LiveProgress.ForStart(lines), cancellationToken)).ConfigureAwait(false);
        ServerView.WriteStarted(server, Json);
        return ExitCode.Success;
    }
}
