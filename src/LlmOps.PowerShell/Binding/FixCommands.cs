using LlmOps.Diagnostics.Fixes;
using LlmOps.Servers;

namespace LlmOps.Binding;

/// <summary>How the cmdlets run the commands of fixes.</summary>
internal static class FixCommands
{
    /// <summary>A runner that knows where the llmops command is, which some remedies use.</summary>
    /// <exception cref="LlmOpsException"><c>SupervisorNotFound</c>.</exception>
    public static FixRunner Runner()
    {
        SupervisorCommand command = SupervisorCommand.Find();
        return new FixRunner(FixRecords.Default, new FixOptions { LlmOpsCommand = command.LlmOps, LlmOpsEnvironment = command.Environment });
    }
}
