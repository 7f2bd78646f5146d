using System.Collections.Concurrent;
using LlmOps.Processes;

namespace LlmOps.Diagnostics.Checks;

/// <summary>The programs of the machine that checks ask. Each question is asked once, however many checks want its answer.</summary>
/// <param name="pathVariable">The folders to search; null for this process's own.</param>
internal sealed class CheckTools(string? pathVariable)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<ProcessResult>>> _answers = new(StringComparer.Ordinal);

    /// <summary>The full path of a program; null when there is none.</summary>
    public string? Find(string name) => ExecutableFinder.Find(name, pathVariable);

    /// <summary>What the program answers.</summary>
    /// <exception cref="LlmOpsException">It cannot be started.</exception>
    public Task<ProcessResult> AskAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        string key = string.Join('\n', [program, .. arguments]);
        ProcessRequest request = new(program, arguments)
        {
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["LC_ALL"] = "C", ["PATH"] = pathVariable ?? Environment.GetEnvironmentVariable("PATH") },
        };

        // The first to ask lends its token: all checks of a run share the run's token and the same patience.
        return _answers.GetOrAdd(key, _ => new Lazy<Task<ProcessResult>>(() => ProcessRunner.RunAsync(request, cancellationToken))).Value;
    }

    /// <summary>The first line that the program prints; null when it is not there or fails.</summary>
    public async Task<string?> FirstLineAsync(string? program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        if (program is null)
        {
            return null;
        }

        ProcessResult result = await AskAsync(program, arguments, cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 0 ? (result.StandardOutput + result.StandardError).Split('\n')[0].Trim() : null;
    }
}
