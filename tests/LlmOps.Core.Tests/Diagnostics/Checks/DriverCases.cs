using LlmOps.Hardware;
using static LlmOps.Core.Tests.Diagnostics.Checks.CheckCase;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>Machines for the checks of drivers.</summary>
internal static class DriverCases
{
    private const string KernelLine = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27 07:18:08 UTC 2025\nGCC version:  gcc version 11.4.0\n";
    private const string SecureBootVariable = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

    public static IReadOnlyList<CheckCase> All { get; } =
    [
        Pass("driver.loaded", "580.65.06", machine => machine.Cards(1)),
        Fail("driver.loaded", "sudo ubuntu-drivers install; then sudo reboot", machine => Note(machine, "The PCI bus has an NVIDIA GPU at 0000:01:00.0, but libnvidia-ml.so.1 is not installed here; install the driver's library or, in a container, its runtime.")),
        Fail("driver.loaded", "on Windows, never inside WSL", machine =>
        {
            Note(machine, "The PCI bus has an NVIDIA GPU at 0000:01:00.0, but libnvidia-ml.so.1 is not installed here; install the driver's library or, in a container, its runtime.");
            machine.Host(host => host with { IsWsl = true });
        }),
        Fail("driver.loaded", "docker run --gpus all", machine =>
        {
            Note(machine, "The NVIDIA kernel driver is loaded, but libnvidia-ml.so.1 is not installed here; install the driver's library or, in a container, its runtime.");
            machine.Host(host => host with { IsContainer = true });
        }),
        Fail("driver.loaded", "modprobe -a nvidia nvidia_uvm", machine => Note(machine, "NVML (/usr/lib/libnvidia-ml.so.1) did not start: the NVIDIA driver is not loaded; load it with 'modprobe nvidia' or install it (code 9).")),
        Fail("driver.loaded", "restart the machine: its driver was updated while it ran: sudo reboot", machine => Note(machine, "NVML (/usr/lib/libnvidia-ml.so.1) did not start: driver and library have different versions; restart the machine after a driver update (code 18).")),
        Skip("driver.loaded", "no NVIDIA card", _ => { }),

        Pass("driver.library", "both 580.65.06", machine => machine.Files.Write("/proc/driver/nvidia/version", KernelLine).Write("/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.580.65.06", "")),
        Fail("driver.library", "580.65.06, the library is 580.95.05", machine => machine.Files.Write("/proc/driver/nvidia/version", KernelLine).Write("/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.580.95.05", "")),
        Fail("driver.library", "different versions", machine => Note(machine, "NVML (/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1) did not start: driver and library have different versions; restart the machine after a driver update (code 18).")),
        Skip("driver.library", "no NVIDIA kernel module", _ => { }),

        Pass("driver.nouveau", "not in the way", machine => { machine.Cards(1); machine.Files.Write("/sys/module/nvidia/version", "580"); }),
        Fail("driver.nouveau", "update-initramfs -u", machine => { machine.Cards(1); machine.Files.Write("/sys/module/nouveau/version", "1"); }),
        Skip("driver.nouveau", "no NVIDIA card", _ => { }),

        Pass("driver.kernel-module", "loaded", machine => machine.Cards(1)),
        Fail("driver.kernel-module", "built and not loaded", machine => { NvidiaOnBus(machine); machine.Files.Write("/lib/modules/6.8.0-60-generic/modules.dep", "updates/dkms/nvidia.ko: \n"); }),
        Fail("driver.kernel-module", "sudo apt-get install -y linux-headers-6.8.0-60-generic; then sudo dkms autoinstall", machine => { NvidiaOnBus(machine); machine.Files.Write("/lib/modules/6.8.0-60-generic/modules.dep", "kernel/fs/xfs.ko:\n").Write("/usr/src/nvidia-580.65.06/dkms.conf", ""); }),
        Fail("driver.kernel-module", "no NVIDIA driver is installed", machine => { NvidiaOnBus(machine); machine.Files.Write("/lib/modules/6.8.0-60-generic/modules.dep", "kernel/fs/xfs.ko:\n"); }),
        Skip("driver.kernel-module", "no NVIDIA card", _ => { }),

        Pass("driver.secure-boot", "off", machine => machine.Files.WriteBytes(SecureBootVariable, [6, 0, 0, 0, 0])),
        Pass("driver.secure-boot", "lets the drivers load", machine => { machine.Cards(1); machine.Files.WriteBytes(SecureBootVariable, [6, 0, 0, 0, 1]); }),
        Fail("driver.secure-boot", "mokutil --import", machine => { NvidiaOnBus(machine); machine.Files.WriteBytes(SecureBootVariable, [6, 0, 0, 0, 1]); }),
        Skip("driver.secure-boot", "not known", _ => { }),

        Pass("driver.uvm", "device file is there", machine => machine.Files.Write("/proc/driver/nvidia/version", KernelLine).Write("/dev/nvidia-uvm", "")),
        Pass("driver.uvm", "when CUDA first asks", machine => { machine.Files.Write("/proc/driver/nvidia/version", KernelLine); machine.Program("nvidia-modprobe"); }),
        Fail("driver.uvm", "apt-get install -y nvidia-modprobe", machine => machine.Files.Write("/proc/driver/nvidia/version", KernelLine)),
        Skip("driver.uvm", "no NVIDIA kernel module", _ => { }),

        Pass("driver.device-files", "/dev/nvidiactl", machine => { machine.Cards(1); machine.Files.Write("/dev/nvidiactl", ""); }),
        Fail("driver.device-files", "--device /dev/kfd", machine => { machine.Cards(1, "MI210", vendor: GpuVendor.Amd); machine.Host(host => host with { IsContainer = true }); machine.Files.Write("/dev/null", ""); }),
        Skip("driver.device-files", "no GPU", machine => machine.Files.Write("/dev/null", "")),

        Pass("driver.groups", "may use the cards", machine => Amd(machine, "Uid:\t1000\t1000\nGroups:\t44 109 1000\n")),
        Pass("driver.groups", "may use every card", machine => { machine.Cards(1, "MI210", vendor: GpuVendor.Amd); machine.Files.Write("/proc/self/status", "Uid:\t0\t0\n"); }),
        Fail("driver.groups", "usermod -aG render,video", machine => Amd(machine, "Uid:\t1000\t1000\nGroups:\t27 1000\n")),
        Skip("driver.groups", "belong to a group", machine => machine.Cards(1)),

        Pass("driver.cuda", "new enough", machine => { machine.Cards(1); machine.Vllm(torchCuda: "13.0"); }),
        Warn("driver.cuda", "supports CUDA up to 13.0; torch 2.9.0", machine => { machine.Cards(1); machine.Vllm(torchCuda: "13.2"); }),
        Fail("driver.cuda", "a driver of 580 or newer", machine =>
        {
            machine.Cards(1);
            machine.Topology = machine.Topology with { Driver = new DriverInfo { Version = "550.54.14", CudaVersion = "12.4" } };
            machine.Vllm(torchCuda: "13.0");
        }),
        Fail("driver.cuda", "was built with 13", machine =>
        {
            machine.Cards(1);
            machine.Topology = machine.Topology with { Driver = new DriverInfo { Version = "550.54.14", CudaVersion = "12.4" } };
            EngineCases.Binary(machine, "\tlibcudart.so.13 => /usr/local/cuda/lib64/libcudart.so.13 (0x00007f)");
        }),
        Skip("driver.cuda", "no NVIDIA driver", _ => { }),
        Skip("driver.cuda", "nothing here says", machine => machine.Cards(1)),

        Pass("driver.persistence", "stays loaded", machine => machine.Cards(1, change: card => card with { PersistenceMode = true })),
        Pass("driver.persistence", "nothing that was set is lost", machine => machine.Cards(2, change: card => card with { PersistenceMode = false, PowerLimitWatts = 250, PowerRange = new GpuPowerRange { DefaultWatts = 250 } })),
        Warn("driver.persistence", "nvidia-smi -pm 1", machine => machine.Cards(1, change: card => card with { PersistenceMode = false, PowerLimitWatts = 280, PowerRange = new GpuPowerRange { DefaultWatts = 350 } })),
        Skip("driver.persistence", "no NVIDIA card says", machine => machine.Cards(1)),

        Pass("driver.fabric-manager", "runs", machine => machine.Files.Write("/proc/driver/nvidia-nvswitch/devices/0000:01:00.0/information", "").Write("/proc/4711/comm", "nv-fabricmanage\n")),
        Fail("driver.fabric-manager", "apt-get install -y nvidia-fabricmanager-580", machine => { machine.Cards(8); machine.Files.Write("/proc/driver/nvidia-nvswitch/devices/0000:01:00.0/information", ""); }),
        Skip("driver.fabric-manager", "no NVSwitch", _ => { }),
    ];

    private static void Note(CheckMachine machine, string note) => machine.Topology = machine.Topology with { Notes = [note] };

    private static void NvidiaOnBus(CheckMachine machine) => machine.Files.AddPci("pci0000:00/0000:01:00.0", ("vendor", "0x10de"), ("class", "0x030000"));

    private static void Amd(CheckMachine machine, string status)
    {
        machine.Cards(1, "MI210", vendor: GpuVendor.Amd);
        machine.Files.Write("/proc/self/status", status).Write("/etc/group", "video:x:44:\nrender:x:109:me\n");
    }
}
