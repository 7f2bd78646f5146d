using System.Runtime.InteropServices;
using LlmOps.Models;
using LlmOps.Processes;

namespace LlmOps.Cli.Tests;

/// <summary>A private folder with a home of its own, in which the real command runs: no servers, no engines, nothing of this machine's user.</summary>
public sealed class Sandbox : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("llmops-cli-tests-");

    /// <summary>The command that was built beside these tests.</summary>
    public static string Command => Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "llmops.exe" : "llmops");

    /// <summary>The variables that every run gets; tests add theirs.</summary>
    public Dictionary<string, string?> Environment { get; }

    public Sandbox() => Environment = new Dictionary<string, string?>
    {
        ["XDG_STATE_HOME"] = PathOf("state"),
        ["XDG_CACHE_HOME"] = PathOf("cache"),
        ["PATH"] = PathOf("no-programs"),
        ["LLMOPS_LLAMA_SERVER"] = null,
        ["LLMOPS_COMMAND"] = null,
        ["LLMOPS_DEBUG"] = null,

        // The command's own launcher looks for the runtime here first; the tests know where theirs is.
        ["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../..")),
    };

    /// <summary>A path in the folder.</summary>
    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>Writes a file into the folder.</summary>
    public string WriteFile(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    /// <summary>Writes a small model into the folder.</summary>
    public string WriteModel(string name = "tiny.gguf")
    {
        TinyModelWriter.Write(PathOf(name), new TinyModelOptions());
        return PathOf(name);
    }

    /// <summary>Runs the command to its end.</summary>
    public async Task<Outcome> RunAsync(params IReadOnlyList<string> arguments)
    {
        ProcessResult result = await ProcessRunner.RunAsync(Request(arguments), TestContext.Current.CancellationToken);
        return new Outcome(result.ExitCode, result.StandardOutput, result.StandardError);
    }

    /// <summary>How the command is run here.</summary>
    public ProcessRequest Request(IReadOnlyList<string> arguments) =>
        new(Command, arguments) { Environment = Environment, WorkingDirectory = _folder.FullName, Timeout = TimeSpan.FromMinutes(3) };

    /// <inheritdoc />
    public void Dispose() => _folder.Delete(recursive: true);
}
