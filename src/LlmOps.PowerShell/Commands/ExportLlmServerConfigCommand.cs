using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Configuration;
using LlmOps.Configuration.Export;

namespace LlmOps.Commands;

/// <summary>Writes server configurations to files, as YAML with the reason of each value or in the form of another tool, or gives their text.</summary>
[Cmdlet(VerbsData.Export, "LlmServerConfig", SupportsShouldProcess = true)]
[OutputType(typeof(string), typeof(FileInfo))]
public sealed class ExportLlmServerConfigCommand : LlmOpsCommand
{
    private readonly List<ServerConfig> _together = [];

    /// <summary>The configuration.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, HelpMessage = "The configuration.")]
    [ConfigTransformation]
    public ServerConfig[] InputObject { get; set; } = [];

    /// <summary>The file to write, or a folder to write a file of the usual name into; without it the text is the output.</summary>
    [Parameter(Position = 0, HelpMessage = "The file to write, or a folder to write a file of the usual name into; without it the text is the output.")]
    [Alias("LiteralPath")]
    [ArgumentCompleter(typeof(ConfigFileCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The form to write.</summary>
    [Parameter(HelpMessage = "The form to write: Yaml, as Start-LlmServer reads it, or that of another tool.")]
    public ConfigFormat As { get; set; } = ConfigFormat.Yaml;

    /// <summary>Do not replace a file that is there.</summary>
    [Parameter(HelpMessage = "Do not replace a file that is there.")]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Give the file written.</summary>
    [Parameter(HelpMessage = "Give the file written.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc />
    protected override void Process()
    {
        if (ConfigExport.HoldsSeveral(As))
        {
            _together.AddRange(InputObject);
            return;
        }

        foreach (ServerConfig config in InputObject)
        {
            Attempt(config.Name, () => Export([config]));
        }
    }

    /// <inheritdoc />
    protected override void End()
    {
        if (_together.Count > 0)
        {
            Export(_together);
        }
    }

    private void Export(IReadOnlyList<ServerConfig> configs)
    {
        string text = Await(stop => ConfigExport.WriteAsync(As, configs, stop));
        if (Path is null)
        {
            WriteObject(text);
            return;
        }

        string file = FilePaths.New(this, Path);
        if (Directory.Exists(file))
        {
            file = System.IO.Path.Combine(file, ConfigExport.FileName(As, configs[0]));
        }

        if (NoClobber && File.Exists(file))
        {
            throw FilePaths.Exists(file);
        }

        string names = string.Join("', '", configs.Select(config => config.Name));
        if (ShouldProcess(file, configs.Count == 1 ? $"Write the configuration of server '{names}'" : $"Write the configurations of servers '{names}'"))
        {
            ConfigExport.Save(As, text, file);
            WriteVerbose($"Wrote {file}.");
            if (PassThru)
            {
                WriteObject(new FileInfo(file));
            }
        }
    }
}
