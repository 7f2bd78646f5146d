using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Configuration;
using LlmOps.Planning.Distributed;

namespace LlmOps.Commands;

/// <summary>Writes server configurations to files, each computed value with its reason, or gives their text.</summary>
[Cmdlet(VerbsData.Export, "LlmServerConfig", SupportsShouldProcess = true)]
[OutputType(typeof(string), typeof(FileInfo))]
public sealed class ExportLlmServerConfigCommand : LlmOpsCommand
{
    /// <summary>The configuration.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, HelpMessage = "The configuration.")]
    [ConfigTransformation]
    public ServerConfig[] InputObject { get; set; } = [];

    /// <summary>The file to write, or a folder to write NAME.yaml into; without it the text is the output.</summary>
    [Parameter(Position = 0, HelpMessage = "The file to write, or a folder to write NAME.yaml into; without it the text is the output.")]
    [Alias("LiteralPath")]
    [ArgumentCompleter(typeof(ConfigFileCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The form to write.</summary>
    [Parameter(HelpMessage = "The form to write: Yaml, as Start-LlmServer reads it; of a configuration for several machines Bash, a script that takes the machine's name, or Kubernetes, a LeaderWorkerSet.")]
    [ValidateSet("Yaml", "Bash", "Kubernetes")]
    public string As { get; set; } = "Yaml";

    /// <summary>Do not replace a file that is there.</summary>
    [Parameter(HelpMessage = "Do not replace a file that is there.")]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Give the file written.</summary>
    [Parameter(HelpMessage = "Give the file written.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc />
    protected override void Process()
    {
        foreach (ServerConfig config in InputObject)
        {
            Attempt(config.Name, () => Export(config));
        }
    }

    private void Export(ServerConfig config)
    {
        if (Path is null)
        {
            WriteObject(Text(config));
            return;
        }

        string file = FilePaths.New(this, Path);
        if (Directory.Exists(file))
        {
            file = System.IO.Path.Combine(file, config.Name + (As.Equals("Bash", StringComparison.OrdinalIgnoreCase) ? ".sh" : ".yaml"));
        }

        if (NoClobber && File.Exists(file))
        {
            throw FilePaths.Exists(file);
        }

        if (ShouldProcess(file, $"Write the configuration of server '{config.Name}'"))
        {
            if (As.Equals("Yaml", StringComparison.OrdinalIgnoreCase))
            {
                ServerConfigFile.Save(config, file);
            }
            else
            {
                File.WriteAllText(file, Text(config));
            }
            WriteVerbose($"Wrote {file}.");
            if (PassThru)
            {
                WriteObject(new FileInfo(file));
            }
        }
    }

    private string Text(ServerConfig config) => As.ToLowerInvariant() switch
    {
        "bash" => ClusterScript.Of(config, null),
        "kubernetes" => LeaderWorkerSet.Of(config, null),
        _ => ServerConfigFile.ToYaml(config),
    };
}
