using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Servers;

namespace LlmOps.Commands;

/// <summary>Starts servers and waits until they are ready.</summary>
[Cmdlet(VerbsLifecycle.Start, "LlmServer", DefaultParameterSetName = ConfigSet, SupportsShouldProcess = true)]
[OutputType(typeof(LlmServer))]
public sealed class StartLlmServerCommand : LlmOpsCommand
{
    private const string ConfigSet = "Config";
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    /// <summary>The configuration to start.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ConfigSet, ValueFromPipeline = true, HelpMessage = "The configuration to start.")]
    [Alias("Config")]
    public ServerConfig[] InputObject { get; set; } = [];

    /// <summary>A configuration file; wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, HelpMessage = "A configuration file (YAML), with wildcards.")]
    [ArgumentCompleter(typeof(ConfigFileCompleter))]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>A configuration file, by its literal path.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true, HelpMessage = "A configuration file (YAML), by its literal path.")]
    [Alias("PSPath")]
    [ArgumentCompleter(typeof(ConfigFileCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Give up after this many seconds; without it a start is given up only when it stalls.</summary>
    [Parameter(HelpMessage = "Give up after this many seconds; without it a start is given up only when it stalls.")]
    [ValidateRange(1, 86400)]
    public int? TimeoutSec { get; set; }

    /// <summary>Return as soon as the process runs.</summary>
    [Parameter(HelpMessage = "Return as soon as the process runs, before the server is ready.")]
    public SwitchParameter NoWait { get; set; }

    /// <summary>Start even what does not fit or is open to the network without a key.</summary>
    [Parameter(HelpMessage = "Start even what does not fit or is open to the network without a key.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc />
    protected override void Process()
    {
        if (ParameterSetName == ConfigSet)
        {
            foreach (ServerConfig config in InputObject)
            {
                Attempt(config, () => Start(config));
            }

            return;
        }

        bool literal = ParameterSetName == LiteralPathSet;
        Each(literal ? LiteralPath : Path, path => FilePaths.Existing(this, path, literal), file => Start(ServerConfigFile.Read(file)));
    }

    private void Start(ServerConfig config)
    {
        LaunchCommand command = Await(stop => ServerLaunch.PrepareAsync(config, stop));
        string what = $"Start server '{config.Name}': {ServerLaunch.Describe(config, command)}";
        if (!ShouldProcess(what, $"{what}?", "Start-LlmServer"))
        {
            return;
        }

        StartRequest request = new()
        {
            Config = config,
            Command = command,
            Wait = !NoWait,
            Timeout = TimeoutSec is int seconds ? TimeSpan.FromSeconds(seconds) : null,
            Force = Force,
        };
        ServerStarter starter = new(ServerRegistry.Default, SupervisorCommand.Find());
        IProgress<StartProgress> progress = ProgressOf<StartProgress>($"Starting server {config.Name}", StartProgressView.Show);
        try
        {
            LlmServer server = Await(stop => starter.StartAsync(request, progress, stop));
            foreach (string warning in server.Warnings)
            {
                WriteWarning($"{server.Name}: {warning}");
            }

            WriteVerbose($"{server.Name}: {server.State} at {server.Endpoint}{(server.ReadyAt is { } ready ? $" after {(ready - server.StartedAt).TotalSeconds:0.0} s" : "")}, process {server.Pid}, log {server.LogPath}.");
            foreach (DeviceAllocation device in server.PlanAccuracy)
            {
                WriteVerbose($"{server.Name}: {device}");
            }

            WriteObject(server);
        }
        finally
        {
            EndProgress();
        }
    }
}
