using System.CommandLine;
using System.Text;
using LlmOps.Cli.Output;
using LlmOps.Configuration;
using LlmOps.Diagnostics.Templates;
using LlmOps.Models.Templates;
using LlmOps.Servers;
using Spectre.Console;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops template</c>: shows a model's chat template, tests it, or makes one that accepts a further role.</summary>
internal static class TemplateCommand
{
    public static Command Create()
    {
        Argument<string?> path = new("PATH") { Description = "A model, or a template file (.jinja); not needed with --server.", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> name = Options.Text("--name", "NAME", "Of a model with several templates, the one of this name.");
        Option<bool> list = new("--list") { Description = "List the templates instead of printing one." };
        Option<string?> role = Options.Text("--allow-role", "ROLE", "Make the template accept this role too, for example developer.");
        Option<string?> like = Options.Text("--like", "ROLE", "Treat the new role like this one; system when left out.");
        Option<string?> output = Options.Text("-o", "FILE", "Write the template to this file.");
        output.Aliases.Add("--output");
        Option<bool> test = new("--test") { Description = "Say what the template does with each role; exit code 1 when it refuses or ignores one." };
        Option<string?> server = Options.Text("--server", "NAME|URL", "Test on this running llama-server, through /apply-template.");
        Option<string?> key = Options.Text("--api-key-file", "FILE", "A file with the server's API key; a server started here knows its own.");
        Option<bool> json = Options.Json();
        Command command = new("template", "Show a model's chat template, test it, or make one that accepts a further role.") { path, name, list, role, like, output, test, server, key, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(server) is { } address)
            {
                return Report(await ProbeAsync(address, parsed.GetValue(key), cancellationToken).ConfigureAwait(false), parsed.GetValue(json));
            }

            string source = parsed.GetValue(path) ?? throw new LlmOpsException("name a model or a template file, or a running server with --server", "ArgumentMissing");
            if (parsed.GetValue(list))
            {
                return List(ChatTemplateReader.Read(source), parsed.GetValue(json));
            }

            ChatTemplateText template = ChatTemplateReader.Read(source, parsed.GetValue(name));
            if (parsed.GetValue(role) is { } allowed)
            {
                TemplateVariant variant = TemplateVariant.Make(template, allowed, parsed.GetValue(like) ?? "system");
                if (variant.Warning is { } warning)
                {
                    Console.Error.WriteLine($"llmops: warning: {warning}");
                }

                template = template with { Text = variant.Text };
            }

            return parsed.GetValue(test)
                ? Report(ChatTemplateAnalysis.Read(template.Text), parsed.GetValue(json))
                : Print(template, parsed.GetValue(output), parsed.GetValue(json));
        });
        return command;
    }

    private static async Task<IReadOnlyList<ChatTemplateFinding>> ProbeAsync(string server, string? keyFile, CancellationToken cancellationToken)
    {
        BenchTarget target = BenchTarget.Find(server, ServerRegistry.Default);
        string? file = keyFile ?? target.ApiKeyFile;
        using ChatTemplateProbe probe = new(target.Endpoint, file is null ? null : ApiKeys.First(file));
        return await probe.RunAsync(cancellationToken).ConfigureAwait(false);
    }

    private static int Report(IReadOnlyList<ChatTemplateFinding> findings, bool json)
    {
        if (json)
        {
            JsonOutput.Write(findings, CliJson.Readable.IReadOnlyListChatTemplateFinding);
        }
        else
        {
            Table table = Screen.Table("Role", "Result", "Finding");
            foreach (ChatTemplateFinding finding in findings)
            {
                string text = finding.Message + (finding.Line is { } line ? $" (line {line})" : "") + (finding.Remedy is { } remedy ? $"\ndo: {remedy}" : "");
                table.AddRow(new Text(finding.Role), new Text(Options.Dashed(finding.Status.ToString())), new Text(text));
            }

            Screen.Output.Write(table);
        }

        // Earlier reasoning is left out on purpose by most templates.
        return findings.Any(finding => finding.Role != "reasoning" && finding.Status is TemplateRoleStatus.Refused or TemplateRoleStatus.Ignored) ? ExitCode.FindingFailed : ExitCode.Success;
    }

    private static int List(IReadOnlyList<ChatTemplateText> templates, bool json)
    {
        if (json)
        {
            JsonOutput.Write(templates, CliJson.Readable.IReadOnlyListChatTemplateText);
            return ExitCode.Success;
        }

        Table table = Screen.Table("Name", "Length", "From");
        foreach (ChatTemplateText template in templates)
        {
            table.AddRow(new Text(template.Name), new Text($"{template.Text.Length}"), new Text(template.Source));
        }

        Screen.Output.Write(table);
        return ExitCode.Success;
    }

    private static int Print(ChatTemplateText template, string? file, bool json)
    {
        if (file is not null)
        {
            File.WriteAllText(file, template.Text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        }

        if (json)
        {
            JsonOutput.Write(template, CliJson.Readable.ChatTemplateText);
        }
        else if (file is null)
        {
            JsonOutput.Write(template.Text);
        }

        return ExitCode.Success;
    }
}
