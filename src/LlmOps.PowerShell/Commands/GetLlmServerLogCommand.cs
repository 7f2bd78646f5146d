using System.Management.Automation;
using LlmOps.Servers;

namespace LlmOps.Commands;

/// <summary>Reads what servers have written to their logs.</summary>
[Cmdlet(VerbsCommon.Get, "LlmServerLog")]
[OutputType(typeof(string))]
public sealed class GetLlmServerLogCommand : ServerSelectionCommand
{
    /// <summary>Only this many lines from the end.</summary>
    [Parameter(HelpMessage = "Only this many lines from the end.")]
    [Alias("Last")]
    [ValidateRange(0, int.MaxValue)]
    public int? Tail { get; set; }

    /// <summary>Go on with new lines as they come, until Ctrl+C or until the server has ended.</summary>
    [Parameter(HelpMessage = "Go on with new lines as they come, until Ctrl+C or until the server has ended.")]
    [Alias("Wait")]
    public SwitchParameter Follow { get; set; }

    /// <inheritdoc />
    protected override void Process(LlmServer server)
    {
        WriteVerbose($"Reading {server.LogPath}.");
        int lines = Tail ?? int.MaxValue;
        if (Follow)
        {
            Stream<string>(stop => ServerLog.FollowAsync(server, lines, stop), WriteObject);
        }
        else
        {
            WriteObject(ServerLog.Tail(server, lines), enumerateCollection: true);
        }
    }
}
