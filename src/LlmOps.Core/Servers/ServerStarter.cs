using System.Globalization;
using LlmOps.Configuration;

namespace LlmOps.Servers;

/// <summary>Starts servers that outlive the process that starts them.</summary>
/// <param name="registry">Where the server is recorded.</param>
/// <param name="supervisor">What supervises it.</param>
public sealed class ServerStarter(ServerRegistry registry, SupervisorCommand supervisor)
{
    private static readonly TimeSpan s_cleanUpGrace = TimeSpan.FromSeconds(3);

    /// <summary>Starts a server and, unless the request says otherwise, waits until it is ready.</summary>
    /// <remarks>
    /// Everything that can be refused is refused before anything is changed. When waiting ends without a ready server, because it
    /// failed, stalled, took too long or the caller cancelled, the server is stopped; its folder with the log stays.
    /// </remarks>
    /// <exception cref="ServerFailedException">It was not ready in the end; with the likely cause and the last lines.</exception>
    /// <exception cref="LlmOpsException">
    /// Refused: <c>ServerNameInvalid</c>, <c>ServerAlreadyRunning</c>, <c>EngineNotFound</c>, <c>ModelNotFound</c>, <c>PlanDoesNotFit</c>, <c>ExposedWithoutKey</c>,
    /// <c>ApiKeyFileNotFound</c>, <c>SecretInConfig</c>, <c>PortInUse</c>, <c>PortInvalid</c>, <c>PortNotPermitted</c>, <c>HostNotLocal</c>,
    /// <c>RuntimeNotSupported</c>. <c>SupervisorNotStarted</c>: the supervisor ended at once.
    /// </exception>
    public async Task<LlmServer> StartAsync(StartRequest request, IProgress<StartProgress>? progress, CancellationToken cancellationToken)
    {
        ServerConfig config = ServerFiles.WithFullPaths(request.Config);
        request = request with { Config = config };
        ServerFolder folder = registry.FolderOf(config.Name);
        IServerRuntime runtime = ServerRuntimes.Require(config, supervisor);
        using StartWatch watch = new(folder, TimeSpan.FromSeconds(config.Health.StallSeconds), request.Timeout, progress);
        using (await ServerLock.OfNameAsync(registry, config.Name, cancellationToken).ConfigureAwait(false))
        {
            RequireNotRunning(registry, folder);
            await runtime.RequireRunnableAsync(request, cancellationToken).ConfigureAwait(false);
            StartChecks.RequireFit(config, request.Force);
            StartChecks.RequireProtected(config, request.Force);
            ServerRecord record;

            // The record claims the port for all others to see; the launch itself, which takes longest, needs nobody else to wait.
            using (await ServerLock.OfPortsAsync(registry, cancellationToken).ConfigureAwait(false))
            {
                await StartChecks.RequireFreePortAsync(config, registry, cancellationToken).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                record = Prepare(folder, request);
            }

            await runtime.LaunchAsync(folder, record, request, cancellationToken).ConfigureAwait(false);
        }

        if (!request.Wait)
        {
            return ServerView.Read(folder);
        }

        try
        {
            return await watch.WaitUntilReadyAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await CleanUpAsync(config.Name, "the start was cancelled").ConfigureAwait(false);
            throw;
        }
        catch (ServerFailedException problem) when (problem.Kind == ErrorKind.Timeout)
        {
            await CleanUpAsync(config.Name, problem.ErrorId == "ServerStalled" ? "the start stalled" : "the start took too long").ConfigureAwait(false);
            throw;
        }
        catch (ServerFailedException problem) when (runtime is ManagedRuntime)
        {
            // A manager would go on starting what has never worked.
            await CleanUpAsync(config.Name, null).ConfigureAwait(false);
            ManagedRuntime.RecordFailure(folder, problem);
            throw;
        }
    }

    private static void RequireNotRunning(ServerRegistry registry, ServerFolder folder)
    {
        if (registry.Find(folder.Name) is not { } server)
        {
            return;
        }

        if (server.IsRunning())
        {
            int? pid = server.Pid ?? server.SupervisorPid;
            string who = server.Unit is { } unit ? $"{server.Runtime} {unit}, " : pid is null ? string.Empty : $"process {pid.Value.ToString(CultureInfo.InvariantCulture)}, ";
            throw new LlmOpsException(
                $"Server '{server.Name}' is running already ({who}since {server.StartedAt.ToString("u", CultureInfo.InvariantCulture)}, {server.State}, {server.Address}); "
                + "stop it first or choose another name.",
                "ServerAlreadyRunning") { Kind = ErrorKind.AlreadyExists };
        }

        if (ServerRuntimes.Of(server.Runtime).FindLeftover(folder) is { } left)
        {
            throw new LlmOpsException(
                $"Processes of an earlier start of server '{folder.Name}' still run ({left}); stop the server first.", "ServerAlreadyRunning")
                { Kind = ErrorKind.AlreadyExists };
        }
    }

    private static ServerRecord Prepare(ServerFolder folder, StartRequest request)
    {
        ServerRecord record = ServerFiles.NewRecord(request.Config, DateTimeOffset.UtcNow);
        ServerFiles.Write(folder, request.Config, record, request.Command);
        return record;
    }

    private Task CleanUpAsync(string name, string? reason) =>
        new ServerController(registry).StopAsync(name, s_cleanUpGrace, reason, CancellationToken.None);
}
