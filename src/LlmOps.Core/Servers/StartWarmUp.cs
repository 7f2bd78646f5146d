using System.Text;
using System.Text.Json;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Native.Libc;

namespace LlmOps.Servers;

/// <summary>Loads what a start needs while this process still does something else.</summary>
/// <remarks>
/// Half of the time before an engine can be started goes into loading and compiling code that runs once. Nothing of that depends on
/// what is started, so another processor does it meanwhile, by doing each thing once with nothing at stake.
/// </remarks>
public static class StartWarmUp
{
    private const string Config = "name: none\nmodel: /none\nendpoint:\n  port: 1 # a port\noptions:\n  parallel: 1\n";

    /// <summary>Begins. What goes wrong is in the task; a start does not need it.</summary>
    public static Task Begin() => Task.Run(Run);

    private static void Run()
    {
        ServerConfig config = ServerConfigFile.Parse(Config, "none");
        EngineCapabilities engine = CapabilityJson.Read(CapabilityJson.Write(new EngineCapabilities
        {
            Engine = config.Engine,
            Path = "/none",
            Flags = [new EngineFlag(["--parallel"], "N", [], "", null)],
        }));
        LaunchCommandBuilder.Build(config, engine);
        _ = ServerConfigFile.ToYaml(config);
        _ = LibcListen.TryListen("127.0.0.1", 0);
        ServerRecord record = ServerFiles.NewRecord(config, DateTimeOffset.UtcNow);
        using JsonDocument written = JsonDocument.Parse(RecordJson.Write(record));
        _ = RecordJson.ReadServer(written.RootElement);
        _ = Encoding.UTF8.GetString(RecordJson.Write(ServerFiles.NewLaunch(config, record, new LaunchCommand("/none", [], config.Environment))));
        _ = new EngineGroup(null, "none").FindMembers();
    }
}
