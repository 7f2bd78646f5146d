using LlmOps.Hardware;
using LlmOps.Hardware.Machine;

namespace LlmOps.Diagnostics.Checks;

/// <summary>Which program installs packages on a machine.</summary>
internal enum PackageManager
{
    /// <summary>Not known.</summary>
    Unknown,

    /// <summary>Debian, Ubuntu and theirs.</summary>
    Apt,

    /// <summary>Fedora, Red Hat and theirs.</summary>
    Dnf,

    /// <summary>Arch and theirs.</summary>
    Pacman,

    /// <summary>SUSE.</summary>
    Zypper,

    /// <summary>Alpine.</summary>
    Apk,
}

/// <summary>The distribution of a machine.</summary>
/// <param name="Id">Its id in os-release: <c>ubuntu</c>.</param>
/// <param name="Name">As it calls itself; null when not known.</param>
/// <param name="Manager">What installs its packages.</param>
internal sealed record Distribution(string Id, string? Name, PackageManager Manager)
{
    // Ids of os-release, and first words of names in topologies of other machines, where only the name is known.
    private static readonly (string Word, PackageManager Manager)[] s_families =
    [
        ("ubuntu", PackageManager.Apt), ("debian", PackageManager.Apt), ("linuxmint", PackageManager.Apt), ("pop", PackageManager.Apt), ("raspbian", PackageManager.Apt),
        ("fedora", PackageManager.Dnf), ("rhel", PackageManager.Dnf), ("red hat", PackageManager.Dnf), ("centos", PackageManager.Dnf), ("rocky", PackageManager.Dnf), ("almalinux", PackageManager.Dnf), ("amzn", PackageManager.Dnf),
        ("arch", PackageManager.Pacman), ("manjaro", PackageManager.Pacman), ("endeavouros", PackageManager.Pacman), ("cachyos", PackageManager.Pacman),
        ("opensuse", PackageManager.Zypper), ("suse", PackageManager.Zypper), ("sles", PackageManager.Zypper),
        ("alpine", PackageManager.Apk),
    ];

    /// <summary>Reads /etc/os-release (freedesktop.org's os-release(5)); of another machine, the name in its topology.</summary>
    public static Distribution Read(SystemFiles? files, HostInfo host)
    {
        string text = files?.ReadText("/etc/os-release") ?? files?.ReadText("/usr/lib/os-release") ?? string.Empty;
        string? id = KernelTables.ParseAssignment(text, "ID");
        string[] words = [id ?? string.Empty, .. (KernelTables.ParseAssignment(text, "ID_LIKE") ?? string.Empty).Split(' '), host.Os ?? string.Empty];
        foreach (string word in words)
        {
            foreach ((string family, PackageManager manager) in s_families)
            {
                if (word.StartsWith(family, StringComparison.OrdinalIgnoreCase))
                {
                    return new Distribution(id ?? family, host.Os, manager);
                }
            }
        }

        return new Distribution(id ?? string.Empty, host.Os, PackageManager.Unknown);
    }
}
