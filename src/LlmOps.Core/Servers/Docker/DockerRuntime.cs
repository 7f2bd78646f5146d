using System.Globalization;
using System.Text.Json;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Processes;

namespace LlmOps.Servers.Docker;

/// <summary>Runs engines in containers of docker or podman, which supervise them.</summary>
internal sealed class DockerRuntime : ManagedRuntime
{
    private readonly ContainerList _containers = new();

    /// <inheritdoc />
    public override string Name => RuntimeNames.Docker;

    /// <summary>The command that would start a server, as it is shown, exported and run.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="engine">What the image accepts; null when it is not here.</param>
    /// <param name="isThisMachine">Whether it is for this machine and its devices.</param>
    public static LaunchCommand Render(ServerConfig config, EngineCapabilities? engine, bool isThisMachine)
    {
        ContainerSpec spec = ContainerSpecs.Of(config, engine, isThisMachine ? CdiDevices.Read() : CdiDevices.None);
        return DockerCommandLine.Run(spec, isThisMachine && ContainerProgram.Find() is { IsPodman: true } ? "podman" : "docker");
    }

    /// <summary>What the engine in an image accepts; null when there is no docker or no such image here.</summary>
    public static async Task<EngineCapabilities?> FindEngineAsync(string image, CancellationToken cancellationToken) =>
        ContainerProgram.Find() is { MayAnswer: true } program
            ? await new ImageEngines(program, LlmOpsFolders.Cache).FindAsync(image, cancellationToken).ConfigureAwait(false)
            : null;

    /// <inheritdoc />
    public override async Task RequireRunnableAsync(StartRequest request, CancellationToken cancellationToken)
    {
        ServerConfig config = request.Config;
        StartChecks.RequireFiles(config);
        StartChecks.RequireNoSecrets(config, LaunchCommandBuilder.Build(config, null));
        ContainerProgram program = ContainerProgram.Require();
        ProcessResult version = await program.TryAsync(["version", "--format", "{{.Server.Version}}"], null, cancellationToken).ConfigureAwait(false);
        if (version.ExitCode != 0 && !program.IsPodman)
        {
            throw new LlmOpsException(
                $"docker does not answer: {ContainerProgram.Said(version)}; start its daemon (systemctl start docker), join the group 'docker', or use the runtime 'process'.", "DockerNotAnswering");
        }

        EngineCapabilities engine = await new ImageEngines(program, LlmOpsFolders.Cache).ObtainAsync(ContainerImages.For(config), cancellationToken).ConfigureAwait(false);
        _ = ContainerSpecs.Of(config, engine, CdiDevices.Read());
    }

    /// <summary>Servers of ours that run in containers but have no folder in the registry: it was lost, or is another user's.</summary>
    public IReadOnlyList<ServerRecord> FindUnrecorded(ServerRegistry registry)
    {
        if (_containers.Read(out _) is not { } all)
        {
            return [];
        }

        return [.. all.Where(container => IsOrphan(container, registry)).Select(RecordOf).OfType<ServerRecord>()];
    }

    /// <summary>Gives a server that was found without a folder one, so that it is restarted, followed and removed like any other.</summary>
    /// <returns>False when there is none of that name.</returns>
    public bool Adopt(ServerRegistry registry, string name)
    {
        ContainerState? found = _containers.Read(out _)?.FirstOrDefault(container =>
            IsOrphan(container, registry) && container.Labels.GetValueOrDefault(ContainerSpecs.NameLabel) == name);
        if (found is null || RecordOf(found) is not { } record)
        {
            return false;
        }

        ServerConfig config = ServerConfigFile.Parse(found.Labels[ContainerSpecs.ConfigLabel], found.Id);
        ServerFiles.Write(registry.FolderOf(name), config, record, Render(config, null, isThisMachine: true));
        return true;
    }

    /// <inheritdoc />
    public override ILogReader OpenLog(ServerFolder folder, int? tail) => new CommandLogReader(
        ContainerProgram.Require().Path,
        ["logs", "--follow", "--timestamps", .. tail is { } lines ? ["--tail", lines.ToString(CultureInfo.InvariantCulture)] : Array.Empty<string>(), ContainerSpecs.ContainerName(folder.Name)],
        Mask(folder),
        ToLine);

