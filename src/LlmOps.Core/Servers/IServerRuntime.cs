namespace LlmOps.Servers;

/// <summary>A way to run engines: as a process under our supervisor, in a container, as a unit of systemd.</summary>
/// <remarks>
/// What all ways share is done by their callers: names, locks, the port, the folder with configuration, command and record, and
/// the watch over a start. To add a way: implement this, and name it in <see cref="ServerRuntimes"/>.
/// </remarks>
internal interface IServerRuntime
{
    /// <summary>As configurations name it.</summary>
    public string Name { get; }

    /// <summary>Refuses what it cannot run here, before anything is changed.</summary>
    /// <exception cref="LlmOpsException">What is missing, and what to do.</exception>
    public Task RequireRunnableAsync(StartRequest request, CancellationToken cancellationToken);

    /// <summary>What still runs of the folder's earlier starts although nothing should; null when nothing does.</summary>
    public string? FindLeftover(ServerFolder folder);

    /// <summary>Starts the server whose folder has just been written. Returns once its new owner, whoever that is, has it.</summary>
    /// <exception cref="LlmOpsException">It could not be; the record says so.</exception>
    public Task LaunchAsync(ServerFolder folder, ServerRecord record, StartRequest request, CancellationToken cancellationToken);

    /// <summary>What the server is doing, from its record and from what really runs.</summary>
    public LlmServer Judge(ServerRecord record, ServerFolder folder);

    /// <summary>Its log from now on (<paramref name="tail"/> lines before it first, all of its latest start when null), for one reader.</summary>
    public ILogReader OpenLog(ServerFolder folder, int? tail);

    /// <summary>The last lines of its log, oldest first, each with the time in front.</summary>
    public IReadOnlyList<string> Tail(LlmServer server, int lines);

    /// <summary>Ends the server: asks, waits, then makes certain. One that has ended is left as it is.</summary>
    /// <param name="registry">Where it is recorded.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="record">Its record; null when that is damaged.</param>
    /// <param name="grace">How long it may take to end by itself.</param>
    /// <param name="reason">Why, for the record; null for a stop that somebody asked for.</param>
    /// <param name="cancellationToken">Cancels the waiting; a stop that was asked for goes on.</param>
    public Task<LlmServer> StopAsync(
        ServerRegistry registry, ServerFolder folder, ServerRecord? record, TimeSpan grace, string? reason, CancellationToken cancellationToken);

    /// <summary>Removes what the server has outside its folder. It has ended.</summary>
    public void Remove(ServerFolder folder, ServerRecord? record);
}

/// <summary>Reads the lines of a log as they are written.</summary>
internal interface ILogReader : IDisposable
{
    /// <summary>The lines since the last call, oldest first, each with the time in front.</summary>
    /// <param name="keepPartial">Whether a last line without an end is kept for the next call.</param>
    public IReadOnlyList<string> ReadNew(bool keepPartial);
}
