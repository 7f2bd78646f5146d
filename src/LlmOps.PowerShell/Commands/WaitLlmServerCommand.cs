using System.Management.Automation;
using LlmOps.Servers;

namespace LlmOps.Commands;

/// <summary>Waits until servers are ready, or have stopped.</summary>
[Cmdlet(VerbsLifecycle.Wait, "LlmServer")]
[OutputType(typeof(LlmServer))]
public sealed class WaitLlmServerCommand : ServerSelectionCommand
{
    /// <summary>The state to wait for.</summary>
    [Parameter(HelpMessage = "The state to wait for.")]
    [ValidateSet(nameof(ServerState.Ready), nameof(ServerState.Stopped))]
    public ServerState State { get; set; } = ServerState.Ready;

    /// <summary>Give up after this many seconds; without it there is no limit.</summary>
    [Parameter(HelpMessage = "Give up after this many seconds; without it there is no limit.")]
    [Alias("Timeout")]
    [ValidateRange(1, 86400)]
    public int? TimeoutSec { get; set; }

    /// <inheritdoc />
    protected override void Process(LlmServer server)
    {
        WriteVerbose($"'{server.Name}' is {server.State}; waiting until it is {State}{(TimeoutSec is int limit ? $", {limit} s at most" : "")}.");
        TimeSpan? timeout = TimeoutSec is int seconds ? TimeSpan.FromSeconds(seconds) : null;
        IProgress<StartProgress> progress = ProgressOf<StartProgress>($"Waiting for server {server.Name}", StartProgressView.Show);
        try
        {
            WriteObject(Await(stop => new ServerController(Registry).WaitAsync(server.Name, State, timeout, progress, stop)));
        }
        finally
        {
            EndProgress();
        }
    }
}
