using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using LlmOps.Servers;

namespace LlmOps.Tests.Servers;

/// <summary>Lets the test program itself be the supervisor: <c>LlmOps.Core.Tests supervise FOLDER</c>, as the llmops command does it.</summary>
internal static class SupervisorInTests
{
    /// <summary>The command that starts such a supervisor.</summary>
    public static SupervisorCommand Command { get; } =
        new(Path.Combine(AppContext.BaseDirectory, "LlmOps.Core.Tests"), ["supervise"], SupervisorCommand.Find([], Environment.ProcessPath).Environment);

    // Runs before the test runner's own entry point, which would take the arguments for its own.
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "This is an application, and its entry point is generated.")]
    internal static void SuperviseWhenAsked()
    {
        if (Environment.GetCommandLineArgs() is [_, "supervise", string folder])
        {
            Environment.Exit(new Supervisor(folder).RunAsync(CancellationToken.None).GetAwaiter().GetResult());
        }
    }
}
