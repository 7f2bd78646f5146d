using System.Text;
using System.Text.Json;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Native.Libc;
using YamlDotNet.Core.Tokens;

namespace LlmOps.Servers;

/// <summary>Loads what a start needs while this process still does something else.</summary>
/// <remarks>
/// Half of the time before an engine can be started goes into loading and compiling code that runs once. Nothing of that depends on
/// what is started, so another processor does it meanwhile, by doing each thing once with nothing at stake.
/// </remarks>
public static class StartWarmUp
{
    /// <summary>Begins, on a thread of its own: to have the pool of threads made first would take longer than much of this.</summary>
    public static void Begin() => new Thread(TryRun) { IsBackground = true, Name = "warm-up" }.Start();

    private static void TryRun()
    {
        try
        {
            Run();
        }
        catch (Exception)
        {
            // What is wrong here is wrong with the start itself too, and there it is told.
        }
    }

    // Not the configuration's file: that is read first, at this very time. What comes last comes first here.
    private static void Run()
    {
        _ = new TagDirective("!", "!"); // Its pattern takes longer to make than a configuration to read, and this very moment that is still on disk.
        ServerConfig config = new() { Name = "none", Model = "/none", Endpoint = new ServerEndpoint { Port = 1 }, Options = OptionSet.Empty.With("parallel", 1L) };
        ServerRecord record = ServerFiles.NewRecord(config, DateTimeOffset.UtcNow);
        using JsonDocument written = JsonDocument.Parse(RecordJson.Write(record));
        _ = RecordJson.ReadServer(written.RootElement);
        _ = Encoding.UTF8.GetString(RecordJson.Write(ServerFiles.NewLaunch(config, record, new LaunchCommand("/none", [], config.Environment))));
        EngineCapabilities engine = CapabilityJson.Read(CapabilityJson.Write(new EngineCapabilities
        {
            Engine = config.Engine,
            Path = "/none",
            Flags = [new EngineFlag(["--parallel"], "N", [], "", null)],
        }));
        LaunchCommandBuilder.Build(config, engine);
        _ = ServerConfigFile.ToYaml(config);
        _ = new EngineGroup(null, "none").FindMembers();
        _ = LibcListen.TryListen("127.0.0.1", 0);
    }
}
