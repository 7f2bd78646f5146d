using LlmOps.Diagnostics.Checks;
using LlmOps.Models;
using static LlmOps.Core.Tests.Diagnostics.Checks.CheckCase;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>Machines for the checks of disks.</summary>
internal static class StorageCases
{
    public static IReadOnlyList<CheckCase> All { get; } =
    [
        Pass("storage.state-folder", "server records and logs", _ => { }),
        Fail("storage.state-folder", "point XDG_STATE_HOME elsewhere", machine => { machine.Files.Write("/full", "a file"); machine.Variables["XDG_STATE_HOME"] = machine.Files.Locate("/full"); }),
        Skip("storage.state-folder", "only its topology", machine => machine.IsOther = true),
        Pass("storage.cache-folder", "compiled kernels", _ => { }),
        Fail("storage.cache-folder", "point XDG_CACHE_HOME elsewhere", machine => { machine.Files.Write("/full", "a file"); machine.Variables["XDG_CACHE_HOME"] = machine.Files.Locate("/full"); }),
        Skip("storage.cache-folder", "only its topology", machine => machine.IsOther = true),

        Pass("storage.temporary-folder", "/tmp", machine => machine.Files.Write("/tmp/x", "")),
        Fail("storage.temporary-folder", "mounted noexec", machine => { machine.Vllm(); machine.Files.Write("/tmp/x", "").Write("/proc/self/mountinfo", "31 23 0:27 / / rw - ext4 /dev/sda1 rw\n32 31 0:28 / /tmp rw,nosuid,noexec - tmpfs tmpfs rw\n"); }),
        Fail("storage.temporary-folder", "mkdir -p /scratch/tmp", machine => machine.Variables["TMPDIR"] = "/scratch/tmp"),
        Skip("storage.temporary-folder", "no /tmp", _ => { }),

        Pass("storage.model-filesystem", "ext4 at /models", machine => Mounted(machine, "33 31 8:17 / /models rw - ext4 /dev/sdb1 rw")),
        Warn("storage.model-filesystem", "nfs4 at /models", machine => Mounted(machine, "33 31 0:50 / /models rw - nfs4 server:/models rw")),
        Warn("storage.model-filesystem", "copy the model to the Linux disk", machine => { Mounted(machine, "33 31 0:50 / /models rw - 9p C:\\134 rw"); machine.Host(host => host with { IsWsl = true }); }),
        Skip("storage.model-filesystem", "no model", _ => { }),

        Pass("storage.rotating-disk", "device 8:17", machine => { Mounted(machine, "33 31 8:17 / /models rw - ext4 /dev/sdb1 rw"); machine.Files.Write("/sys/dev/block/8:17/queue/rotational", "0\n"); }),
        Warn("storage.rotating-disk", "solid-state", machine => { Mounted(machine, "33 31 8:17 / /models rw - ext4 /dev/sdb1 rw"); Disk(machine, "1"); }),
        Skip("storage.rotating-disk", "a virtual disk", machine => { Mounted(machine, "33 31 254:1 / /models rw - ext4 /dev/vda1 rw"); machine.Files.Write("/sys/dev/block/254:1/uevent", "MAJOR=254\nDEVNAME=vda1\n").Write("/sys/dev/block/254:1/queue/rotational", "1\n"); }),
        Skip("storage.rotating-disk", "no model", _ => { }),

        Pass("storage.load-time", "came out of the page cache", machine => ModelFile(machine, 64 << 20, 64 << 20)),
        Pass("storage.load-time", "about 26 s", machine => { ModelFile(machine, 4 << 20, 25 * CheckMachine.GiB); machine.Samples = new FileSamples(0, 24, 1.03e9); }),
        Warn("storage.load-time", "reading the model takes about 149 s", machine => { ModelFile(machine, 4 << 20, 25 * CheckMachine.GiB); machine.Samples = new FileSamples(0, 24, 180e6); }),
        Skip("storage.load-time", "too small to tell", machine => ModelFile(machine, 1 << 20, 1 << 20)),
        Skip("storage.load-time", "not here", machine => machine.Model = KernelCases.Quantized("awq") with { Files = ["/models/gone.safetensors"] }),
    ];

    private static void Mounted(CheckMachine machine, string line)
    {
        machine.Model = KernelCases.Quantized("awq");
        machine.Files.Write("/proc/self/mountinfo", "31 23 8:1 / / rw - ext4 /dev/sda1 rw\n" + line + "\n");
    }

    // As /sys has it: a partition is a folder within its disk's, and the number is a link to it.
    private static void Disk(CheckMachine machine, string rotational)
    {
        machine.Files.Write("/sys/devices/ata1/sdb/queue/rotational", rotational + "\n").Write("/sys/devices/ata1/sdb/sdb1/partition", "1\n");
        Directory.CreateDirectory(machine.Files.Locate("/sys/dev/block"));
        Directory.CreateSymbolicLink(machine.Files.Locate("/sys/dev/block/8:17"), "../../devices/ata1/sdb/sdb1");
    }

    private static void ModelFile(CheckMachine machine, int bytes, long said)
    {
        machine.Files.WriteBytes("/models/model.gguf", new byte[bytes]);
        machine.Model = KernelCases.Quantized("awq") with { Format = ModelFormat.Gguf, Files = [machine.Files.Locate("/models/model.gguf")], SizeBytes = said };
    }
}
