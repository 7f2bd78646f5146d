using System.Management.Automation;
using LlmOps.Servers;

namespace LlmOps.Commands;

/// <summary>Forgets servers that have ended: their records and their logs.</summary>
[Cmdlet(VerbsCommon.Remove, "LlmServer", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(void))]
public sealed class RemoveLlmServerCommand : ServerSelectionCommand
{
    /// <summary>Stop a server that runs, then remove it.</summary>
    [Parameter(HelpMessage = "Stop a server that runs, then remove it.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc />
    protected override void Process(LlmServer server)
    {
        if (!ShouldProcess(server.Name, "Remove server with its records and logs"))
        {
            return;
        }

        ServerController controller = new(Registry);
        if (Force && server.State is not (ServerState.Stopped or ServerState.Failed))
        {
            Await(stop => controller.StopAsync(server.Name, TimeSpan.FromSeconds(10), stop));
        }

        controller.Remove(server.Name);
        WriteVerbose($"Removed '{server.Name}' with its records and logs.");
    }
}
