namespace LlmOps.Diagnostics.Checks;

/// <summary>Disks: room to write, and speed to load.</summary>
internal static class StorageChecks
{
    private const long Room = 100 * Bytes.MiB;

    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfFiles("storage.state-folder", "server records and logs can be written, and there is room", (_, _) => StateFolder()) with { MayBlock = true },
    ];

    private static Finding StateFolder()
    {
        string folder = LlmOpsFolders.Servers;
        try
        {
            Directory.CreateDirectory(folder);
            string probe = Path.Combine(folder, $".probe-{Environment.ProcessId}-{Environment.CurrentManagedThreadId}");
            File.WriteAllText(probe, "probe");
            File.Delete(probe);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return Finding.Fail("server records cannot be written", problem.Message, "a server that was started is found and stopped by its record", "make the folder writable, or point XDG_STATE_HOME elsewhere");
        }

        long free = new DriveInfo(folder).AvailableFreeSpace;
        return free >= Room ? Finding.Pass("server records and logs can be written", $"{folder}, {Bytes.Format(free)} free")
            : Finding.Warn("little room is left for logs", $"{Bytes.Format(free)} at {folder}", "logs are cut off when the disk is full, and so is what would explain a failure", "free some disk space");
    }
}
