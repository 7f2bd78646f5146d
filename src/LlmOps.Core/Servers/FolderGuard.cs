namespace LlmOps.Servers;

/// <summary>
/// Notices that a supervisor's folder was taken away, or given to another start. Nobody could list or stop the server by its name then, so it must end.
/// </summary>
/// <param name="folder">The server's folder.</param>
/// <param name="instance">The start that it belongs to.</param>
internal sealed class FolderGuard(ServerFolder folder, string instance)
{
    // A record that is just being replaced, or a network drive that stumbles, is no loss.
    private const int LooksUntilLost = 3;

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    /// <summary>Waits until the folder is lost. On the calling thread: timers and the pool of threads would be made while an engine loads.</summary>
    /// <param name="over">Set when nothing is to be guarded any more.</param>
    /// <returns>Whether it was lost.</returns>
    public bool WaitForLoss(WaitHandle over)
    {
        for (int missing = 0; missing < LooksUntilLost; missing = IsOurs() ? 0 : missing + 1)
        {
            if (over.WaitOne(s_interval))
            {
                return false;
            }
        }

        return true;
    }

    private bool IsOurs()
    {
        try
        {
            return folder.ReadRecord().Instance == instance;
        }
        catch (LlmOpsException)
        {
            // Damaged is not lost: it can still be stopped, by its mark.
            return File.Exists(folder.RecordFile);
        }
    }
}
