using System.Runtime.InteropServices;
using LlmOps.Processes;
using LlmOps.Servers;

namespace LlmOps.Integration.Tests;

/// <summary>A real Docker engine with an image of the real llama-server: the machine's own one, or one started for the tests alone.</summary>
public sealed class DockerEngine : IAsyncLifetime
{
    /// <summary>The image: nothing but the unpacked engine with its libraries.</summary>
    public const string Image = "llmops-test/llama-server:cpu";

    /// <summary>An image whose vLLM is the stand-in, with the runtime of these tests.</summary>
    public const string VllmImage = "llmops-test/vllm-openai:v0.21.0";

    private const string Variable = "DOCKER_HOST";
    private readonly string _folder = Directory.CreateTempSubdirectory("llmops-docker-").FullName;
    private readonly string _bridge = $"llmops{Environment.ProcessId % 100000}";
    private readonly string? _before = Environment.GetEnvironmentVariable(Variable);
    private string _whyNot = string.Empty;
    private bool _isOwn;

    /// <summary>Skips the test when there can be no Docker engine here.</summary>
    public void Require() => Assert.SkipWhen(_whyNot.Length > 0, $"no real Docker engine: {_whyNot}");

    /// <summary>Runs <c>docker</c>.</summary>
    public static Task<string> RunAsync(params string[] arguments) => RequireAsync("docker", arguments);

    /// <summary>Ends the daemon of these tests and starts it again, as an upgrade of docker does; skips where it is the machine's own.</summary>
    public async Task RestartDaemonAsync()
    {
        Assert.SkipUnless(_isOwn, "the daemon is the machine's own");
        await EndDaemonAsync();
        await StartDaemonAsync();
    }

