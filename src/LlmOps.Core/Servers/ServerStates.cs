namespace LlmOps.Servers;

/// <summary>States as records on disk name them.</summary>
/// <remarks>Not by the enumeration's own means: their first use takes a process five milliseconds, and every start's supervisor would take them while its engine loads.</remarks>
internal static class ServerStates
{
    /// <summary>The state's name.</summary>
    public static string ToName(ServerState state) => state switch
    {
        ServerState.Starting => nameof(ServerState.Starting),
        ServerState.Loading => nameof(ServerState.Loading),
        ServerState.Ready => nameof(ServerState.Ready),
        ServerState.Unresponsive => nameof(ServerState.Unresponsive),
        ServerState.Restarting => nameof(ServerState.Restarting),
        ServerState.Stopping => nameof(ServerState.Stopping),
        ServerState.Stopped => nameof(ServerState.Stopped),
        ServerState.Failed => nameof(ServerState.Failed),
        ServerState.Unsupervised => nameof(ServerState.Unsupervised),
        _ => throw new ArgumentOutOfRangeException(nameof(state), (int)state, null),
    };

    /// <summary>The state of that name; null when there is none.</summary>
    public static ServerState? Parse(string name) => name switch
    {
        nameof(ServerState.Starting) => ServerState.Starting,
        nameof(ServerState.Loading) => ServerState.Loading,
        nameof(ServerState.Ready) => ServerState.Ready,
        nameof(ServerState.Unresponsive) => ServerState.Unresponsive,
        nameof(ServerState.Restarting) => ServerState.Restarting,
        nameof(ServerState.Stopping) => ServerState.Stopping,
        nameof(ServerState.Stopped) => ServerState.Stopped,
        nameof(ServerState.Failed) => ServerState.Failed,
        nameof(ServerState.Unsupervised) => ServerState.Unsupervised,
        _ => null,
    };
}
