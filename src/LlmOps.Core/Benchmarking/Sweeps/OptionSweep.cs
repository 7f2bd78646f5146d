using System.Runtime.CompilerServices;
using LlmOps.Benchmarking.Observation;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Servers;

namespace LlmOps.Benchmarking.Sweeps;

/// <summary>Measures a server with one combination of options after another. The server is planned anew and restarted for each, and in the end it runs as it did before.</summary>
/// <param name="registry">Where the server is recorded.</param>
/// <param name="supervisor">What supervises it.</param>
/// <param name="survey">Looks at the machine; null for this one.</param>
public sealed class OptionSweep(ServerRegistry registry, SupervisorCommand supervisor, Func<CancellationToken, GpuTopology>? survey = null)
{
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(10);

    /// <summary>A server that ran before starts again as fast; this is for the one that has to be given back at Ctrl+C.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(10);

    private readonly Func<CancellationToken, GpuTopology> _survey = survey ?? new TopologySurvey(new SurveyOptions()).Capture;

    /// <summary>Measures each combination and gives it as soon as it is there, not yet ranked (<see cref="SweepRanking"/>).</summary>
    /// <param name="serverName">The server; it must be ready.</param>
    /// <param name="combinations">The combinations (<see cref="SweepGrid"/>).</param>
    /// <param name="measurement">What to measure; the server's address and surroundings are filled in for each start.</param>
    /// <param name="progress">Told what is being done.</param>
    /// <param name="cancellationToken">Gives up; the server is started as it was before that is reported.</param>
    /// <exception cref="LlmOpsException">
    /// Before anything is stopped: <c>ServerNotReady</c>, or an option that the engine does not take. In the end: the server could not be started as it was.
    /// </exception>
    public async IAsyncEnumerable<SweepPoint> RunAsync(
        string serverName,
        IReadOnlyList<IReadOnlyDictionary<string, string>> combinations,
        MeasurementOptions measurement,
        IProgress<SweepProgress>? progress,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ServerFolder folder = registry.RequireFolder(serverName);
        RequireReady(registry.Require(serverName));
        ServerConfig original = ServerConfigFile.Read(folder.ConfigFile);
        LaunchCommand originalCommand = folder.ReadLaunch().Command;
        EngineCapabilities? engine = await ServerLaunch.EngineOfAsync(original, cancellationToken).ConfigureAwait(false);
        StartRequest[] starts = [.. combinations.Select(combination => Request(SweptConfig.Of(original, combination), engine))];
        try
        {
            for (int at = 0; at < starts.Length; at++)
            {
                SweepPoint point = new() { ServerName = serverName, Options = combinations[at] };
                Tell tell = new(progress, at + 1, starts.Length, point.Text);
                yield return await MeasureAsync(point, starts[at], engine, measurement, tell, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            progress?.Report(new SweepProgress(starts.Length + 1, starts.Length, "", "starting the server as it was", null));
            await RestoreAsync(new StartRequest { Config = original, Command = originalCommand, Timeout = s_patience, Force = true }).ConfigureAwait(false);
        }
    }

    private static void RequireReady(LlmServer server)
    {
        if (server.State is not ServerState.Ready)
        {
            throw new LlmOpsException($"server '{server.Name}' is {server.State.ToString().ToLowerInvariant()}, not ready; start it before a sweep, which gives it back as it was", "ServerNotReady")
            {
                Kind = ErrorKind.ServerFailed,
            };
        }
    }

    private static StartRequest Request(ServerConfig config, EngineCapabilities? engine) =>
        new() { Config = config, Command = ServerLaunch.Render(config, engine, isThisMachine: true), Force = true }; // Whether it may be open to the network was settled when it was started.

    private async Task<SweepPoint> MeasureAsync(SweepPoint point, StartRequest start, EngineCapabilities? engine, MeasurementOptions measurement, Tell tell, CancellationToken cancellationToken)
    {
        try
        {
            tell.Report("stopping the server", null);
            await new ServerController(registry).StopAsync(point.ServerName, s_grace, cancellationToken).ConfigureAwait(false);
            start = start with { Config = Replanned(start.Config, engine, cancellationToken) };
            if (start.Config.Problems is [{ } problem, ..])
            {
                return point with { Problem = $"not started, because it would not fit: {problem.Message}; {problem.Remedy}" };
            }

            point = point with { PlannedBytes = start.Config.Plan is { } plan ? plan.Devices.Sum(device => device.UsedBytes) + plan.Host.UsedBytes : null };
            tell.Report("starting the server", null);
            LlmServer server = await new ServerStarter(registry, supervisor).StartAsync(start, new Starting(tell), cancellationToken).ConfigureAwait(false);
            MeasurementOptions found = MeasurementSetup.ForServer(registry, server, cancellationToken);
            MeasurementOptions options = measurement with
            {
                Endpoint = found.Endpoint,
                ServerName = found.ServerName,
                Environment = (found.Environment ?? new MeasuredEnvironment()) with { MeasureCommand = measurement.Environment?.MeasureCommand },
                Observation = found.Observation,
            };
            List<ThroughputResult> results = [];
            await foreach (ThroughputResult result in new ThroughputMeasurement(options).RunAsync(tell, cancellationToken).ConfigureAwait(false))
            {
                results.Add(result with { SweptOptions = point.Options });
            }

            return point with { Results = results };
        }
        catch (LlmOpsException problem)
        {
            // A point that does not start is a finding of the sweep, and the next one may.
            return point with { Problem = problem.Message };
        }
    }

    /// <summary>With the plan that belongs to its values, for the machine as it is while the server is stopped.</summary>
    private ServerConfig Replanned(ServerConfig config, EngineCapabilities? engine, CancellationToken cancellationToken)
    {
        GpuTopology topology = EngineTopology.AddDevices(_survey(cancellationToken), engine?.Devices ?? []);
        return new SweptPlan(engine).Of(config, ModelReader.Read(config.Model), topology);
    }

    // Not cancellable: a sweep that is interrupted must still give the server back.
    private async Task RestoreAsync(StartRequest original)
    {
        await new ServerController(registry).StopAsync(original.Config.Name, s_grace, CancellationToken.None).ConfigureAwait(false);
        await new ServerStarter(registry, supervisor).StartAsync(original, null, CancellationToken.None).ConfigureAwait(false);
    }

    private sealed class Tell(IProgress<SweepProgress>? progress, int point, int points, string options) : IProgress<MeasurementProgress>
    {
        public void Report(string activity, MeasurementProgress? measurement) => progress?.Report(new SweepProgress(point, points, options, activity, measurement));

        public void Report(MeasurementProgress value) => Report(value.Activity, value);
    }

    private sealed class Starting(Tell tell) : IProgress<StartProgress>
    {
        public void Report(StartProgress value) => tell.Report(value.Activity, null);
    }
}
