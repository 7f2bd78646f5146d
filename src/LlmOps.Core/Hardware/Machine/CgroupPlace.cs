namespace LlmOps.Hardware.Machine;

/// <summary>Where one cgroup hierarchy keeps this process's limits.</summary>
/// <param name="IsVersion2">Whether it is the unified hierarchy.</param>
/// <param name="Folders">The process's own cgroup and every one above it, as folders.</param>
internal sealed record CgroupPlace(bool IsVersion2, IReadOnlyList<string> Folders)
{
    /// <summary>Puts the membership (/proc/self/cgroup: <c>0::/path</c>, <c>4:memory:/path</c>) and the mounts together.</summary>
    public static IReadOnlyList<CgroupPlace> Find(string membership, IReadOnlyList<Mount> mounts)
    {
        List<CgroupPlace> places = [];
        foreach (string line in membership.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] fields = line.Split(':', 3);
            if (fields.Length != 3)
            {
                continue;
            }

            bool isVersion2 = fields[0] == "0" && fields[1].Length == 0;
            string? controller = Lists(fields[1], "memory") ? "memory" : Lists(fields[1], "cpu") ? "cpu" : null;
            if (!isVersion2 && controller is null)
            {
                continue;
            }

            if (MountOf(mounts, controller) is { } mount)
            {
                places.Add(new CgroupPlace(isVersion2, WayUp(mount.MountPoint, Below(mount.Root, fields[2].Trim()))));
            }
        }

        return places;
    }

    /// <summary>Where a hierarchy is mounted: that of a controller, or without one the unified hierarchy.</summary>
    private static Mount? MountOf(IReadOnlyList<Mount> mounts, string? controller)
    {
        foreach (Mount mount in mounts)
        {
            if (controller is null ? mount.FileSystem == "cgroup2" : mount.FileSystem == "cgroup" && Lists(mount.Options, controller))
            {
                return mount;
            }
        }

        return null;
    }

    private static bool Lists(string list, string wanted)
    {
        foreach (string entry in list.Split(','))
        {
            if (entry == wanted)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The path below the mount. A container may see the host's whole path while only its own part is mounted.</summary>
    private static string Below(string mountRoot, string path)
    {
        string root = mountRoot.TrimEnd('/');
        return root.Length == 0 ? path
            : path == root || path.StartsWith(root + "/", StringComparison.Ordinal) ? path[root.Length..]
            : string.Empty;
    }

    private static List<string> WayUp(string mountPoint, string path)
    {
        string rest = path.TrimEnd('/');
        List<string> folders = [];

        // A path that leaves the namespace (/../..) names nothing that is mounted here.
        for (rest = rest.Contains("/..", StringComparison.Ordinal) ? string.Empty : rest; rest.Length > 0; rest = rest[..rest.LastIndexOf('/')])
        {
            folders.Add(mountPoint + rest);
        }

        folders.Add(mountPoint);
        return folders;
    }
}
