using LlmOps.Processes;

namespace LlmOps.Integration.Tests;

/// <summary>Real podman with storage of its own and an image of the real llama-server.</summary>
/// <remarks>The program that LlmOps is pointed to is a script that adds the places; machines in which containers are made in containers need what its configuration says.</remarks>
public sealed class PodmanEngine : IAsyncLifetime
{
    /// <summary>The image: nothing but the unpacked engine with its libraries.</summary>
    public const string Image = "localhost/llmops-test/llama-server:cpu";

    private const string Variable = "LLMOPS_DOCKER";

    private readonly string _folder = Directory.CreateTempSubdirectory("llmops-podman-").FullName;
    private readonly string? _before = Environment.GetEnvironmentVariable(Variable);
    private string _whyNot = string.Empty;

    private string Program => Path.Combine(_folder, "podman-of-tests");

    /// <summary>Skips the test when podman cannot run containers here.</summary>
    public void Require() => Assert.SkipWhen(_whyNot.Length > 0, $"no real podman: {_whyNot}");

    /// <summary>Runs <c>podman</c>.</summary>
    public async Task<string> RunAsync(params string[] arguments)
    {
        ProcessResult result = await ProcessRunner.RunAsync(new ProcessRequest(Program, arguments) { Timeout = TimeSpan.FromSeconds(120) }, CancellationToken.None);
        return result.ExitCode == 0 ? result.StandardOutput : throw new InvalidOperationException($"podman {arguments[0]}: {result.StandardError.Trim()}");
    }

    public async ValueTask InitializeAsync()
    {
        string? podman = ExecutableFinder.Find("podman");
        string? root = Archive.FindEngine();
        _whyNot = podman is null ? "podman is not on PATH"
            : !Environment.IsPrivilegedProcess ? "its storage of the tests needs root"
            : root is null ? "no unpacked engine to make an image of"
            : string.Empty;
        if (_whyNot.Length > 0)
        {
            return;
        }

        await File.WriteAllTextAsync(Path.Combine(_folder, "containers.conf"), $"""
            [containers]
            default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
            pids_limit = 0
            [engine]
            cgroup_manager = "cgroupfs"
            {(ExecutableFinder.Find("runc") is null ? string.Empty : "runtime = \"runc\"")}

            """);
        await File.WriteAllTextAsync(Program, $"#!/bin/sh\nCONTAINERS_CONF='{_folder}/containers.conf' exec {podman} --root '{_folder}/root' --runroot '{_folder}/run' --storage-driver vfs \"$@\"\n");
        File.SetUnixFileMode(Program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Environment.SetEnvironmentVariable(Variable, Program);
        try
        {
            string archive = await Archive.OfEngineAsync(root!, _folder);
            await RunAsync("import", "--change", "ENTRYPOINT [\"/usr/bin/llama-server\"]", archive, Image);
            await RunAsync("run", "--rm", "--publish", "127.0.0.1::8080", Image, "--version");
        }
        catch (Exception problem) when (problem is InvalidOperationException or TimeoutException)
        {
            _whyNot = problem.Message.ReplaceLineEndings(" "); // A machine that lets nobody make containers.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Program))
        {
            await ProcessRunner.RunAsync(new ProcessRequest(Program, ["rm", "--all", "--force", "--time", "0"]) { Timeout = TimeSpan.FromSeconds(60) }, CancellationToken.None);
            await ProcessRunner.RunAsync(new ProcessRequest(Program, ["rmi", "--all", "--force"]) { Timeout = TimeSpan.FromSeconds(60) }, CancellationToken.None);
        }

        Environment.SetEnvironmentVariable(Variable, _before);
        Directory.Delete(_folder, recursive: true);
    }
}
