using System.Management.Automation;
using System.Text;
using LlmOps.Binding;
using LlmOps.Configuration;
using LlmOps.Configuration.Export.Clients;
using LlmOps.Servers;

namespace LlmOps.Commands;

/// <summary>Writes what a client program has to be told to use a server.</summary>
[Cmdlet(VerbsData.Export, "LlmClientConfig", DefaultParameterSetName = NameSet, SupportsShouldProcess = true)]
[OutputType(typeof(string), typeof(FileInfo))]
public sealed class ExportLlmClientConfigCommand : LlmOpsCommand
{
    private const string NameSet = "Name";
    private const string ServerSet = "Server";
    private const string ConfigSet = "Config";

    /// <summary>Names of servers, with wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = NameSet, HelpMessage = "Name of the server, with wildcards, or the server itself.")]
    [ServerNameTransformation]
    [ArgumentCompleter(typeof(ServerNameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>The servers.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ServerSet, ValueFromPipeline = true, HelpMessage = "The server.")]
    public LlmServer[] Server { get; set; } = [];

    /// <summary>Servers that are planned only.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ConfigSet, ValueFromPipeline = true, HelpMessage = "The configuration of a server that need not run.")]
    public ServerConfig[] Config { get; set; } = [];

    /// <summary>The program.</summary>
    [Parameter(HelpMessage = "The program: OpenAI writes variables that most tools read.")]
    public ClientApplication Client { get; set; } = ClientApplication.OpenAI;

    /// <summary>The file to write; a folder gets a file of the usual name; without it the text is the output.</summary>
    [Parameter(Position = 1, HelpMessage = "The file to write, or a folder to write a file of the usual name into; without it the text is the output.")]
    [Alias("LiteralPath")]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The name or address at which clients reach the server's machine.</summary>
    [Parameter(HelpMessage = "The name or address at which clients on other machines reach this one.")]
    [ValidateNotNullOrEmpty]
    public string? HostName { get; set; }

    /// <summary>Do not replace a file that is there.</summary>
    [Parameter(HelpMessage = "Do not replace a file that is there.")]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Give the file written.</summary>
    [Parameter(HelpMessage = "Give the file written.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc />
    protected override void Process()
    {
        switch (ParameterSetName)
        {
            case NameSet:
                Each(Name, ServerRegistry.Default.Select, server => Export(ClientTarget.Of(server, HostName)));
                break;
            case ServerSet:
                Array.ForEach(Server, server => Attempt(server, () => Export(ClientTarget.Of(server, HostName))));
                break;
            default:
                Array.ForEach(Config, config => Attempt(config.Name, () => Export(ClientTarget.Of(config, HostName))));
                break;
        }
    }

    private void Export(ClientTarget target)
    {
        string text = ClientExport.Write(Client, target);
        WriteVerbose($"{target.Name}: {ClientExport.Hint(Client, target)}");
        if (Path is null)
        {
            WriteObject(text);
            return;
        }

        string file = FilePaths.New(this, Path);
        if (Directory.Exists(file))
        {
            file = System.IO.Path.Combine(file, ClientExport.FileName(Client, target));
        }

        if (NoClobber && File.Exists(file))
        {
            throw FilePaths.Exists(file);
        }

        if (ShouldProcess(file, $"Write the settings of {Client} for server '{target.Name}'"))
        {
            File.WriteAllText(file, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            WriteVerbose($"Wrote {file}.");
            if (PassThru)
            {
                WriteObject(new FileInfo(file));
            }
        }
    }
}
