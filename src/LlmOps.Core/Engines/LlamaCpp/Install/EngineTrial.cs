using LlmOps.Processes;

namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>Starts a new llama-server once, for its version: what cannot start here is no install.</summary>
internal static class EngineTrial
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <exception cref="EngineInstallException">It does not start; the message has its own first words.</exception>
    public static async Task RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        ProcessRequest request = new(program, [.. arguments, "--version"]) { Timeout = Patience };
        ProcessResult result = await ProcessRunner.RunAsync(request, cancellationToken).ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            throw new EngineInstallException($"its llama-server does not start here (exit code {result.ExitCode}): {result.StandardError.Trim().Split('\n')[0]}");
        }
    }
}
