using LlmOps.Engines.Install;
using LlmOps.Processes;

namespace LlmOps.Servers.Docker;

/// <summary>The <c>docker</c> or <c>podman</c> command.</summary>
/// <remarks>
/// The command and not the engine's socket: what is shown is then literally what runs, podman needs no service, and the user's
/// contexts, credentials and TLS settings hold. It costs some 30 ms a call, so callers ask for all containers at once.
/// </remarks>
internal sealed class ContainerProgram
{
    /// <summary>Names the program to use: <c>docker</c>, <c>podman</c> or a path.</summary>
    public const string OverrideVariable = ContainerTool.OverrideVariable;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private ContainerProgram(string path) => Path = path;

    /// <summary>Its path.</summary>
    public string Path { get; }

    /// <summary>Whether it is podman.</summary>
    public bool IsPodman => DockerCommandLine.IsPodman(Path);

    /// <summary>The program of this machine; null when there is none.</summary>
    public static ContainerProgram? Find()
    {
        string? found = ContainerTool.Find(null);
        return found is null ? null : new ContainerProgram(found);
    }

    /// <summary>Whether an answer can be expected: docker's is a daemon with a socket; asking one that is not there costs time for nothing.</summary>
    public bool MayAnswer => IsPodman
        || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("DOCKER_HOST"))
        || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("DOCKER_CONTEXT"))
        || Sockets().Any(File.Exists);

    /// <summary>The program of this machine, with an engine of this machine behind it.</summary>
    /// <exception cref="LlmOpsException">There is none (<c>DockerNotFound</c>), or it works on another machine (<c>DockerNotLocal</c>).</exception>
    public static ContainerProgram Require()
    {
        ContainerProgram program = Find() ?? throw new LlmOpsException(
            $"Neither docker nor podman is on PATH; install one, name it by {OverrideVariable}, or use the runtime 'process'.", "DockerNotFound") { Kind = ErrorKind.NotFound };
        string? host = Environment.GetEnvironmentVariable("DOCKER_HOST");
        if (!string.IsNullOrEmpty(host) && !host.StartsWith("unix://", StringComparison.Ordinal))
        {
            throw new LlmOpsException(
                $"DOCKER_HOST is '{host}': models, keys and GPUs are looked up on this machine, so the engine must be too; unset it or name a socket, unix:///run/docker.sock.", "DockerNotLocal");
        }

        return program;
    }

    /// <summary>Runs a subcommand to its end.</summary>
    /// <exception cref="LlmOpsException">It does not answer; id <c>DockerNotAnswering</c>.</exception>
    public Task<ProcessResult> TryAsync(IReadOnlyList<string> arguments, TimeSpan? patience, CancellationToken cancellationToken) =>
        TryAsync(arguments, new Dictionary<string, string?>(), patience, cancellationToken);

    /// <summary>The same with variables of its own: for what no argument may show.</summary>
    /// <exception cref="LlmOpsException">It does not answer; id <c>DockerNotAnswering</c>.</exception>
    public async Task<ProcessResult> TryAsync(
        IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?> environment, TimeSpan? patience, CancellationToken cancellationToken)
    {
        try
        {
            return await ProcessRunner.RunAsync(new ProcessRequest(Path, arguments) { Environment = environment, Timeout = patience ?? s_patience }, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException problem)
        {
            throw new LlmOpsException($"'{Path} {arguments[0]}' did not answer within {(patience ?? s_patience).TotalSeconds:0} s; see whether its daemon is well.", "DockerNotAnswering", problem)
                { Kind = ErrorKind.Timeout };
        }
    }

    /// <summary>Runs a subcommand to its end and gives what it printed.</summary>
    /// <exception cref="LlmOpsException">It failed; id <c>DockerFailed</c> with what it said.</exception>
    public async Task<string> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        ProcessResult result = await TryAsync(arguments, null, cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 0 ? result.StandardOutput : throw Failed(arguments[0], result);
    }

    /// <summary>A subcommand that failed, with its own words.</summary>
    public LlmOpsException Failed(string subcommand, ProcessResult result) => new(
        $"'{System.IO.Path.GetFileName(Path)} {subcommand}' failed: {Said(result)}", "DockerFailed") { Kind = ErrorKind.ServerFailed };

    /// <summary>What a failed subcommand said, on one line.</summary>
    public static string Said(ProcessResult result)
    {
        string[] lines = [.. (result.StandardError + result.StandardOutput).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(line => !line.StartsWith("Run 'docker", StringComparison.Ordinal) && !line.StartsWith("See 'docker", StringComparison.Ordinal))];
        string text = new([.. string.Join(" / ", lines.TakeLast(3)).Where(letter => !char.IsControl(letter))]);
        return text.Length == 0 ? ExitStatus.FromExitCode(result.ExitCode).ToString() : text.Replace("docker: Error response from daemon: ", string.Empty, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Sockets()
    {
        yield return "/var/run/docker.sock";
        if (Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime)
        {
            yield return System.IO.Path.Combine(runtime, "docker.sock");
        }

        yield return System.IO.Path.Combine(LlmOpsFolders.Home, ".docker", "desktop", "docker.sock");
    }
}
