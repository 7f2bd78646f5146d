using System.Globalization;
using LlmOps.Hardware;
using LlmOps.Hardware.Machine;

namespace LlmOps.Diagnostics.Checks;

/// <summary>Disks: room to write, and speed to load.</summary>
internal static class StorageChecks
{
    private const long Room = 100 * Bytes.MiB;
    private const long CompilerRoom = 2 * Bytes.GiB;
    private const int LongLoadSeconds = 120;
    private const string Unmounted = "nothing says where the model is mounted";

    // virtio and Xen; both say "rotating" whatever they lie on.
    private static readonly string[] s_virtualDisks = ["vd", "xvd"];

    private static readonly string[] s_network = ["nfs", "nfs4", "cifs", "smb3", "ceph", "lustre", "fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse", "glusterfs", "fuse.glusterfs"];
    private static readonly string[] s_windows = ["9p", "drvfs", "v9fs", "virtiofs"];

    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfFiles("storage.state-folder", "server records and logs can be written, and there is room", (scope, _) => Writable(scope, "XDG_STATE_HOME", ".local/state", Room, "server records and logs", "a server that was started is found and stopped by its record, and a full disk cuts off the log that would explain a failure")) with { MayBlock = true },
        Check.OfFiles("storage.cache-folder", "compiled kernels and engines can be kept, and there is room", (scope, _) => Writable(scope, "XDG_CACHE_HOME", ".cache", scope.IsVllm ? CompilerRoom : Room, "compiled kernels, engines and what they said of themselves", "vLLM, Triton and FlashInfer compile into it at every start that finds nothing there")) with { MayBlock = true },
        Check.OfFiles("storage.temporary-folder", "what compilers write for a moment can be written and run", Temporary) with { MayBlock = true },
        Check.OfFiles("storage.model-filesystem", "the model is not read over a network or from Windows", ModelFileSystem),
        Check.OfFiles("storage.rotating-disk", "the model does not lie on a rotating disk", RotatingDisk),
        Check.OfFiles("storage.load-time", "how long reading the model takes, by samples; how much of it the page cache holds", LoadTime) with { MayBlock = true },
    ];

    private static Finding Writable(CheckScope scope, string variable, string belowHome, long room, string what, string why)
    {
        string? named = scope.Context.GetEnvironmentVariable(variable);
        string folder = named is not null && Path.IsPathRooted(named) ? named : Path.Combine(scope.Context.Home, belowHome);
        string probe = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $".llmops-probe-{Environment.ProcessId}-{Guid.NewGuid():N}"));
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(probe, "probe");
            File.Delete(probe);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return Finding.Fail($"{what} cannot be written", problem.Message, why, $"make {folder} writable, or point {variable} elsewhere");
        }

        long free = new DriveInfo(folder).AvailableFreeSpace;
        return free >= room ? Finding.Pass($"there is room for {what}", $"{folder}, {Bytes.Format(free)} free")
            : Finding.Warn($"little room is left for {what}", $"{Bytes.Format(free)} at {folder}", why, $"free some disk space, or point {variable} elsewhere");
    }

    private static Finding Temporary(CheckScope scope, SystemFiles files)
    {
        string folder = scope.Variable("TMPDIR") is { Length: > 0 } named ? named : "/tmp";
        Mount? mount = MountOf(files, folder);
        if (!files.Exists(folder))
        {
            return scope.Variable("TMPDIR") is null ? Finding.Skip("there is no /tmp")
                : Finding.Fail("the folder for temporary files is not there", $"TMPDIR={folder}", "compilers end with 'cannot create temporary file'", new Remedy("make it", new RemedyCommand(["mkdir", "-p", folder]) { Safe = true, Undo = ["rmdir", folder] }));
        }

        long free = new DriveInfo(files.Locate(folder)).AvailableFreeSpace;
        return mount is not null && mount.Flags.Split(',').Contains("noexec") && (scope.IsVllm || scope.Python is not null)
                ? Finding.Fail("programs in the folder for temporary files may not be run", $"{folder} is mounted noexec", "vLLM loads the code that its compilers write there: 'failed to map segment from shared object'", $"set TMPDIR to a folder on another disk, or mount it without noexec: sudo mount -o remount,exec {mount.MountPoint}")
            : free < Room ? Finding.Warn("little room is left for temporary files", $"{Bytes.Format(free)} at {folder}", "compilers end in the middle with 'No space left on device'", "free some space there, or set TMPDIR to a folder on another disk")
            : Finding.Pass("temporary files can be written", $"{folder}, {Bytes.Format(free)} free");
    }

    private static Finding ModelFileSystem(CheckScope scope, SystemFiles files)
    {
        if (scope.Model is not { } model || MountOf(files, model.Path) is not { } mount)
        {
            return Finding.Skip(scope.Model is null ? scope.NoModel : Unmounted);
        }

        string evidence = $"{mount.FileSystem} at {mount.MountPoint}";
        return s_windows.Contains(mount.FileSystem) && scope.Host.IsWsl
                ? Finding.Warn("the model lies on a Windows disk", evidence, "WSL reads those through a file server, several times slower than its own disk, and maps files badly", "copy the model to the Linux disk, such as ~/models")
            : s_network.Contains(mount.FileSystem)
                ? Finding.Warn("the model is read over a network", evidence, $"every start reads {Bytes.Format(model.SizeBytes)} from there, and a server that hangs there cannot be ended", "copy the model to a disk of this machine; else switch memoryMap off, which reads it in order")
                : Finding.Pass("the model lies on a disk of this machine", evidence);
    }

    private static Finding RotatingDisk(CheckScope scope, SystemFiles files)
    {
        if (scope.Model is not { } model || MountOf(files, model.Path) is not { Device.Length: > 0 } mount)
        {
            return Finding.Skip(scope.Model is null ? scope.NoModel : Unmounted);
        }

        // Of a partition the queue is its disk's, one folder up.
        string device = $"/sys/dev/block/{mount.Device}";
        if (s_virtualDisks.Any(name => files.ReadText($"{device}/uevent")?.Contains("DEVNAME=" + name, StringComparison.Ordinal) == true))
        {
            return Finding.Skip("a virtual disk does not tell what it lies on");
        }

        return (files.ReadValue($"{device}/queue/rotational") ?? files.ReadValue($"{device}/../queue/rotational")) switch
        {
            null => Finding.Skip("what kind of disk the model lies on is not known"),
            "1" => Finding.Warn(
                "the model lies on a rotating disk, or on one that says so", $"device {mount.Device} at {mount.MountPoint}",
                $"at 100 to 200 MB/s reading {Bytes.Format(model.SizeBytes)} takes {RemedyText.Number(Math.Round(model.SizeBytes / 200e6))} to {RemedyText.Number(Math.Round(model.SizeBytes / 100e6))} s, and mapped files are read in jumps", "move the model to a solid-state disk; else switch memoryMap off, which reads it in order"),
            _ => Finding.Pass("the model does not lie on a rotating disk", $"device {mount.Device} at {mount.MountPoint}"),
        };
    }

    private static Finding LoadTime(CheckScope scope, SystemFiles files)
    {
        if (scope.Model is not { } model || model.Files.Count == 0 || model.Files.Any(file => !File.Exists(file)))
        {
            return Finding.Skip(scope.Model is null ? scope.NoModel : "the model's files are not here");
        }

        FileSamples samples = scope.Context.SampleFiles(model.Files);
        if (samples.Read == 0)
        {
            return Finding.Skip("the model's files are too small to tell");
        }

        double seconds = samples.DiskBytesPerSecond is { } speed ? model.SizeBytes * (1 - ((double)samples.Cached / samples.Read)) / speed : 0;
        string evidence = string.Create(CultureInfo.InvariantCulture, $"{samples.Cached} of {samples.Read} samples came out of the page cache{(samples.DiskBytesPerSecond is { } rate ? $", the others at {rate / 1e6:0} MB/s" : string.Empty)}");
        return seconds < LongLoadSeconds ? Finding.Pass(seconds < 1 ? "the page cache holds the model" : string.Create(CultureInfo.InvariantCulture, $"reading the model takes about {seconds:0} s"), evidence)
            : Finding.Warn(string.Create(CultureInfo.InvariantCulture, $"reading the model takes about {seconds:0} s"), evidence, $"{Bytes.Format(model.SizeBytes)} pass from the disk at every start; vLLM reads some of it again for drafts", "move the model to a faster disk, keep it in the page cache (enough free memory), and give the start as much time (-TimeoutSec)");
    }

    // The longest mount point that is a start of the path; of several at one place the last, which hides the others.
    private static Mount? MountOf(SystemFiles files, string path)
    {
        Mount? best = null;
        foreach (Mount mount in MountTable.Read(files))
        {
            string point = mount.MountPoint.TrimEnd('/') + "/";
            if ((path + "/").StartsWith(point, StringComparison.Ordinal) && point.Length >= (best?.MountPoint.TrimEnd('/').Length ?? -1) + 1)
            {
                best = mount;
            }
        }

        return best;
    }
}
