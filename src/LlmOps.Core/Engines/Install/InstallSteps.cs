using System.Globalization;
using LlmOps.Engines.LlamaCpp.Install;
using LlmOps.Processes;

namespace LlmOps.Engines.Install;

/// <summary>Runs the commands of a plan, in order, and keeps all that they print in one file.</summary>
internal static class InstallSteps
{
    /// <summary>Runs the steps that are commands.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="log">The file that gets what they print.</param>
    /// <param name="progress">Told each step, and each line that it prints.</param>
    /// <param name="cancellationToken">Ends the running command and all below it.</param>
    /// <returns>What the last command printed.</returns>
    /// <exception cref="EngineInstallException">A command failed; the message has its own last line and the file.</exception>
    public static async Task<string> RunAsync(EngineInstallPlan plan, string log, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        await using StreamWriter writer = new(log, append: false) { AutoFlush = true };
        string last = string.Empty;
        for (int at = 0; at < plan.Steps.Count; at++)
        {
            InstallStep step = plan.Steps[at];
            if (step.Command is not { } command)
            {
                continue;
            }

            string place = string.Create(CultureInfo.InvariantCulture, $"{at + 1}/{plan.Steps.Count}");
            progress?.Report($"{place} {step.What}");
            await writer.WriteLineAsync($"$ {step.Text}").ConfigureAwait(false);
            ProcessResult result = await RunAsync(step, command, line =>
            {
                writer.WriteLine(line);
                progress?.Report($"{place} {step.What}: {line.Trim()}");
            }, cancellationToken).ConfigureAwait(false);
            if (result.ExitCode != 0)
            {
                throw new EngineInstallException(string.Create(CultureInfo.InvariantCulture,
                    $"step {place} of installing {plan.Name} ({step.What}) ended with exit code {result.ExitCode}: {LastWords(result)}; all that it printed is in {log}")) { Kind = ErrorKind.ServerFailed };
            }

            last = result.StandardOutput;
        }

        return last;
    }

    private static async Task<ProcessResult> RunAsync(InstallStep step, IReadOnlyList<string> command, Action<string> onLine, CancellationToken cancellationToken)
    {
        try
        {
            ProcessRequest request = new(command[0], [.. command.Skip(1)])
            {
                Environment = step.Environment.ToDictionary(variable => variable.Key, string? (variable) => variable.Value),
                OnOutputLine = onLine,
            };
            return await ProcessRunner.RunAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (ProcessStartException problem)
        {
            throw new EngineInstallException($"{step.What}: {problem.Message}", problem);
        }
    }

    // The line that says what is wrong is rarely the very last one: make and pip close with a remark of their own.
    private static string LastWords(ProcessResult result)
    {
        string[] lines = [.. (result.StandardOutput + result.StandardError).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
        string? telling = lines.LastOrDefault(line => line.Contains("error", StringComparison.OrdinalIgnoreCase) && !line.StartsWith("make", StringComparison.Ordinal) && !line.StartsWith("gmake", StringComparison.Ordinal));
        return (telling ?? lines.LastOrDefault() ?? "it printed nothing").TrimEnd('.');
    }
}