    public async ValueTask InitializeAsync()
    {
        string? engine = Archive.FindEngine();
        _whyNot = ExecutableFinder.Find("docker") is null ? "docker is not on PATH"
            : engine is null ? "no unpacked engine to make an image of"
            : !await AnswersAsync() && WhyNotOwn() is { } reason ? reason
            : string.Empty;
        if (_whyNot.Length > 0)
        {
            return;
        }

        try
        {
            if (!await AnswersAsync())
            {
                await StartAsync();
            }

            await ImportAsync(engine!);
        }
        catch (Exception problem) when (_isOwn && problem is InvalidOperationException or TimeoutException)
        {
            _whyNot = problem.Message; // A machine on which no daemon can run, such as a container without its privileges.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_whyNot.Length == 0)
        {
            foreach (string image in new[] { Image, VllmImage })
            {
                string left = await RunAsync("ps", "--all", "--quiet", "--filter", "label=llmops.server", "--filter", $"ancestor={image}");
                foreach (string container in left.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                {
                    await RunAsync("rm", "--force", container);
                }

                await RunAsync("rmi", "--force", image);
            }
        }

        if (_isOwn)
        {
            await StopAsync();
        }

        Environment.SetEnvironmentVariable(Variable, _before);
        Directory.Delete(_folder, recursive: true);
    }

    private string PidFile => Path.Combine(_folder, "docker.pid");

    private static string? WhyNotOwn() => ExecutableFinder.Find("dockerd") is null ? "dockerd is not on PATH and no daemon answers"
        : !Environment.IsPrivilegedProcess ? "starting dockerd needs root"
        : ExecutableFinder.Find("ip") is null ? "giving dockerd a bridge needs ip (iproute2)"
        : null;

    private static async Task<string> RequireAsync(string program, params string[] arguments)
    {
        ProcessResult result = await ProcessRunner.RunAsync(new ProcessRequest(program, arguments) { Timeout = TimeSpan.FromSeconds(60) }, CancellationToken.None);
        return result.ExitCode == 0 ? result.StandardOutput : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {result.StandardError.Trim()}");
    }

    private static async Task<bool> AnswersAsync() => (await ProcessRunner.RunAsync(
        new ProcessRequest("docker", ["version", "--format", "{{.Server.Version}}"]) { Timeout = TimeSpan.FromSeconds(20) }, CancellationToken.None)).ExitCode == 0;

    private async Task StartAsync()
    {
        _isOwn = true;

        // A bridge of its own: another daemon on this machine gives out the addresses of docker0.
        await RequireAsync("ip", "link", "add", _bridge, "type", "bridge");
        await RequireAsync("ip", "address", "add", $"172.29.{Environment.ProcessId % 250}.1/24", "dev", _bridge);
        await RequireAsync("ip", "link", "set", _bridge, "up");
        await StartDaemonAsync();
    }

    private async Task StartDaemonAsync()
    {
        string socket = Path.Combine(_folder, "docker.sock");
        string log = Path.Combine(_folder, "dockerd.log");

        // In a session of its own: an interrupt of the tests must reach the clean-up here, not the daemon.
        await ProcessRunner.RunAsync(
            new ProcessRequest("/bin/sh",
            [
                "-c", "log=$1; shift; setsid dockerd \"$@\" >\"$log\" 2>&1 </dev/null &", "sh", log,
                "--data-root", Path.Combine(_folder, "data"), "--exec-root", Path.Combine(_folder, "exec"), "--host", $"unix://{socket}", "--pidfile", PidFile,
                "--iptables=false", "--bridge", _bridge, "--default-ulimit", "nofile=20000:20000",
            ]),
            CancellationToken.None);
        Environment.SetEnvironmentVariable(Variable, $"unix://{socket}");
        for (long deadline = Environment.TickCount64 + 60_000; !await AnswersAsync(); await Task.Delay(200))
        {
            if (Environment.TickCount64 > deadline)
            {
                throw new TimeoutException($"dockerd did not answer within a minute; it said: {string.Join(" / ", File.ReadLines(log).TakeLast(2))}");
            }
        }
    }

    private async Task EndDaemonAsync()
    {
        if (File.Exists(PidFile) && int.TryParse(await File.ReadAllTextAsync(PidFile), out int pid) && ProcessIdentity.Of(pid) is { } daemon)
        {
            await ProcessRunner.RunAsync(new ProcessRequest("/bin/sh", ["-c", "kill -TERM $1", "sh", daemon.ToString()]), CancellationToken.None);
            await Eventually.Is(() => daemon.IsAlive, alive => !alive, CancellationToken.None);
        }
    }

    private async Task StopAsync()
    {
        await EndDaemonAsync();

        // Mounts of a daemon that did not end well would keep the folder.
        await ProcessRunner.RunAsync(
            new ProcessRequest("/bin/sh", ["-c", "grep -o \" $1[^ ]*\" /proc/self/mounts | sort -r | while read -r mount; do umount \"$mount\"; done", "sh", _folder]), CancellationToken.None);
        if (Directory.Exists($"/sys/class/net/{_bridge}"))
        {
            await RequireAsync("ip", "link", "delete", _bridge);
        }
    }

    private async Task ImportAsync(string engine)
    {
        string archive = await Archive.OfEngineAsync(engine, _folder);
        await RunAsync("import", "--change", "ENTRYPOINT [\"/usr/bin/llama-server\"]", archive, Image);

        // The stand-in needs the same libraries, and the runtime that these tests run on.
        string runtime = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
        string shared = Path.Combine(".", Path.GetRelativePath(Path.GetDirectoryName(runtime)!, RuntimeEnvironment.GetRuntimeDirectory()));
        string root = Path.GetFileName(runtime);
        await RequireAsync("tar", "-rf", archive, "-C", Path.GetDirectoryName(runtime)!, $"./{root}/dotnet", $"./{root}/host", shared, "-C", AppContext.BaseDirectory, "./vllm-stand-in.dll", "./vllm-stand-in.runtimeconfig.json");
        await RunAsync("import", "--change", $"ENTRYPOINT [\"/{root}/dotnet\",\"exec\",\"/vllm-stand-in.dll\",\"serve\"]", archive, VllmImage);
        File.Delete(archive);
    }
}
