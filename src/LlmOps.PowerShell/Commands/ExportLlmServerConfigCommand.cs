using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Configuration;

namespace LlmOps.Commands;

/// <summary>Writes server configurations to files, each computed value with its reason, or gives their text.</summary>
[Cmdlet(VerbsData.Export, "LlmServerConfig", SupportsShouldProcess = true)]
[OutputType(typeof(string), typeof(FileInfo))]
public sealed class ExportLlmServerConfigCommand : LlmOpsCommand
{
    /// <summary>The configuration.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, HelpMessage = "The configuration.")]
    public ServerConfig[] InputObject { get; set; } = [];

    /// <summary>The file to write, or a folder to write NAME.yaml into; without it the text is the output.</summary>
    [Parameter(Position = 0, HelpMessage = "The file to write, or a folder to write NAME.yaml into; without it the text is the output.")]
    [Alias("LiteralPath")]
    [ArgumentCompleter(typeof(ConfigFileCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The form to write.</summary>
    [Parameter(HelpMessage = "The form to write.")]
    [ValidateSet("Yaml")]
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
            WriteObject(ServerConfigFile.ToYaml(config));
            return;
        }

        string file = FilePaths.New(this, Path);
        if (Directory.Exists(file))
        {
            file = System.IO.Path.Combine(file, config.Name + ".yaml");
        }

        if (NoClobber && File.Exists(file))
        {
            throw FilePaths.Exists(file);
        }

        if (ShouldProcess(file, $"Write the configuration of server '{config.Name}'"))
        {
            ServerConfigFile.Save(config, file);
            if (PassThru)
            {
                WriteObject(new FileInfo(file));
            }
        }
    }
}
