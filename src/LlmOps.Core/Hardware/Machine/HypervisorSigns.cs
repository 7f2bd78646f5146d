namespace LlmOps.Hardware.Machine;

/// <summary>Tells whether this is a virtual machine, and whose.</summary>
internal static class HypervisorSigns
{
    private const string Identity = "/sys/class/dmi/id/";

    // What the virtual firmware calls its maker or product; the names on the right are systemd-detect-virt's.
    private static readonly (string Sign, string Name)[] Known =
    [
        ("KVM", "kvm"), ("QEMU", "qemu"), ("VMware", "vmware"), ("VirtualBox", "oracle"), ("innotek", "oracle"), ("Xen", "xen"),
        ("Bochs", "bochs"), ("Parallels", "parallels"), ("Amazon EC2", "amazon"), ("Google", "google"), ("OpenStack", "kvm"),
        ("Apple Virtualization", "apple"),
    ];

    /// <summary>The hypervisor's name; null on bare metal.</summary>
    /// <param name="files">The machine's files.</param>
    /// <param name="hasProcessorFlag">Whether the processor says that a hypervisor is there.</param>
    /// <param name="isWsl">Whether this is WSL, which runs in Microsoft's.</param>
    public static string? Find(SystemFiles files, bool hasProcessorFlag, bool isWsl)
    {
        if (isWsl)
        {
            return "microsoft";
        }

        string? type = files.ReadValue("/sys/hypervisor/type");
        string maker = files.ReadValue(Identity + "sys_vendor") ?? string.Empty;
        string product = files.ReadValue(Identity + "product_name") ?? string.Empty;
        if (maker == "Microsoft Corporation" && product == "Virtual Machine")
        {
            return "microsoft";
        }

        // Cloud makers' names stand on their bare-metal machines too; there the processor says nothing.
        foreach ((string sign, string name) in Known)
        {
            if ((hasProcessorFlag || name is "qemu" or "vmware" or "oracle" or "bochs" or "kvm")
                && (maker.Contains(sign, StringComparison.Ordinal) || product.Contains(sign, StringComparison.Ordinal)))
            {
                return name;
            }
        }

        return type ?? (hasProcessorFlag ? "unknown hypervisor" : null);
    }

    /// <summary>Maker and model of the machine; null when the firmware's names are missing or the maker's placeholders.</summary>
    public static string? Product(SystemFiles files)
    {
        string text = $"{Named(files, "sys_vendor")} {Named(files, "product_name")}".Trim();
        return text.Length > 0 ? text : $"{Named(files, "board_vendor")} {Named(files, "board_name")}".Trim() is { Length: > 0 } board ? board : null;
    }

    private static string? Named(SystemFiles files, string name) =>
        files.ReadValue(Identity + name) is { } text
        && !text.Contains("O.E.M.", StringComparison.OrdinalIgnoreCase)
        && !text.StartsWith("System ", StringComparison.Ordinal)
        && text is not ("Default string" or "None" or "Not Specified") ? text : null;
}
