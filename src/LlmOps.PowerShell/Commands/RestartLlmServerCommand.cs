using System.Management.Automation;
using LlmOps.Servers;

namespace LlmOps.Commands;

/// <summary>Stops servers and starts them again with the same configuration.</summary>
[Cmdlet(VerbsLifecycle.Restart, "LlmServer", SupportsShouldProcess = true)]
[OutputType(typeof(LlmServer))]
public sealed class RestartLlmServerCommand : ServerSelectionCommand
{
    /// <summary>Give up after this many seconds; without it a start is given up only when it stalls.</summary>
    [Parameter(HelpMessage = "Give up after this many seconds; without it a start is given up only when it stalls.")]
    [ValidateRange(1, 86400)]
    public int? TimeoutSec { get; set; }

    /// <inheritdoc />
    protected override void Process(LlmServer server)
    {
        if (!ShouldProcess($"{server.Name} ({server.State}, {server.Endpoint})", "Restart server"))
        {
            return;
        }

        WriteVerbose($"Restarting '{server.Name}' from {server.ConfigPath}.");
        TimeSpan? timeout = TimeoutSec is int seconds ? TimeSpan.FromSeconds(seconds) : null;
        IProgress<StartProgress> progress = ProgressOf<StartProgress>($"Restarting server {server.Name}", StartProgressView.Show);
        try
        {
            WriteObject(Await(stop => new ServerController(Registry).RestartAsync(server.Name, SupervisorCommand.Find(), timeout, progress, stop)));
        }
        finally
        {
            EndProgress();
        }
    }
}
