using System.CommandLine;
using System.Globalization;
using LlmOps.Cli.Output;
using LlmOps.Engines;
using Spectre.Console;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops engine</c>: the engines found and what they accept.</summary>
internal static class EngineCommand
{
    public static Command Create()
    {
        Option<string?> path = Options.Text("--path", "FILE", "Ask this binary instead of looking for engines.");
        Option<bool> json = Options.Json();
        Command command = new("engine", "Show the engines found, their versions, devices and flags.") { path, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            EngineLocator locator = new(new EngineLocatorOptions());
            IReadOnlyList<EngineCapabilities> engines = await locator.FindAsync(parsed.GetValue(path), cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(engines, CliJson.Readable.IReadOnlyListEngineCapabilities);
            }
            else
            {
                Write(Screen.Output, engines);
            }

            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>Shows <paramref name="engines"/> to people.</summary>
    public static void Write(IAnsiConsole console, IReadOnlyList<EngineCapabilities> engines)
    {
        if (engines.Count == 0)
        {
            console.Line("No engine found. Put llama-server on PATH, or run 'llmops demo', which obtains one.");
            return;
        }

        Table table = Screen.Table("Engine", "Version", ">Build", ">Flags", "Devices besides the processor", "Path");
        foreach (EngineCapabilities engine in engines)
        {
            table.Row(
                engine.Engine,
                engine.Version,
                engine.Build?.ToString(CultureInfo.InvariantCulture),
                engine.Flags.Count.ToString(CultureInfo.InvariantCulture),
                string.Join(", ", engine.Devices.Select(device => $"{device.Name} ({device.Description})")),
                engine.Path);
        }

        console.Write(table);
    }
}
