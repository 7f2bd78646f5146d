using System.Globalization;
using System.Text.RegularExpressions;
using LlmOps.Engines.Install;
using LlmOps.Processes;

namespace LlmOps.Engines.Vllm.Install;

/// <summary>A Python that an environment can be made of.</summary>
/// <param name="Path">The program.</param>
/// <param name="Minor">The second part of its version; null where it does not run.</param>
internal sealed partial record PythonInterpreter(string Path, int? Minor)
{
    private const int Oldest = 10;
    private const int Newest = 13;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    // The middle ones have wheels of everything that vLLM needs.
    private static readonly string[] s_pythons = ["python3.12", "python3.11", "python3.10", "python3.13", "python3"];

    /// <summary>The versions that vLLM's wheels are for.</summary>
    public static string Suitable { get; } = $"3.{Oldest} to 3.{Newest}";

    /// <summary>Whether vLLM's wheels are for it.</summary>
    public bool IsSuitable => Minor is >= Oldest and <= Newest;

    /// <summary>The Python that was named, else the first one on PATH that runs and that wheels are for, else any; null when there is none.</summary>
    public static async Task<PythonInterpreter?> FindAsync(InstallContext context, CancellationToken cancellationToken)
    {
        if (context.Request.Python is { } named)
        {
            string path = named.Contains(System.IO.Path.DirectorySeparatorChar) ? System.IO.Path.GetFullPath(named) : context.Find(named) ?? named;
            return new PythonInterpreter(path, await MinorAsync(path, cancellationToken).ConfigureAwait(false));
        }

        PythonInterpreter? any = null;
        foreach (string path in s_pythons.Select(context.Find).OfType<string>())
        {
            PythonInterpreter found = new(path, await MinorAsync(path, cancellationToken).ConfigureAwait(false));
            if (found.IsSuitable)
            {
                return found;
            }

            any = found.Minor is null ? any ?? found : found;
        }

        return any;
    }

    /// <summary>Whether it can make environments: Debian and Ubuntu package that part by itself.</summary>
    public async Task<bool> HasVenvAsync(CancellationToken cancellationToken) =>
        await RunAsync(Path, ["-c", "import ensurepip, venv"], cancellationToken).ConfigureAwait(false) is { ExitCode: 0 };

    private static async Task<int?> MinorAsync(string python, CancellationToken cancellationToken) =>
        await RunAsync(python, ["--version"], cancellationToken).ConfigureAwait(false) is { ExitCode: 0 } said
        && Said().Match(said.StandardOutput + said.StandardError) is { Success: true } match ? int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : null;

    private static async Task<ProcessResult?> RunAsync(string python, string[] arguments, CancellationToken cancellationToken)
    {
        try
        {
            return await ProcessRunner.RunAsync(new ProcessRequest(python, arguments) { Timeout = s_patience }, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is ProcessStartException or TimeoutException)
        {
            return null; // A stub of a version manager, or of another system: not one that runs.
        }
    }

    [GeneratedRegex(@"^Python 3\.(\d{1,3})")]
    private static partial Regex Said();
}
