using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Hardware;

namespace LlmOps.Servers;

/// <summary>Stops, restarts, awaits and forgets servers, whoever started them.</summary>
/// <param name="registry">Where they are recorded.</param>
public sealed class ServerController(ServerRegistry registry)
{
    private static readonly TimeSpan s_restartGrace = TimeSpan.FromSeconds(10);

    /// <summary>Where and how GPUs are looked at.</summary>
    internal SurveyOptions Survey { get; init; } = new() { DriverTimeout = TimeSpan.FromSeconds(2) };

    /// <summary>
    /// Stops a server: asks it to end, waits, then ends every process of it for certain, and sees for up to three seconds whether its GPUs get
    /// their memory back (<see cref="LlmServer.GpuMemory"/>). A server that has ended is left as it is.
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <param name="grace">How long it may take to end by itself.</param>
    /// <param name="cancellationToken">Cancels the waiting; a stop that was asked for goes on.</param>
    /// <exception cref="LlmOpsException">There is no such server (<c>ServerNotFound</c>), or it cannot be ended (<c>ServerNotStopped</c>).</exception>
    public Task<LlmServer> StopAsync(string name, TimeSpan grace, CancellationToken cancellationToken) =>
        StopAsync(name, grace, null, cancellationToken);

    /// <summary>Waits until a server is ready, or has stopped.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="state"><see cref="ServerState.Ready"/> or <see cref="ServerState.Stopped"/>; the latter is also met by a server that failed.</param>
    /// <param name="timeout">How long at most; null for no limit.</param>
    /// <param name="progress">Told how far a start is.</param>
    /// <param name="cancellationToken">Cancels the waiting, nothing else.</param>
    /// <exception cref="ServerFailedException">It ended before it was ready, or took too long.</exception>
    public async Task<LlmServer> WaitAsync(
        string name, ServerState state, TimeSpan? timeout, IProgress<StartProgress>? progress, CancellationToken cancellationToken)
    {
        ServerFolder folder = registry.RequireFolder(name);
        switch (state)
        {
            case ServerState.Ready:
                using (StartWatch watch = new(folder, TimeSpan.MaxValue, timeout, progress))
                {
                    return await watch.WaitUntilReadyAsync(cancellationToken).ConfigureAwait(false);
                }

            case ServerState.Stopped:
                return await WaitForEndAsync(folder, timeout, cancellationToken).ConfigureAwait(false)
                    ?? throw new LlmOpsException($"Server '{name}' still runs after {Seconds(timeout!.Value)}; stop it or wait longer.", "ServerStopTimeout")
                        { Kind = ErrorKind.Timeout };

            default:
                throw new LlmOpsException($"Waiting for the state {state} makes no sense; wait for Ready or Stopped.", "StateNotAwaitable");
        }
    }

    /// <summary>Stops a server and starts it again with the same configuration and command, then waits until it is ready.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="supervisor">What supervises it from now on.</param>
    /// <param name="timeout">How long it may take to be ready; null to give up only when nothing moves any more.</param>
    /// <param name="progress">Told how far the start is.</param>
    /// <param name="cancellationToken">Cancels; a start that has begun is undone.</param>
    /// <exception cref="LlmOpsException">As for <see cref="StopAsync(string, TimeSpan, CancellationToken)"/> and <see cref="ServerStarter.StartAsync"/>.</exception>
    public async Task<LlmServer> RestartAsync(
        string name, SupervisorCommand supervisor, TimeSpan? timeout, IProgress<StartProgress>? progress, CancellationToken cancellationToken)
    {
        ServerFolder folder = registry.RequireFolder(name);

        // Read before anything is stopped: a server that could not be started again should rather run on.
        StartRequest request = new()
        {
            Config = ServerConfigFile.Read(folder.ConfigFile),
            Command = folder.ReadLaunch().Command,
            Timeout = timeout,
            Force = true, // Whether it may be open to the network was settled when it was started.
        };
        await StopAsync(name, s_restartGrace, null, cancellationToken).ConfigureAwait(false);
        return await new ServerStarter(registry, supervisor).StartAsync(request, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Forgets a server that has ended: its record, its configuration and its logs.</summary>
    /// <exception cref="LlmOpsException">There is no such server, or it runs (<c>ServerStillRunning</c>).</exception>
    public void Remove(string name)
    {
        ServerFolder folder = registry.RequireFolder(name);
        LlmServer server = ServerView.Read(folder);
        ServerRecord? record = TryReadRecord(folder);
        IServerRuntime runtime = ServerRuntimes.Of(record?.Runtime);
        if (server.IsRunning() || runtime.FindLeftover(folder) is not null)
        {
            throw new LlmOpsException($"Server '{name}' is running ({server.State}); stop it before removing it.", "ServerStillRunning");
        }

        runtime.Remove(folder, record);
        Directory.Delete(folder.Path, recursive: true);
    }

    internal async Task<LlmServer> StopAsync(string name, TimeSpan grace, string? reason, CancellationToken cancellationToken)
    {
        ServerFolder folder = registry.RequireFolder(name);
        ServerRecord? record = TryReadRecord(folder);
        using GpuReleaseWatch? gpus = ServerView.Read(folder).IsRunning() ? GpuReleaseWatch.Begin(folder, record, Survey, cancellationToken) : null;
        LlmServer stopped = await ServerRuntimes.Of(record?.Runtime).StopAsync(registry, folder, record, grace, reason, cancellationToken).ConfigureAwait(false);
        return gpus is null ? stopped : stopped with { GpuMemory = await gpus.WaitAsync(cancellationToken).ConfigureAwait(false) };
    }

    /// <returns>The server once it has ended; null when the time is over.</returns>
    private static async Task<LlmServer?> WaitForEndAsync(ServerFolder folder, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        long began = Environment.TickCount64;
        while (ServerView.Read(folder) is var server)
        {
            if (!server.IsRunning())
            {
                return server;
            }

            if (Environment.TickCount64 - began > timeout?.TotalMilliseconds)
            {
                break;
            }

            await Task.Delay(15, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    internal static ServerRecord? TryReadRecord(ServerFolder folder)
    {
        try
        {
            return folder.ReadRecord();
        }
        catch (LlmOpsException)
        {
            // A damaged record does not keep a server from being stopped: its processes carry its mark.
            return null;
        }
    }

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s");
}
