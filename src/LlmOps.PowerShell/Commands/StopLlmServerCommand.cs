using System.Management.Automation;
using LlmOps.Servers;

namespace LlmOps.Commands;

/// <summary>Stops servers: asks first, ends them after a while. Gives each server as it is afterwards.</summary>
[Cmdlet(VerbsLifecycle.Stop, "LlmServer", SupportsShouldProcess = true)]
[OutputType(typeof(LlmServer))]
public sealed class StopLlmServerCommand : ServerSelectionCommand
{
    /// <summary>Seconds that a server gets to finish requests and end by itself.</summary>
    [Parameter(HelpMessage = "Seconds that a server gets to finish requests and end by itself.")]
    [ValidateRange(0, 3600)]
    public int GraceSec { get; set; } = 10;

    /// <inheritdoc />
    protected override void Process(LlmServer server)
    {
        if (server.State is ServerState.Stopped or ServerState.Failed)
        {
            WriteVerbose($"Server '{server.Name}' is not running ({server.State}).");
            WriteObject(server);
        }
        else if (ShouldProcess($"{server.Name} (process {server.Pid}, {server.Endpoint})", "Stop server"))
        {
            WriteVerbose($"Asking '{server.Name}' (process {server.Pid}) to end; its process group is ended after {GraceSec} s.");
            LlmServer stopped = Await(stop => new ServerController(Registry).StopAsync(server.Name, TimeSpan.FromSeconds(GraceSec), stop));
            WriteVerbose($"'{stopped.Name}' is {stopped.State}.");
            foreach (string warning in stopped.GpuMemory.Select(gpu => gpu.Warning).OfType<string>())
            {
                WriteWarning($"{server.Name}: {warning}");
            }

            WriteObject(stopped);
        }
    }
}
