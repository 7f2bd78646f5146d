using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Configuration;
using LlmOps.Diagnostics;

namespace LlmOps.Commands;

/// <summary>Checks whether configurations can start on this machine: memory, flags of the engine, files, addresses and keys.</summary>
[Cmdlet(VerbsDiagnostic.Test, "LlmServerConfig")]
[OutputType(typeof(CheckResult), typeof(bool))]
public sealed class TestLlmServerConfigCommand : CheckCommand
{
    private static readonly CheckCategory[] AboutConfigurations =
        [CheckCategory.Engine, CheckCategory.Python, CheckCategory.Container, CheckCategory.Model, CheckCategory.Memory, CheckCategory.Network, CheckCategory.Security, CheckCategory.Storage];

    /// <summary>The configuration.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, HelpMessage = "The configuration.")]
    [Alias("Config")]
    [ConfigTransformation]
    [ArgumentCompleter(typeof(ConfigFileCompleter))]
    public ServerConfig[] InputObject { get; set; } = [];

    /// <inheritdoc />
    protected override void Process()
    {
        foreach (ServerConfig config in InputObject)
        {
            Attempt(config, () => Check(new CheckRequest { Config = config }, new CheckSelection { Categories = AboutConfigurations }));
        }
    }
}
