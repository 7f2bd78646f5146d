using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Servers;

namespace LlmOps.Benchmarking.Observation;

/// <summary>Gathers what a measurement should look at, for a server of this machine or any address.</summary>
public static class MeasurementSetup
{
    /// <summary>For a server that LlmOps started: its address, name, model and key, its plan, and this machine's GPUs.</summary>
    /// <param name="registry">Where it is recorded.</param>
    /// <param name="server">The server, as it is now.</param>
    /// <param name="cancellationToken">Ends the survey.</param>
    /// <exception cref="LlmOpsException">Its key file cannot be read.</exception>
    public static MeasurementOptions ForServer(ServerRegistry registry, LlmServer server, CancellationToken cancellationToken)
    {
        ServerConfig? config = Try(() => ServerConfigFile.Read(server.ConfigPath));
        ModelDescription? model = Try(() => ModelReader.Read(server.Model));
        GpuTopology topology = new TopologySurvey(new SurveyOptions()).Capture(cancellationToken);
        LaunchCommand? command = Try(() => registry.RequireFolder(server.Name).ReadLaunch().Command);
        return new MeasurementOptions
        {
            Endpoint = server.Endpoint,
            ServerName = server.Name,
            Model = server.Alias,
            ApiKey = server.ApiKeyFile is { } file ? ApiKeys.First(file) : ApiKeys.OfEnvironment,
            Environment = EnvironmentFacts.Of(server, config, topology, model, command),
            Observation = new ObservationOptions
            {
                Topology = topology,
                Config = config,
                Model = model,
                ServerPid = server.Pid,
                Slots = server.Slots,
                StartLog = ServerLog.SinceStart(server),
            },
        };
    }

    /// <summary>For any address; this machine's GPUs are looked at when the address is this machine's.</summary>
    /// <param name="endpoint">The server's address.</param>
    /// <param name="cancellationToken">Ends the survey.</param>
    public static MeasurementOptions ForAddress(Uri endpoint, CancellationToken cancellationToken)
    {
        GpuTopology? topology = endpoint.IsLoopback ? new TopologySurvey(new SurveyOptions()).Capture(cancellationToken) : null;
        return new MeasurementOptions
        {
            Endpoint = endpoint,
            ServerName = endpoint.OriginalString,
            ApiKey = ApiKeys.OfEnvironment,
            Environment = EnvironmentFacts.Of(topology),
            Observation = new ObservationOptions { Topology = topology },
        };
    }

    /// <summary>What a broken or missing file would have told is left out: measuring does not need it.</summary>
    private static T? Try<T>(Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (Exception problem) when (problem is LlmOpsException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
