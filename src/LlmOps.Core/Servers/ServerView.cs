using System.Globalization;

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
                Endpoint = new Uri("about:blank"),
                Engine = "unknown",
                Model = string.Empty,
                LogPath = folder.LogFile,
                ConfigPath = folder.ConfigFile,
            };
        }
    }

    /// <summary>Whether anything of the server may still run, as far as its state says.</summary>
    public static bool IsRunning(this LlmServer server) => server.State is not (ServerState.Stopped or ServerState.Failed);

    private static LlmServer Judge(ServerRecord record, ServerFolder folder)
    {
        bool supervised = record.Supervisor?.IsAlive == true;
        bool engineAlive = record.EngineProcess?.IsAlive == true;
        (ServerState state, string? reason) = record switch
        {
            { IsFinal: true } => (record.State, record.Reason),
            _ when supervised => (record.State, record.Reason),
            { Supervisor: null } when record.Starter?.IsAlive == true => (record.State, record.Reason),
            { Supervisor: null } => (ServerState.Failed, "the start was interrupted before a supervisor had taken over"),
            _ when engineAlive => (ServerState.Unsupervised, $"its supervisor (process {record.Supervisor}) is gone; it can be used and stopped"),
            _ => (ServerState.Failed, EndOf(record)),
        };
        return new LlmServer
        {
            Name = record.Name,
            State = state,
            Reason = reason,
            Pid = engineAlive ? record.EngineProcess!.Pid : null,
            SupervisorPid = supervised ? record.Supervisor!.Pid : null,
            Endpoint = record.Endpoint.Uri,
            Engine = record.Engine,
            Runtime = record.Runtime,
            Model = record.Model,
            Alias = record.Alias,
            StartedAt = record.StartedAt,
            ReadyAt = record.ReadyAt,
            EndedAt = record.EndedAt,
            ExitCode = record.ExitCode,
            ExitSignal = record.ExitSignal,
            Restarts = record.Restarts,
            ContextLength = record.ContextLength,
            Slots = record.Slots,
            LogPath = folder.LogFile,
            ConfigPath = folder.ConfigFile,
            ApiKeyFile = record.Endpoint.ApiKeyFile,
        };
    }

    private static string EndOf(ServerRecord record) => record.Supervisor!.IsFromEarlierBoot
        ? "ended without a trace: the machine was rebooted"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"ended without a trace: its supervisor (process {record.Supervisor.Pid}) was killed, and the engine is gone too");
}
