using LlmOps.Configuration;
using LlmOps.Hardware;
using static LlmOps.Core.Tests.Diagnostics.Checks.CheckCase;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>Machines for the checks of containers.</summary>
internal static class ContainerCases
{
    private const long GiB = CheckMachine.GiB;
    private const string CdiList = "cdiVersion: 0.5.0\nkind: nvidia.com/gpu\n  - hostPath: /usr/lib/x86_64-linux-gnu/libcuda.so.{0}\n";

    public static IReadOnlyList<CheckCase> All { get; } =
    [
        Pass("container.memory-limit", "16.0 GiB", machine => machine.Host(host => host with { IsContainer = true, Memory = new MemoryInfo { LimitBytes = 16 * GiB } })),
        Warn("container.memory-limit", "--memory", machine => machine.Host(host => host with { IsContainer = true, Memory = new MemoryInfo { LimitBytes = GiB } })),
        Skip("container.memory-limit", "no memory limit", _ => { }),

        Pass("container.wsl", "enough memory", machine => machine.Host(host => host with { IsWsl = true, Memory = new MemoryInfo { TotalBytes = 48 * GiB, AvailableBytes = 40 * GiB } })),
        Warn("container.wsl", ".wslconfig", machine => machine.Host(host => host with { IsWsl = true, Memory = new MemoryInfo { TotalBytes = 16 * GiB, AvailableBytes = 9 * GiB } })),
        Skip("container.wsl", "not Windows", _ => { }),

        Pass("container.engine", "docker 26.1.5 answers", machine => machine.Program("docker", "26.1.5")),
        Fail("container.engine", "apt-get install -y docker.io", InDocker),
        Fail("container.engine", "usermod -aG docker", machine => { InDocker(machine); machine.Program("docker", exitCode: 1, body: "echo 'permission denied while trying to connect to the Docker daemon socket' >&2"); }),
        Fail("container.engine", "systemctl enable --now docker", machine => { InDocker(machine); machine.Program("docker", exitCode: 1, body: "echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock' >&2"); }),
        Skip("container.engine", "nothing here needs it", machine => machine.Program("docker", exitCode: 1)),

        Pass("container.gpu-runtime", "daemon.json", machine => { InDocker(machine); machine.Program("docker"); machine.Program("nvidia-ctk"); machine.Files.Write("/etc/docker/daemon.json", "{\"runtimes\":{\"nvidia\":{\"path\":\"nvidia-container-runtime\"}}}"); }),
        Fail("container.gpu-runtime", "container toolkit", machine => { InDocker(machine); machine.Program("docker"); }),
        Fail("container.gpu-runtime", "nvidia-ctk runtime configure --runtime=docker", machine => { InDocker(machine); machine.Program("docker"); machine.Program("nvidia-ctk"); }),
        Fail("container.gpu-runtime", "nvidia-ctk cdi generate", machine => { InDocker(machine); machine.Program("podman"); machine.Program("nvidia-ctk"); }),
        Warn("container.gpu-runtime", "container toolkit", machine => { machine.Cards(1); machine.Program("docker"); }),
        Skip("container.gpu-runtime", "neither docker nor podman", machine => machine.Cards(1)),

        Pass("container.cdi", "fits the driver", machine => Cdi(machine, "580.65.06")),
        Fail("container.cdi", "libraries of 550.54.14; the driver is 580.65.06", machine => Cdi(machine, "550.54.14")),
        Skip("container.cdi", "no CDI list", machine => machine.Cards(1)),

        Pass("container.device-loss", "keep their cards", machine => { InDocker(machine); machine.Program("docker"); machine.Files.Write("/dev/char/195:0", ""); }),
        Warn("container.device-loss", "create-dev-char-symlinks", machine => { InDocker(machine); machine.Program("docker"); }),
        Fail("container.device-loss", "has lost its cards", machine =>
        {
            machine.Host(host => host with { IsContainer = true });
            machine.Topology = machine.Topology with { Notes = ["NVML (/usr/lib/libnvidia-ml.so.1) did not start: an unknown error; in a container the GPU devices may have been taken away (code 999)."] };
        }),
        Skip("container.device-loss", "no docker", machine => machine.Cards(1)),

        Pass("container.snap", "not the one from snap", machine => machine.Program("docker")),
        Warn("container.snap", "snap remove docker", machine =>
        {
            machine.Program("docker");
            Directory.CreateDirectory(machine.Files.Locate("/usr/bin"));
            File.CreateSymbolicLink(machine.Files.Locate("/usr/bin/docker"), "/snap/bin/docker");
        }),
        Skip("container.snap", "not installed", _ => { }),

        Pass("container.shared-memory", "8g", machine => { Ranks(machine); machine.Config = machine.Config! with { Container = new ContainerSettings { ShmSize = "8g" } }; }),
        Fail("container.shared-memory", "64 MiB", Ranks),
        Skip("container.shared-memory", "no container", _ => { }),
    ];

    private static void InDocker(CheckMachine machine)
    {
        machine.Cards(1);
        machine.Plan();
        machine.Config = machine.Config! with { Runtime = RuntimeNames.Docker };
    }

    private static void Ranks(CheckMachine machine)
    {
        machine.Cards(2);
        machine.Plan(EngineNames.Vllm, ("tensorParallel", 2L));
        machine.Config = machine.Config! with { Runtime = RuntimeNames.Docker };
    }

    private static void Cdi(CheckMachine machine, string version)
    {
        machine.Cards(1);
        machine.Files.Write("/etc/cdi/nvidia.yaml", string.Format(System.Globalization.CultureInfo.InvariantCulture, CdiList, version));
    }
}
