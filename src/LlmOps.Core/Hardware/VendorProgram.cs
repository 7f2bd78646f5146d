using LlmOps.Processes;

namespace LlmOps.Hardware;

/// <summary>Runs a vendor's own tool below the survey's root, for at most the driver timeout.</summary>
/// <param name="name">Its name.</param>
/// <param name="context">The survey.</param>
/// <param name="folders">Where it may be besides PATH.</param>
internal sealed class VendorProgram(string name, ProbeContext context, params IReadOnlyList<string> folders)
{
    /// <summary>Where it is; null when it is not installed.</summary>
    public string? Path { get; } = Find(name, context, folders);

    /// <summary>What it printed; null, with the reason, when it failed.</summary>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public string? Run(IReadOnlyList<string> arguments, out string? problem, CancellationToken cancellationToken)
    {
        string shown = $"'{Path} {string.Join(' ', arguments)}'";
        problem = null;
        try
        {
            ProcessRequest request = new(Path!, arguments) { Timeout = context.Options.DriverTimeout };

            // The survey is synchronous because everything else in it is; this is its one rare exception.
            ProcessResult result = ProcessRunner.RunAsync(request, cancellationToken).GetAwaiter().GetResult();
            if (result.ExitCode == 0)
            {
                return result.StandardOutput;
            }

            problem = $"{shown} failed with exit code {result.ExitCode}: {FirstLine(result.StandardOutput + result.StandardError)}";
        }
        catch (Exception failure) when (failure is TimeoutException or ProcessStartException)
        {
            problem = $"{shown} gave no answer: {failure.Message}";
        }

        return null;
    }

    /// <summary>The first line with something in it, shortened.</summary>
    public static string FirstLine(string text)
    {
        string line = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "nothing";
        return line.Length > 160 ? line[..160] + "…" : line;
    }

    private static string? Find(string name, ProbeContext context, IReadOnlyList<string> more)
    {
        string path = context.Options.GetEnvironmentVariable("PATH") ?? string.Empty;
        string located = string.Empty;
        foreach (string folder in path.Split(System.IO.Path.PathSeparator))
        {
            located += folder.Length == 0 ? string.Empty : context.Files.Locate(folder) + System.IO.Path.PathSeparator;
        }

        foreach (string folder in more)
        {
            located += context.Files.Locate(folder) + System.IO.Path.PathSeparator;
        }

        return ExecutableFinder.Find(name, located);
    }
}
