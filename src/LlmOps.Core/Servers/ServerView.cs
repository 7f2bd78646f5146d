namespace LlmOps.Servers;

/// <summary>Judges what a server is doing from its record and from the processes that live.</summary>
internal static class ServerView
{
    /// <summary>The server in <paramref name="folder"/>. A damaged record becomes a failed server whose reason says so.</summary>
    public static LlmServer Read(ServerFolder folder)
    {
        try
        {
            ServerRecord record = folder.ReadRecord();
            LlmServer server = Judge(record, folder);

            // The supervisor writes its last word and ends: what was read may be older than the end that was seen.
            return record.IsFinal || server.State == record.State ? server : Judge(folder.ReadRecord(), folder);
        }
        catch (LlmOpsException problem)
        {
            return new LlmServer
            {
                Name = folder.Name,
                State = ServerState.Failed,
                Reason = problem.Message,
                Engine = "unknown",
                Model = string.Empty,
                LogPath = folder.LogFile,
                ConfigPath = folder.ConfigFile,
            };
        }
    }

    /// <summary>Whether anything of the server may still run, as far as its state says.</summary>
    public static bool IsRunning(this LlmServer server) => server.State is not (ServerState.Stopped or ServerState.Failed);

    private static LlmServer Judge(ServerRecord record, ServerFolder folder) => ServerRuntimes.Of(record.Runtime).Judge(record, folder);
}
