namespace LlmOps.Hardware.Machine;

/// <summary>Tells whether this is inside a container. There is no one sign: each runtime leaves its own.</summary>
internal static class ContainerSigns
{
    private static readonly string[] Files = ["/.dockerenv", "/run/.containerenv", "/run/systemd/container"];
    private static readonly string[] CgroupNames = ["/docker/", "/docker-", "/kubepods", "/libpod", "/lxc/", "/lxc.payload", "/containerd/", "cri-containerd"];

    /// <summary>Whether any sign is there.</summary>
    public static bool Found(SystemFiles files, Func<string, string?> getEnvironmentVariable)
    {
        // systemd-nspawn, podman and LXC set "container"; the runtime that this process is in, so only for the running machine.
        bool isFound = files.IsLive && !string.IsNullOrEmpty(getEnvironmentVariable("container"));
        string cgroup = files.ReadText("/proc/1/cgroup") ?? string.Empty;
        foreach (string file in Files)
        {
            isFound |= files.Exists(file);
        }

        foreach (string name in CgroupNames)
        {
            isFound |= cgroup.Contains(name, StringComparison.Ordinal);
        }

        return isFound;
    }
}
