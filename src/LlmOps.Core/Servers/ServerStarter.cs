using System.Globalization;
using System.Text;
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
        ServerConfig config = request.Config;
        ServerFolder folder = registry.FolderOf(config.Name);
        IServerRuntime runtime = ServerRuntimes.Require(config, supervisor);
        using StartWatch watch = new(folder, TimeSpan.FromSeconds(config.Health.StallSeconds), request.Timeout, progress);
        using (await ServerLock.OfNameAsync(registry, config.Name, cancellationToken).ConfigureAwait(false))
        {
            RequireNotRunning(folder);
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
    }

    private static void RequireNotRunning(ServerFolder folder)
    {
        if (!folder.Exists)
        {
            return;
        }

        LlmServer server = ServerView.Read(folder);
        if (server.IsRunning())
        {
            int? pid = server.Pid ?? server.SupervisorPid;
            string who = pid is null ? string.Empty : $"process {pid.Value.ToString(CultureInfo.InvariantCulture)}, ";
            throw new LlmOpsException(
                $"Server '{server.Name}' is running already ({who}since {server.StartedAt.ToString("u", CultureInfo.InvariantCulture)}, {server.State}, {server.Endpoint}); "
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
        ServerConfig config = request.Config with
        {
            Model = FullPath(request.Config.Model),
            Endpoint = request.Config.Endpoint with
            {
                ApiKeyFile = request.Config.Endpoint.ApiKeyFile is { } keyFile ? Path.GetFullPath(keyFile) : null,
            },
        };
        ServerRecord record = new()
        {
            Name = config.Name,
            Instance = Guid.NewGuid().ToString("N"),
            State = ServerState.Starting,
            Starter = ProcessIdentity.Current,
            Engine = config.Engine,
            Runtime = config.Runtime,
            Model = config.Model,
            Alias = config.Alias,
            Endpoint = config.Endpoint,
            StartedAt = DateTimeOffset.UtcNow,
        };
        PrivateFile.CreateFolder(folder.Path);
        PrivateFile.Write(folder.ConfigFile, Encoding.UTF8.GetBytes(ServerConfigFile.ToYaml(config)));
        folder.Write(new LaunchRecord
        {
            Instance = record.Instance,
            File = request.Command.File.Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(request.Command.File) : request.Command.File,
            Arguments = request.Command.Arguments,
            Environment = request.Command.Environment,
            WorkingDirectory = Environment.CurrentDirectory,
            Endpoint = config.Endpoint,
            HealthPath = config.Health.Path,
            Restart = config.Restart,
            UnresponsiveSeconds = config.Health.UnresponsiveSeconds,
            Log = config.Log,
            Model = config.Model,
            Expectation = LaunchExpectation.Of(config),
        });
        folder.Write(record);
        return record;
    }

    private Task CleanUpAsync(string name, string reason) =>
        new ServerController(registry).StopAsync(name, s_cleanUpGrace, reason, CancellationToken.None);

    // A model may also be a name that the engine resolves; only what is there as a path is one.
    private static string FullPath(string model) => Path.Exists(model) ? Path.GetFullPath(model) : model;
}