    /// <inheritdoc />
    public override IReadOnlyList<string> Tail(LlmServer server, int lines)
    {
        if (ContainerProgram.Find() is not { MayAnswer: true } program)
        {
            return [];
        }

        ProcessResult logs = Now(() => program.TryAsync(
            ["logs", "--timestamps", "--tail", lines.ToString(CultureInfo.InvariantCulture), ContainerSpecs.ContainerName(server.Name)], null, CancellationToken.None));
        if (logs.ExitCode != 0)
        {
            return [];
        }

        Logs.SecretMask mask = Logs.SecretMask.For(server.ApiKeyFile);

        // Docker keeps the two streams apart and each in order; the times put them together again.
        return [.. (logs.StandardOutput + logs.StandardError).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => mask.Apply(ToLine(line)))
            .OrderBy(line => line.Length > 24 ? line[..24] : line, StringComparer.Ordinal)
            .TakeLast(lines)];
    }

    /// <inheritdoc />
    public override void Remove(ServerFolder folder, ServerRecord? record)
    {
        if (ContainerProgram.Find() is { MayAnswer: true } program && Status(folder, null).Phase is not (ManagedPhase.Absent or ManagedPhase.Unknown))
        {
            _ = Now(() => program.RunAsync(["rm", "--force", "--volumes", ContainerSpecs.ContainerName(folder.Name)], CancellationToken.None));
            _containers.Forget();
        }
    }

    /// <inheritdoc />
    protected override string Unit(string server) => ContainerSpecs.ContainerName(server);

    /// <inheritdoc />
    protected override ManagedStatus Status(ServerFolder folder, string? instance)
    {
        if (_containers.Read(out string? problem) is not { } all)
        {
            return new ManagedStatus { Phase = problem is null ? ManagedPhase.Absent : ManagedPhase.Unknown, Problem = problem };
        }

        ContainerState? found = all.FirstOrDefault(container => container.Labels.GetValueOrDefault(ContainerSpecs.NameLabel) == folder.Name
            && (instance is null || container.Labels.GetValueOrDefault(ContainerSpecs.InstanceLabel) == instance));
        return found is null ? new ManagedStatus { Phase = ManagedPhase.Absent } : StatusOf(found);
    }

    /// <inheritdoc />
    protected override async Task CreateAsync(ServerFolder folder, ServerRecord record, StartRequest request, CancellationToken cancellationToken)
    {
        ContainerProgram program = ContainerProgram.Require();
        ServerConfig config = request.Config;
        EngineCapabilities? engine = await new ImageEngines(program, LlmOpsFolders.Cache).FindAsync(ContainerImages.For(config), cancellationToken).ConfigureAwait(false);
        ContainerSpec spec = ContainerSpecs.Of(config, engine, CdiDevices.Read());
        spec = spec with
        {
            Labels = new Dictionary<string, string>(spec.Labels)
            {
                [ContainerSpecs.RegistryLabel] = Path.GetDirectoryName(folder.Path)!,
                [ContainerSpecs.InstanceLabel] = record.Instance,
                [ContainerSpecs.StartedLabel] = record.StartedAt.ToString("O", CultureInfo.InvariantCulture),
                [ContainerSpecs.ConfigLabel] = ServerConfigFile.ToYaml(config),
            },
        };
        _containers.Forget();
        ManagedStatus earlier = Status(folder, null);
        if (earlier.Phase == ManagedPhase.Ended)
        {
            await program.RunAsync(["rm", "--volumes", spec.Name], cancellationToken).ConfigureAwait(false);
        }

        Dictionary<string, string?> secrets = (spec.SecretFiles ?? new Dictionary<string, string>()).ToDictionary(secret => secret.Key, secret => (string?)ApiKeys.First(secret.Value));
        ProcessResult run = await program.TryAsync(DockerCommandLine.Run(spec, program.Path).Arguments, secrets, null, cancellationToken).ConfigureAwait(false);
        _containers.Forget();
        if (run.ExitCode == 0)
        {
            return;
        }

        string said = ContainerProgram.Said(run);
        if (said.Contains("already in use by container", StringComparison.Ordinal) || said.Contains("name is already in use", StringComparison.Ordinal))
        {
            throw new LlmOpsException(
                $"Server '{config.Name}' was not started: a container named '{spec.Name}' is there already ({await WhoAsync(program, spec.Name, cancellationToken).ConfigureAwait(false)}); stop and remove that, or choose another name.",
                "ServerAlreadyRunning") { Kind = ErrorKind.AlreadyExists };
        }

        // A container that could not start stays behind, created.
        await program.TryAsync(["rm", "--force", "--volumes", spec.Name], null, CancellationToken.None).ConfigureAwait(false);
        string remedy = said.Contains("error setting rlimit type 8", StringComparison.Ordinal)
            ? "; this daemon may not lift the limit on locked memory: plan without the lock (--set mlock=off)"
            : string.Empty;
        throw new LlmOpsException($"Server '{config.Name}' was not started: docker says: {said}{remedy}.", "ContainerNotStarted") { Kind = ErrorKind.ServerFailed };
    }

    /// <inheritdoc />
    protected override async Task EndAsync(ServerFolder folder, TimeSpan grace, CancellationToken cancellationToken)
    {
        ContainerProgram program = ContainerProgram.Require();
        int seconds = (int)Math.Ceiling(grace.TotalSeconds);
        string[] arguments = ["stop", "--time", seconds.ToString(CultureInfo.InvariantCulture), ContainerSpecs.ContainerName(folder.Name)];
        ProcessResult stopped = await program.TryAsync(arguments, grace + TimeSpan.FromSeconds(30), cancellationToken).ConfigureAwait(false);
        _containers.Forget();
        if (stopped.ExitCode != 0 && !ContainerProgram.Said(stopped).Contains("no such container", StringComparison.OrdinalIgnoreCase))
        {
            throw program.Failed("stop", stopped);
        }
    }

    private static ManagedStatus StatusOf(ContainerState container) => new()
    {
        Phase = container.IsRunning ? ManagedPhase.Running : container.IsRestarting ? ManagedPhase.Restarting : ManagedPhase.Ended,
        Pid = container.Pid,
        Exit = container.IsRunning ? null : ExitStatus.FromExitCode(container.ExitCode),
        OutOfMemory = container.OutOfMemory,
        Note = container.OutOfMemory ? "the kernel killed it because the container's memory was used up (OOMKilled)"
            : container.Error is { } error ? error
            : container is { IsRunning: false, IsRestarting: false, Restarts: > 0 } ? string.Create(CultureInfo.InvariantCulture, $"docker has given up after {container.Restarts} restarts")
            : container.Health == "unhealthy" ? "the image's own health check fails"
            : null,
        Restarts = container.Restarts,
        StartedAt = container.StartedAt,
        EndedAt = container.FinishedAt,
        LogPath = container.LogPath,
    };

    private static bool IsOrphan(ContainerState container, ServerRegistry registry) =>
        container.Labels.GetValueOrDefault(ContainerSpecs.NameLabel) is { } name
        && ServerName.IsValid(name)
        && container.Labels.GetValueOrDefault(ContainerSpecs.RegistryLabel) is { } owner
        && (owner == registry.Folder || !Directory.Exists(owner))
        && !registry.FolderOf(name).Exists;

    private static ServerRecord? RecordOf(ContainerState container)
    {
        try
        {
            ServerConfig config = ServerConfigFile.Parse(container.Labels.GetValueOrDefault(ContainerSpecs.ConfigLabel) ?? string.Empty, $"label {ContainerSpecs.ConfigLabel} of container {container.Id}");
            DateTimeOffset? started = DateTimeOffset.TryParse(container.Labels.GetValueOrDefault(ContainerSpecs.StartedLabel), CultureInfo.InvariantCulture, out DateTimeOffset time) ? time : null;
            return ServerFiles.NewRecord(config, started ?? container.StartedAt ?? DateTimeOffset.UtcNow) with
            {
                Instance = container.Labels.GetValueOrDefault(ContainerSpecs.InstanceLabel) ?? string.Empty,
                State = ServerState.Loading,
                Starter = null,
            };
        }
        catch (LlmOpsException)
        {
            return null; // The label is not ours to read: another version's, or forged.
        }
    }

    private static async Task<string> WhoAsync(ContainerProgram program, string container, CancellationToken cancellationToken)
    {
        ProcessResult found = await program.TryAsync(
            ["inspect", "--format", "{{.State.Status}} since {{.State.StartedAt}}, image {{.Config.Image}}", container], null, cancellationToken).ConfigureAwait(false);
        return found.ExitCode == 0 ? found.StandardOutput.Trim() : "of another user";
    }

    // The registry is read by prompts, completers and loops that cannot wait for tasks; there is no context here that could lock.
    private static T Now<T>(Func<Task<T>> work) => Task.Run(work).GetAwaiter().GetResult();

    /// <summary>Our containers as they were a moment ago: several questions in a row are one call.</summary>
    private sealed class ContainerList
    {
        private static readonly TimeSpan s_freshness = TimeSpan.FromMilliseconds(250);
        private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

        private readonly Lock _lock = new();
        private long _readAt = long.MinValue;
        private IReadOnlyList<ContainerState>? _last;
        private string? _problem;

        public void Forget()
        {
            lock (_lock)
            {
                _readAt = long.MinValue;
            }
        }

        /// <returns>Null when they cannot be told, with the problem; without one when there is no docker here.</returns>
        public IReadOnlyList<ContainerState>? Read(out string? problem)
        {
            lock (_lock)
            {
                if (_readAt == long.MinValue || Environment.TickCount64 - _readAt > s_freshness.TotalMilliseconds)
                {
                    (_last, _problem) = ReadNow();
                    _readAt = Environment.TickCount64;
                }

                problem = _problem;
                return _last;
            }
        }

        private static (IReadOnlyList<ContainerState>? Containers, string? Problem) ReadNow()
        {
            if (ContainerProgram.Find() is not { MayAnswer: true } program)
            {
                return (null, null);
            }

            try
            {
                ProcessResult ids = Now(() => program.TryAsync(["ps", "--all", "--quiet", "--no-trunc", "--filter", $"label={ContainerSpecs.NameLabel}"], s_patience, CancellationToken.None));
                if (ids.ExitCode != 0)
                {
                    return (null, $"docker does not answer: {ContainerProgram.Said(ids)}");
                }

                string[] found = ids.StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
                if (found.Length == 0)
                {
                    return ([], null);
                }

                // One that is removed in between makes the exit code 1, and the others are printed all the same.
                ProcessResult inspected = Now(() => program.TryAsync(["inspect", "--type", "container", .. found], s_patience, CancellationToken.None));
                return (ContainerState.ReadAll(inspected.StandardOutput), null);
            }
            catch (Exception problem) when (problem is LlmOpsException or JsonException or KeyNotFoundException)
            {
                return (null, $"docker does not answer: {problem.Message}");
            }
        }
    }
}
