using System.CommandLine;
using LlmOps.Cli.Output;
using LlmOps.Configuration;
using LlmOps.Configuration.Export;
using LlmOps.Configuration.Export.Clients;
using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops export</c>: writes configurations in the forms of other tools, and what clients have to be told.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        Argument<string[]> sources = new("CONFIG.yaml|NAME") { Description = "Configurations, as 'llmops plan --yaml' writes them, or names of servers.", Arity = ArgumentArity.OneOrMore };
        Option<ConfigFormat?> form = Options.Choice<ConfigFormat>("--as", "The form; compose, kubernetes, llama-swap and preset-ini hold several servers. yaml when left out.");
        Option<ClientApplication?> client = Options.Choice<ClientApplication>("--client", "Write what this program has to be told to use the server instead.");
        Option<string?> host = Options.Text("--host-name", "NAME", "With --client: the name or address at which clients on other machines reach this one.");
        Option<string?> output = Options.Text("--output", "FILE", "The file to write, or a folder to write a file of the usual name into.");
        output.Aliases.Add("-o");
        Option<bool> json = Options.Json();
        Command command = new("export", "Write configurations as scripts, units, compose files, manifests and the like, or settings of client programs.") { sources, form, client, host, output, json };
        command.Validators.Add(result =>
        {
            if (result.GetValue(client) is not null && result.GetValue(form) is not null)
            {
                result.AddError("--as writes the server's side and --client the client's; give one");
            }

            if (result.GetValue(client) is null && result.GetValue(host) is not null)
            {
                result.AddError("--host-name is for --client");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            List<ExportedFile> files = parsed.GetValue(client) is { } application
                ? [.. parsed.GetRequiredValue(sources).SelectMany(source => Targets(source, parsed.GetValue(host))).Select(target => Settings(application, target))]
                : await FormsAsync(parsed.GetValue(form) ?? ConfigFormat.Yaml, parsed.GetRequiredValue(sources), cancellationToken).ConfigureAwait(false);
            Write(parsed.GetValue(form) ?? ConfigFormat.Yaml, files, parsed.GetValue(output), parsed.GetValue(json));
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task<List<ExportedFile>> FormsAsync(ConfigFormat format, string[] sources, CancellationToken cancellationToken)
    {
        ServerConfig[] configs = [.. sources.SelectMany(Read)];
        IEnumerable<ServerConfig[]> files = ConfigExport.HoldsSeveral(format) ? [configs] : configs.Select(config => new[] { config });
        List<ExportedFile> written = [];
        foreach (ServerConfig[] together in files.Where(file => file.Length > 0))
        {
            written.Add(new ExportedFile(Options.Dashed(format.ToString()), ConfigExport.FileName(format, together[0]), await ConfigExport.WriteAsync(format, together, cancellationToken).ConfigureAwait(false)));
        }

        return written;
    }

    private static ExportedFile Settings(ClientApplication application, ClientTarget target)
    {
        Console.Error.WriteLine($"{target.Name}: {ClientExport.Hint(application, target)}");
        return new ExportedFile(Options.Dashed(application.ToString()), ClientExport.FileName(application, target), ClientExport.Write(application, target));
    }

    private static bool IsFile(string source) => File.Exists(source) || source.Contains('/', StringComparison.Ordinal) || source.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<ClientTarget> Targets(string source, string? host) => IsFile(source)
        ? [ClientTarget.Of(ServerConfigFile.Read(source), host)]
        : ServerNames.Find([source], ServerRegistry.Default).Select(server => ClientTarget.Of(server, host));

    private static IEnumerable<ServerConfig> Read(string source) => IsFile(source)
        ? [ServerConfigFile.Read(source)]
        : ServerNames.Find([source], ServerRegistry.Default).Select(server => ServerConfigFile.Read(server.ConfigPath));

    private static void Write(ConfigFormat format, List<ExportedFile> files, string? output, bool json)
    {
        if (output is not null)
        {
            bool isFolder = Directory.Exists(output);
            if (files.Count > 1 && !isFolder)
            {
                throw new LlmOpsException($"{files.Count} files do not go into {output}; name a folder that is there", "FolderNeeded");
            }

            foreach (ExportedFile file in files)
            {
                string path = isFolder ? Path.Combine(output, file.File) : output;
                ConfigExport.Save(format, file.Text, path);
                Console.Error.WriteLine($"written to {path}");
            }
        }

        if (json)
        {
            JsonOutput.Write([.. files], CliJson.Readable.ExportedFileArray);
        }
        else if (output is null)
        {
            JsonOutput.Write(string.Join('\n', files.Select(file => file.Text)));
        }
    }
}

/// <summary>A file that was made.</summary>
/// <param name="Form">The form, as the command line names it.</param>
/// <param name="File">What such a file is usually called.</param>
/// <param name="Text">What is in it.</param>
internal sealed record ExportedFile(string Form, string File, string Text);
