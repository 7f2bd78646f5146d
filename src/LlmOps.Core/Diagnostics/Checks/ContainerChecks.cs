using System.Text.RegularExpressions;
using LlmOps.Hardware;
using LlmOps.Processes;

namespace LlmOps.Diagnostics.Checks;

/// <summary>Containers, and Windows' Linux subsystem.</summary>
internal static partial class ContainerChecks
{
    private const string DockerSettings = "/etc/docker/daemon.json";

    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfFacts("container.memory-limit", "a memory limit of the control group is known to plans", MemoryLimit),
        Check.OfFacts("container.wsl", "the limits of Windows' Linux subsystem", Wsl),
        Check.OfTools("container.engine", "docker or podman answers", EngineAsync),
        Check.OfFiles("container.gpu-runtime", "containers can be given NVIDIA cards (nvidia-ctk, runtime or CDI)", GpuRuntime),
        Check.OfFiles("container.cdi", "the list of devices for containers (CDI) fits the driver", Cdi),
        Check.OfFiles("container.device-loss", "containers keep their cards when systemd reloads", DeviceLoss),
        Check.OfFiles("container.snap", "docker is not the one from snap, which cannot use GPUs", Snap),
        Check.OfFacts("container.shared-memory", "a container with several ranks has shared memory for them", SharedMemory),
    ];

    private static string? Program(CheckScope scope) => scope.Tools.Find("docker") ?? scope.Tools.Find("podman");

    private static bool IsPodman(string program) => Path.GetFileName(program) == "podman";

    private static bool IsWanted(CheckScope scope) => scope.IsInContainer;

    private static Finding MemoryLimit(CheckScope scope)
    {
        HostInfo host = scope.Host;
        return host.Memory.LimitBytes is { } limit
                ? limit >= 2 * Bytes.GiB ? Finding.Pass("a memory limit applies and plans keep to it", Bytes.Format(limit))
                    : Finding.Warn("the control group allows little memory", Bytes.Format(limit), "whoever exceeds it is killed without a word in its own log (exit code 137)", host.IsContainer ? "start the container with a higher --memory" : "raise MemoryMax= of the unit or slice")
            : host.IsContainer ? Finding.Pass("this is a container without a memory limit") : Finding.Skip("no memory limit applies");
    }

    private static Finding Wsl(CheckScope scope) => !scope.Host.IsWsl ? Finding.Skip("this is not Windows' Linux subsystem")
        : scope.Host.Memory.TotalBytes >= 32 * Bytes.GiB && (scope.Model is null || scope.Host.Memory.AvailableBytes >= scope.Model.SizeBytes) && scope.Ranks == 1
            ? Finding.Pass("this is Windows' Linux subsystem (WSL), with enough memory for what is asked", $"{Bytes.Format(scope.Host.Memory.TotalBytes.Value)}; its line 'Using pin_memory=False as WSL is detected' is no fault")
        : Finding.Warn(
            "this is Windows' Linux subsystem (WSL)",
            scope.Host.Memory.TotalBytes is { } total ? $"{Bytes.Format(total)} of memory; kernel {scope.Host.Kernel}" : scope.Host.Kernel,
            "it gets half of the machine's memory unless told otherwise, GPUs cannot reach each other directly, vLLM does without pinned memory (its line 'Using pin_memory=False as WSL is detected' is no fault), and servers run slower than under Linux itself",
            "in Windows, set memory= under [wsl2] in %UserProfile%\\.wslconfig, then 'wsl --shutdown'; keep models on the Linux disk, not below /mnt/c");

    private static async Task<Finding> EngineAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        if (Program(scope) is not { } program)
        {
            return IsWanted(scope) ? Finding.Fail("neither docker nor podman is installed", "neither is on PATH", "the configuration runs in a container", scope.Remedies.Install("install one", "docker")) : Finding.Skip("neither docker nor podman is installed");
        }

        ProcessResult answer = await scope.Tools.AskAsync(program, ["version", "--format", "{{.Server.Version}}"], cancellationToken).ConfigureAwait(false);
        string said = (answer.StandardError + answer.StandardOutput).Trim().Split('\n')[0];
        return answer.ExitCode == 0 ? Finding.Pass($"{Path.GetFileName(program)} {said} answers", program)
            : !IsWanted(scope) ? Finding.Skip($"{Path.GetFileName(program)} does not answer, and nothing here needs it")
            : said.Contains("permission denied", StringComparison.OrdinalIgnoreCase)
                ? Finding.Fail("this user may not use docker", said, "its socket belongs to the group docker", new Remedy("join the group, whose members are as mighty as root, and log in anew", RemedyText.Root("usermod", "-aG", "docker", Environment.UserName)))
                : Finding.Fail($"{Path.GetFileName(program)} does not answer", said, "the configuration runs in a container", new Remedy("start its service", new RemedyCommand(["systemctl", "enable", "--now", "docker"]) { NeedsRoot = true, Safe = true, Undo = ["systemctl", "disable", "--now", "docker"] }));
    }

    private static Finding GpuRuntime(CheckScope scope, SystemFiles files)
    {
        if (Program(scope) is not { } program || scope.NvidiaCards.Count == 0 || scope.Host.IsContainer)
        {
            return Finding.Skip("no NVIDIA card, or neither docker nor podman");
        }

        string? toolkit = scope.Tools.Find("nvidia-ctk") ?? scope.Tools.Find("nvidia-container-runtime");
        bool hasRuntime = files.ReadText(DockerSettings)?.Contains("nvidia", StringComparison.Ordinal) == true;
        bool hasCdi = CdiFiles(files).Count > 0;
        const string Why = "docker run --gpus fails: 'could not select device driver \"\" with capabilities: [[gpu]]'";
        Remedy configure = new("tell docker of it and restart its service", new RemedyCommand(["nvidia-ctk", "runtime", "configure", "--runtime=docker"]) { NeedsRoot = true, Safe = true }, RemedyText.Root("systemctl", "restart", "docker"));
        Finding finding = toolkit is null && !hasCdi
                ? Finding.Fail("containers cannot be given NVIDIA cards", "neither nvidia-ctk nor nvidia-container-runtime is on PATH, and there is no CDI list", Why, scope.Remedies.Install("install NVIDIA's container toolkit", "container-toolkit").Then(configure.Commands))
            : hasRuntime || hasCdi ? Finding.Pass("containers can be given NVIDIA cards", hasCdi ? string.Join(", ", CdiFiles(files)) : DockerSettings)
            : IsPodman(program) ? Finding.Fail("podman has no list of NVIDIA's devices", "no nvidia.com/gpu in /etc/cdi or /var/run/cdi", "podman run --device nvidia.com/gpu=all fails: 'unresolvable CDI devices'", new Remedy("make it", Generate))
            : Finding.Fail("NVIDIA's container toolkit is installed and docker does not know it", $"{toolkit}; {DockerSettings} has no runtime nvidia", Why, configure);
        return IsWanted(scope) || finding.Status == CheckStatus.Pass ? finding : finding with { Status = CheckStatus.Warn, Blocks = false };
    }

    private static RemedyCommand Generate { get; } = new(["nvidia-ctk", "cdi", "generate", "--output=/etc/cdi/nvidia.yaml"]) { NeedsRoot = true, Safe = true };

    private static List<string> CdiFiles(SystemFiles files) => [.. new[] { "/etc/cdi", "/var/run/cdi" }
        .SelectMany(folder => files.List(folder).Select(name => $"{folder}/{name}"))
        .Where(file => Path.GetExtension(file) is ".yaml" or ".yml" or ".json" && files.ReadText(file)?.Contains("nvidia.com/gpu", StringComparison.Ordinal) == true)];

    private static Finding Cdi(CheckScope scope, SystemFiles files)
    {
        List<string> lists = CdiFiles(files);
        if (lists.Count == 0 || scope.Topology.Driver?.Version is not { } driver)
        {
            return Finding.Skip("there is no CDI list of NVIDIA's devices, or no driver");
        }

        string[] stale = [.. lists.SelectMany(list => LibraryVersion().Matches(files.ReadText(list) ?? string.Empty).Select(match => match.Groups[1].Value)).Distinct().Where(version => version != driver)];
        return stale.Length == 0 ? Finding.Pass("the CDI list fits the driver", string.Join(", ", lists))
            : Finding.Fail("the CDI list is older than the driver", $"{string.Join(", ", lists)} names libraries of {string.Join(", ", stale)}; the driver is {driver}", "containers are given files that are no longer there: 'no such file or directory' at their start", new Remedy("make it anew", Generate)).WithoutBlocking();
    }

    private static Finding DeviceLoss(CheckScope scope, SystemFiles files)
    {
        string? lost = scope.Topology.Notes.FirstOrDefault(note => note.Contains("may have been taken away", StringComparison.Ordinal) || note.Contains("the cgroup blocks", StringComparison.Ordinal));
        if (lost is not null && scope.Host.IsContainer)
        {
            return Finding.Fail("this container has lost its cards", lost, "systemd on the host was reloaded and took the device permissions that it did not know of away: 'Failed to initialize NVML: Unknown Error'", "start the container anew; on the host, use CDI or the cgroup driver cgroupfs so that it does not come again");
        }

        if (scope.Host.IsContainer || scope.NvidiaCards.Count == 0 || scope.Tools.Find("docker") is null)
        {
            return Finding.Skip("no docker with NVIDIA cards");
        }

        bool isSafe = CdiFiles(files).Count > 0 || files.ReadText(DockerSettings)?.Contains("native.cgroupdriver=cgroupfs", StringComparison.Ordinal) == true
            || files.List("/dev/char").Any(name => name.StartsWith("195:", StringComparison.Ordinal)) || files.Exists("/lib/udev/rules.d/71-nvidia-dev-char.rules");
        return isSafe || !IsWanted(scope) ? Finding.Pass(isSafe ? "containers keep their cards when systemd reloads" : "no configuration runs in a container")
            : Finding.Warn(
                "containers lose their cards when systemd on this machine is reloaded", "no CDI list, no links in /dev/char, cgroup driver systemd", "after 'systemctl daemon-reload', as package updates do, CUDA fails in running containers: 'Failed to initialize NVML: Unknown Error'",
                new Remedy("make the links that systemd looks for, or set \"exec-opts\": [\"native.cgroupdriver=cgroupfs\"] in /etc/docker/daemon.json", new RemedyCommand(["nvidia-ctk", "system", "create-dev-char-symlinks", "--create-all"]) { NeedsRoot = true, Safe = true }));
    }

    private static Finding Snap(CheckScope scope, SystemFiles files) =>
        scope.Tools.Find("docker") is not { } docker ? Finding.Skip("docker is not installed")
        : !docker.Contains("/snap/", StringComparison.Ordinal) && files.ResolveLink("/usr/bin/docker")?.Contains("/snap/", StringComparison.Ordinal) != true ? Finding.Pass("docker is not the one from snap", docker)
        : (scope.NvidiaCards.Count > 0 && IsWanted(scope) ? Finding.Fail : (Func<string, string?, string, Remedy, Finding>)Finding.Warn)(
            "docker comes from snap", docker, "it is kept from the driver's files and so from NVIDIA's cards, and it sees models only below the home folder",
            new Remedy("use the distribution's docker", RemedyText.Root("snap", "remove", "docker")).Then(scope.Remedies.Install(string.Empty, "docker").Commands));

    private static Finding SharedMemory(CheckScope scope) =>
        !scope.IsInContainer || scope.Config!.Devices.Count < 2 || !scope.IsVllm ? Finding.Skip("no container with several ranks")
        : scope.Config.Container.Ipc == "host" || scope.Config.Container.ShmSize is not null ? Finding.Pass("the container has shared memory for its ranks", scope.Config.Container.Ipc ?? scope.Config.Container.ShmSize)
        : Finding.Fail("the container has 64 MiB of shared memory for its ranks", "neither container.ipc nor container.shmSize is set", "NCCL ends: 'Error while creating shared memory segment /dev/shm/nccl…: No space left on device'", "set container.ipc: host, or container.shmSize: 8g, in the configuration");

    [GeneratedRegex(@"lib(?:cuda|nvidia-ml)\.so\.(\d{3}\.\d+(?:\.\d+)?)")]
    private static partial Regex LibraryVersion();
}
