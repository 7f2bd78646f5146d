namespace LlmOps.Hardware.Machine;

/// <summary>Where one cgroup hierarchy keeps this process's limits.</summary>
/// <param name="IsVersion2">Whether it is the unified hierarchy.</param>
/// <param name="Folders">The process's own cgroup and every one above it, as folders.</param>
internal sealed record CgroupPlace(bool IsVersion2, IReadOnlyList<string> Folders)
{
    private static readonly string[] Controllers = ["memory", "cpu"];

    /// <summary>Puts the membership (/proc/self/cgroup: <c>0::/path</c>, <c>4:memory:/path</c>) and the mounts together.</summary>
    public static IEnumerable<CgroupPlace> Find(string membership, IReadOnlyList<Mount> mounts)
    {
        foreach (string line in membership.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] fields = line.Split(':', 3);
            if (fields.Length != 3)
            {
                continue;
            }

            bool isVersion2 = fields[0] == "0" && fields[1].Length == 0;
            string? controller = Controllers.FirstOrDefault(fields[1].Split(',').Contains);
            if (!isVersion2 && controller is null)
            {
                continue;
            }

            Mount? mount = isVersion2
                ? mounts.FirstOrDefault(candidate => candidate.FileSystem == "cgroup2")
                : mounts.FirstOrDefault(candidate => candidate.FileSystem == "cgroup" && candidate.Options.Split(',').Contains(controller));
            if (mount is not null)
            {
                yield return new CgroupPlace(isVersion2, [.. WayUp(mount.MountPoint, Below(mount.Root, fields[2].Trim()))]);
            }
        }
    }

    /// <summary>The path below the mount. A container may see the host's whole path while only its own part is mounted.</summary>
    private static string Below(string mountRoot, string path)
    {
        string root = mountRoot.TrimEnd('/');
        return root.Length == 0 ? path
            : path == root || path.StartsWith(root + "/", StringComparison.Ordinal) ? path[root.Length..]
            : string.Empty;
    }

    private static IEnumerable<string> WayUp(string mountPoint, string path)
    {
        string rest = path.TrimEnd('/');

        // A path that leaves the namespace (/../..) names nothing that is mounted here.
        for (rest = rest.Contains("/..", StringComparison.Ordinal) ? string.Empty : rest; rest.Length > 0; rest = rest[..rest.LastIndexOf('/')])
        {
            yield return mountPoint + rest;
        }

        yield return mountPoint;
    }
}
