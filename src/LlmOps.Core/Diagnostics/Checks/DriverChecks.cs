using LlmOps.Hardware;

namespace LlmOps.Diagnostics.Checks;

/// <summary>Drivers: installed, loaded, of one version, and new enough.</summary>
internal static class DriverChecks
{
    // Of NVML's note on code 18.
    private const string OtherVersion = "different versions";

    private const string CardWithoutDriver = "without it the engine computes on the processor, and llama-server does so without failing";

    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfFacts("driver.loaded", "the driver of NVIDIA cards is loaded and answers", Loaded),
        Check.OfFiles("driver.library", "the driver's library is of the same version as its kernel module", Library),
        Check.OfFiles("driver.nouveau", "nouveau does not hold NVIDIA cards", Nouveau),
        Check.OfFiles("driver.kernel-module", "the driver's module is built for the running kernel", KernelModule),
        Check.OfFiles("driver.secure-boot", "Secure Boot does not refuse the driver's module", SecureBoot),
        Check.OfFiles("driver.uvm", "the module that CUDA needs besides (nvidia_uvm) is there", UnifiedMemory),
        Check.OfFiles("driver.device-files", "the device files of the cards are there", DeviceFiles),
        Check.OfFiles("driver.groups", "this user may use AMD's and Intel's cards", Groups),
        Check.OfTools("driver.cuda", "the driver is new enough for the CUDA that torch or the engine was built with", CudaAsync),
        Check.OfFacts("driver.persistence", "the driver keeps what was set on the cards", Persistence),
        Check.OfFiles("driver.fabric-manager", "NVSwitch machines run the fabric manager", FabricManager),
    ];

    private static Finding Loaded(CheckScope scope)
    {
        GpuTopology topology = scope.Topology;
        if (topology.Driver is { Version: not null } driver)
        {
            return Finding.Pass($"the NVIDIA driver {driver.Version} is loaded", driver.CudaVersion is null ? null : $"CUDA up to {driver.CudaVersion}");
        }

        string? note = topology.Notes.FirstOrDefault(note => note.Contains("NVML", StringComparison.Ordinal) || note.Contains("libnvidia-ml", StringComparison.Ordinal) || note.Contains("NVIDIA driver", StringComparison.Ordinal));
        return note is null ? Finding.Skip("no NVIDIA card was seen")
            : note.Contains("is not installed here", StringComparison.Ordinal) && topology.Host.IsContainer
                ? Finding.Fail("the container has an NVIDIA card and not its driver's library", note, CardWithoutDriver, "start the container with its GPUs: docker run --gpus all, or podman run --device nvidia.com/gpu=all")
            : note.Contains("is not installed here", StringComparison.Ordinal)
                ? Finding.Fail("an NVIDIA card is here and its driver is not", note, CardWithoutDriver, scope.Remedies.Driver("install the driver"))
                : note.Contains(OtherVersion, StringComparison.Ordinal) ? Finding.Fail("an NVIDIA driver is installed but does not answer", note, CardWithoutDriver, new Remedy("restart the machine: its driver was updated while it ran", RemedyText.Reboot))
                : Finding.Fail("an NVIDIA driver is installed but does not answer", note, CardWithoutDriver, new Remedy("load its kernel modules", RemedyText.Modprobe("nvidia", "nvidia_uvm")));
    }

    private static Finding Library(CheckScope scope, SystemFiles files)
    {
        string? kernel = NvidiaFiles.KernelVersion(files);
        string? library = NvidiaFiles.LibraryVersion(files);
        string? note = scope.Topology.Notes.FirstOrDefault(note => note.Contains(OtherVersion, StringComparison.Ordinal));
        if (note is null && (kernel is null || library is null))
        {
            return Finding.Skip(kernel is null ? "no NVIDIA kernel module is loaded" : "the version of the driver's library is not known");
        }

        return note is null && kernel == library ? Finding.Pass($"kernel module and library are both {kernel}")
            : Finding.Fail(
                "the driver's kernel module and its library are of different versions",
                kernel is null || library is null ? note : $"/proc/driver/nvidia/version says {kernel}, the library is {library}",
                "the driver was updated under a running kernel: NVML and CUDA refuse to start (code 18) until the new module is loaded",
                scope.Host.IsContainer ? "start the container anew after the host's driver update" : new Remedy("restart the machine, or end what uses the GPUs and reload the modules", RemedyText.Reboot));
    }

    private static Finding Nouveau(CheckScope scope, SystemFiles files) =>
        !NvidiaFiles.HasCard(scope, files) ? Finding.Skip("no NVIDIA card was seen")
        : !files.Exists("/sys/module/nouveau") || files.Exists("/sys/module/nvidia") ? Finding.Pass("nouveau is not in the way")
        : Finding.Fail(
            "the cards are held by nouveau", "/sys/module/nouveau is there, /sys/module/nvidia is not", "nouveau knows no CUDA, and NVIDIA's driver cannot take a card that it holds",
            new Remedy("keep it from loading and restart", RemedyText.WriteFile("/etc/modprobe.d/blacklist-nouveau.conf", "blacklist nouveau\noptions nouveau modeset=0\n"),
                scope.Remedies.Distribution.Manager == PackageManager.Apt ? RemedyText.Root("update-initramfs", "-u") : RemedyText.Root("dracut", "--force"), RemedyText.Reboot));

    private static Finding KernelModule(CheckScope scope, SystemFiles files)
    {
        if (scope.Host.IsWsl || scope.Host.IsContainer || !NvidiaFiles.HasCard(scope, files))
        {
            return Finding.Skip("no NVIDIA card whose module would be this kernel's");
        }

        string? modules = files.ReadText($"/lib/modules/{scope.Host.Kernel}/modules.dep");
        return files.Exists("/sys/module/nvidia") || scope.Topology.Driver?.Version is not null ? Finding.Pass("the driver's module is loaded", scope.Host.Kernel)
            : modules is null ? Finding.Skip("the modules of this kernel cannot be listed")
            : modules.Contains("/nvidia.ko", StringComparison.Ordinal)
                ? Finding.Fail("the driver's module is built and not loaded", $"/lib/modules/{scope.Host.Kernel}", CardWithoutDriver, new Remedy("load it", RemedyText.Modprobe("nvidia", "nvidia_uvm")))
            : files.Exists("/usr/src") && files.List("/usr/src").Any(name => name.StartsWith("nvidia-", StringComparison.Ordinal))
                ? Finding.Fail(
                    $"the driver has no module for the running kernel {scope.Host.Kernel}", "its sources are in /usr/src, and no nvidia.ko is below /lib/modules", "a kernel update was not followed by a build, which needs the kernel's headers",
                    scope.Remedies.KernelHeaders("install the headers and build it").Then(RemedyText.Root("dkms", "autoinstall"), RemedyText.Modprobe("nvidia", "nvidia_uvm")))
                : Finding.Fail("no NVIDIA driver is installed", $"no nvidia.ko for {scope.Host.Kernel}, no sources in /usr/src", CardWithoutDriver, scope.Remedies.Driver("install the driver"));
    }

    // The variable's first four bytes are its attributes, the fifth its value. Source: UEFI specification 3.3; the kernel's efivarfs.rst.
    private static Finding SecureBoot(CheckScope scope, SystemFiles files) =>
        files.ReadBytes("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c") is not { Length: >= 5 } variable ? Finding.Skip("whether Secure Boot is on is not known, or it is not there")
        : variable[4] == 0 ? Finding.Pass("Secure Boot is off")
        : !NvidiaFiles.HasCard(scope, files) || files.Exists("/sys/module/nvidia") || scope.Topology.Driver?.Version is not null ? Finding.Pass("Secure Boot is on and lets the drivers load")
        : Finding.Fail(
            "Secure Boot is on and NVIDIA's module is not loaded", "the EFI variable SecureBoot is 1", "the kernel refuses modules that are not signed with a key it knows: 'Key was rejected by service'",
            new Remedy("enrol the key that modules are signed with and restart, or switch Secure Boot off in the firmware", RemedyText.Root("mokutil", "--import", "/var/lib/shim-signed/mok/MOK.der"), RemedyText.Reboot));

    private static Finding UnifiedMemory(CheckScope scope, SystemFiles files)
    {
        if (scope.Host.IsWsl || (!files.Exists("/sys/module/nvidia") && !files.Exists("/proc/driver/nvidia/version")))
        {
            return Finding.Skip("no NVIDIA kernel module is loaded");
        }

        return files.Exists("/dev/nvidia-uvm") ? Finding.Pass("nvidia_uvm is loaded and its device file is there")
            : !scope.Host.IsContainer && scope.Tools.Find("nvidia-modprobe") is { } helper ? Finding.Pass("nvidia_uvm is loaded when CUDA first asks for it", helper)
            : Finding.Fail(
                "nvidia_uvm, which CUDA cannot do without, is not there", "no /dev/nvidia-uvm", "NVML answers and CUDA does not (error 999 or 'no CUDA-capable device'): servers started early at boot fall back to the processor",
                scope.Host.IsContainer ? "start the container with its GPUs (docker run --gpus all)"
                : scope.Remedies.Install("install what makes it when it is needed, and load it now", "modprobe-tool").Then(RemedyText.Modprobe("nvidia_uvm"), new RemedyCommand(["nvidia-modprobe", "-c0", "-u"]) { NeedsRoot = true, Safe = true }));
    }

    private static Finding DeviceFiles(CheckScope scope, SystemFiles files)
    {
        if (files.List("/dev").Count == 0 || scope.Host.IsWsl || scope.Topology.Gpus.All(gpu => gpu.Vendor is GpuVendor.Software or GpuVendor.Unknown))
        {
            return Finding.Skip(scope.Host.IsWsl ? "WSL has a device file of its own" : "there is no GPU that has device files");
        }

        string[] missing = [.. Needed(scope).Where(path => !files.Exists(path))];
        return missing.Length == 0 ? Finding.Pass("the device files of the cards are there", string.Join(' ', Needed(scope)))
            : Finding.Fail(
                "device files of the cards are missing", string.Join(' ', missing), scope.Host.IsContainer ? "a container sees the cards in /sys and cannot open them unless it is given them" : "engines cannot open the cards",
                scope.Host.IsContainer ? "start the container with its GPUs: --gpus all for NVIDIA; --device /dev/kfd --device /dev/dri for AMD; --device /dev/dri for Intel" : new Remedy("load the driver's modules", RemedyText.Modprobe(scope.NvidiaCards.Count > 0 ? "nvidia" : "amdgpu")));
    }

    private static IEnumerable<string> Needed(CheckScope scope)
    {
        if (scope.Topology.Gpus.Any(gpu => gpu.Vendor == GpuVendor.Nvidia))
        {
            yield return "/dev/nvidiactl";
        }

        if (scope.Topology.Gpus.Any(gpu => gpu.Vendor == GpuVendor.Amd))
        {
            yield return "/dev/kfd";
        }

        if (scope.Topology.Gpus.Any(gpu => gpu.Vendor is GpuVendor.Amd or GpuVendor.Intel))
        {
            yield return "/dev/dri";
        }
    }

    private static Finding Groups(CheckScope scope, SystemFiles files)
    {
        if (!scope.Topology.Gpus.Any(gpu => gpu.Vendor is GpuVendor.Amd or GpuVendor.Intel))
        {
            return Finding.Skip("no card whose device files belong to a group");
        }

        string status = files.ReadText("/proc/self/status") ?? string.Empty;
        string[] wanted = [.. new[] { "render", "video" }.Select(name => GroupNumber(files, name)).OfType<string>()];
        if (Hardware.Machine.KernelTables.ParseField(status, "Groups") is not { } groups || wanted.Length == 0)
        {
            return status.Contains("Uid:\t0\t", StringComparison.Ordinal) ? Finding.Pass("root may use every card") : Finding.Skip("the groups of this user are not known");
        }

        string[] own = groups.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return status.Contains("Uid:\t0\t", StringComparison.Ordinal) || own.Contains(wanted[0]) ? Finding.Pass("this user may use the cards", $"groups {groups}")
            : Finding.Fail(
                "this user may not use the cards", $"its groups are {groups}; the cards belong to render and video", "engines find no device, or 'Permission denied' on /dev/kfd and /dev/dri",
                new Remedy("join the groups and log in anew", new RemedyCommand(["usermod", "-aG", "render,video", Environment.UserName]) { NeedsRoot = true, Safe = true, Undo = ["gpasswd", "-d", Environment.UserName, "render"] }));
    }

    private static string? GroupNumber(SystemFiles files, string name) =>
        (files.ReadText("/etc/group") ?? string.Empty).Split('\n').Select(line => line.Split(':')).FirstOrDefault(fields => fields.Length > 2 && fields[0] == name)?[2];

    private static async Task<Finding> CudaAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        if (scope.Topology.Driver?.CudaVersion is not { } offered || CudaVersion.Parse(offered) is not { } driver)
        {
            return Finding.Skip("no NVIDIA driver says which CUDA it supports");
        }

        (string? needed, string by) = scope.Python is { TorchCuda: { } torch } python && (scope.IsVllm || scope.Engine?.Python is null)
            ? (torch, $"torch {python.VersionOf("torch")} in {python.Folder}")
            : (await LinkedLibraries.CudaOfAsync(scope, cancellationToken).ConfigureAwait(false), scope.Engine?.Path ?? string.Empty);
        if (CudaVersion.Parse(needed) is not { } built)
        {
            return Finding.Skip("nothing here says which CUDA it was built with");
        }

        string evidence = $"the driver {scope.Topology.Driver.Version} supports CUDA up to {offered}; {by} was built with {needed}";
        return driver.Major < built.Major
            ? Finding.Fail("the driver is too old for the CUDA that the engine was built with", evidence, $"CUDA {built.Major} needs a driver of {CudaVersion.DriverFloor(built.Major)} or newer: 'CUDA driver version is insufficient for CUDA runtime version'", scope.Remedies.Driver($"install a driver of {CudaVersion.DriverFloor(built.Major)} or newer, or use a build for CUDA {driver.Major}"))
            : driver.Major == built.Major && driver.Minor < built.Minor
                ? Finding.Warn("the driver is older than the CUDA that the engine was built with", evidence, "ready kernels run (minor versions are compatible), kernels compiled at start (Triton, FlashInfer, PTX) may not: 'the provided PTX was compiled with an unsupported toolchain'", scope.Remedies.Driver("update the driver"))
                : Finding.Pass("the driver is new enough for the CUDA that the engine was built with", evidence);
    }

    private static Finding Persistence(CheckScope scope)
    {
        GpuDevice[] known = [.. scope.NvidiaCards.Where(card => card.PersistenceMode is not null)];
        GpuDevice[] set = [.. known.Where(card => card.PersistenceMode == false && card.PowerLimitWatts is { } limit && card.PowerRange?.DefaultWatts is { } usual && Math.Abs(limit - usual) >= 1)];
        return known.Length == 0 ? Finding.Skip("no NVIDIA card says whether its driver stays loaded")
            : set.Length == 0 ? Finding.Pass(known.All(card => card.PersistenceMode == true) ? "the driver stays loaded" : "the driver is unloaded while nobody uses a card; nothing that was set is lost by it")
            : Finding.Warn(
                "the power limit that was set is lost when nobody uses the card", string.Join("; ", set.Select(card => $"{CheckScope.NameOf(card)}: {RemedyText.Number(card.PowerLimitWatts!.Value)} W set, {RemedyText.Number(card.PowerRange!.DefaultWatts!.Value)} W usual")),
                "without persistence the driver forgets limits with its last client, and every start waits for the cards to wake up",
                new Remedy("keep the driver loaded", new RemedyCommand(["nvidia-smi", "-pm", "1"]) { NeedsRoot = true, Safe = true, Undo = ["nvidia-smi", "-pm", "0"] }));
    }

    private static Finding FabricManager(CheckScope scope, SystemFiles files)
    {
        if (files.List("/proc/driver/nvidia-nvswitch/devices").Count == 0)
        {
            return Finding.Skip("there is no NVSwitch");
        }

        bool runs = files.List("/proc").Any(entry => char.IsAsciiDigit(entry[0]) && files.ReadValue($"/proc/{entry}/comm")?.StartsWith("nv-fabricmanage", StringComparison.Ordinal) == true);
        return runs ? Finding.Pass("the fabric manager runs")
            : Finding.Fail(
                "the machine has NVSwitches and no fabric manager runs", "no process nv-fabricmanager", "CUDA starts on none of the cards: 'Error 802: system not yet initialized'",
                scope.Remedies.Install("install it in the driver's own version and start it", "fabric-manager", (scope.Topology.Driver?.Version ?? string.Empty).Split('.')[0])
                    .Then(new RemedyCommand(["systemctl", "enable", "--now", "nvidia-fabricmanager"]) { NeedsRoot = true, Safe = true, Undo = ["systemctl", "disable", "--now", "nvidia-fabricmanager"] }));
    }
}
