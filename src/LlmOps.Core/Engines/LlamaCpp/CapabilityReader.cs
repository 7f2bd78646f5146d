using LlmOps.Processes;

namespace LlmOps.Engines.LlamaCpp;

/// <summary>Asks a llama-server binary what it is and what it accepts.</summary>
internal static class CapabilityReader
{
    // A CUDA build initialises every GPU before it prints its help: seconds on a cold machine, never a minute.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Reads the capabilities of <paramref name="path"/> by running it with <c>--version</c>, <c>--help</c> and <c>--list-devices</c>.</summary>
    /// <exception cref="LlmOpsException">It does not start, or is not llama-server; its own last lines are in the message.</exception>
    public static Task<EngineCapabilities> ReadAsync(string path, CancellationToken cancellationToken) => ReadAsync(path, new ProcessRequest(path, []), cancellationToken);

    /// <summary>The same for an engine that a longer command runs, such as one in a container image.</summary>
    /// <param name="path">What the engine is called.</param>
    /// <param name="command">What runs it; its own arguments are appended.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<EngineCapabilities> ReadAsync(string path, ProcessRequest command, CancellationToken cancellationToken)
    {
        Task<ProcessResult> versionRun = RunAsync(path, command, "--version", cancellationToken);
        ProcessResult help = await RunAsync(path, command, "--help", cancellationToken).ConfigureAwait(false);
        ProcessResult version = await versionRun.ConfigureAwait(false);

        IReadOnlyList<EngineFlag> flags = HelpText.Parse(help.StandardOutput + help.StandardError);
        EngineVersion? parsed = VersionText.Parse(version.StandardOutput + version.StandardError);
        EngineCapabilities engine = new()
        {
            Engine = "llama.cpp",
            Path = path,
            Version = parsed?.Version,
            Build = parsed?.Build,
            Commit = parsed?.Commit,
            Flags = flags,
        };
        if (engine.Find("--ctx-size") is null || engine.Find("--port") is null)
        {
            throw help.ExitCode != 0 && flags.Count == 0 ? DoesNotStart(path, help) : NotLlamaServer(path, help);
        }

        if (engine.Find("--list-devices") is null)
        {
            return engine;
        }

        ProcessResult devices = await RunAsync(path, command, "--list-devices", cancellationToken).ConfigureAwait(false);
        return engine with { Devices = DeviceListText.Parse(devices.StandardOutput + "\n" + devices.StandardError) };
    }

    private static async Task<ProcessResult> RunAsync(string path, ProcessRequest command, string argument, CancellationToken cancellationToken)
    {
        try
        {
            return await ProcessRunner.RunAsync(command with { Arguments = [.. command.Arguments, argument], Timeout = Patience }, cancellationToken).ConfigureAwait(false);
        }
        catch (ProcessStartException problem)
        {
            throw new LlmOpsException($"{path} could not be started ({problem.InnerException!.Message}); check that it is an executable file for this machine", "EngineNotStarted", problem);
        }
        catch (TimeoutException problem)
        {
            throw new LlmOpsException($"{path} {argument} did not answer within {Patience.TotalSeconds:0} s; check the GPU driver, or run it by hand to see where it hangs", "EngineNotStarted", problem);
        }
    }

    private static LlmOpsException DoesNotStart(string path, ProcessResult result) => new(
        $"{path} does not start: it ended with exit code {result.ExitCode} and said: {LastLines(result)}", "EngineNotStarted");

    private static LlmOpsException NotLlamaServer(string path, ProcessResult result) => new(
        $"{path} is not llama-server: its --help names neither --ctx-size nor --port, it says: {LastLines(result)}", "EngineNotLlamaServer");

    private static string LastLines(ProcessResult result)
    {
        string[] lines = (result.StandardError + result.StandardOutput).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string text = new([.. string.Join(" / ", lines.TakeLast(3)).Where(letter => !char.IsControl(letter))]); // It may be any program's output, and goes to a terminal.
        return text.Length == 0 ? "nothing" : text.Length > 400 ? text[..400] + "…" : text;
    }
}
