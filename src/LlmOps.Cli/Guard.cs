namespace LlmOps.Cli;

/// <summary>Runs a command to its end, whatever ends it: signals become a cancellation, and errors one line and an exit code.</summary>
internal static class Guard
{
    /// <summary>Runs <paramref name="command"/>.</summary>
    /// <param name="verbose">Whether to add to an error what helps to find its cause; <c>LLMOPS_DEBUG=1</c> does too.</param>
    /// <param name="command">What to run; its token is cancelled by Ctrl+C, a termination request or a closed terminal.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(bool verbose, Func<CancellationToken, Task<int>> command)
    {
        using Interruption interruption = new();
        try
        {
            int code = await command(interruption.Token).ConfigureAwait(false);
            return interruption.ExitCode ?? code;
        }
        catch (OperationCanceledException) when (interruption.ExitCode is { } code)
        {
            return code;
        }
        catch (Exception problem)
        {
            return interruption.ExitCode ?? ErrorReport.Show(problem, verbose || Environment.GetEnvironmentVariable("LLMOPS_DEBUG") == "1");
        }
    }
}
