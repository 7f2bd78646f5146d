using System.CommandLine;
using System.Globalization;
using LlmOps.Cli.Output;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp.Install;
using Spectre.Console;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops engine</c>: the engines found and what they accept.</summary>
internal static class EngineCommand
{
    public static Command Create()
    {
        Option<string?> path = Options.Text("--path", "FILE", "Ask this binary instead of looking for engines.");
        Option<bool> obtain = new("--obtain") { Description = "When there is none, get one: Debian's packages in the user's cache, else a release archive." };
        Option<bool> pathOnly = new("--path-only") { Description = "Print the path of the best engine and nothing else." };
        Option<string?> name = Options.Text("--engine", "E", "auto for all, llama.cpp or vllm.");
        Option<bool> help = new("--ask-help") { Description = "Ask vllm for its help instead of going by its version; starts Python, which takes a while." };
        Option<bool> json = Options.Json();
        Command command = new("engine", "Show the engines found, their versions, devices and flags.") { name, path, obtain, pathOnly, help, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string? wanted = parsed.GetValue(name) is null or "auto" ? null : parsed.GetValue(name);
            EngineLocator locator = new(new EngineLocatorOptions { Engine = wanted, AskForHelp = parsed.GetValue(help) });
            if (parsed.GetValue(obtain) && parsed.GetValue(path) is null && await locator.FindBestAsync(null, cancellationToken).ConfigureAwait(false) is null)
            {
                await new LlamaCppInstaller(new LlamaCppInstallerOptions()).ObtainAsync(new ErrorLines(), cancellationToken).ConfigureAwait(false);
            }

            if (parsed.GetValue(pathOnly))
            {
                await Console.Out.WriteLineAsync((await locator.RequireAsync(parsed.GetValue(path), cancellationToken).ConfigureAwait(false)).Path).ConfigureAwait(false);
                return ExitCode.Success;
            }

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
            console.Line("No engine found. Put llama-server on PATH, or run 'llmops install'.");
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
        foreach (EngineCapabilities engine in engines)
        {
            WritePython(console, engine);
        }
    }

    private static void WritePython(IAnsiConsole console, EngineCapabilities engine)
    {
        if (engine.Python is { } python)
        {
            string packages = string.Join(", ", python.Packages.Where(package => package.Key != "vllm").Select(package => $"{package.Key} {package.Value}"));
            console.Line($"{engine.Path}: {python.Kind} environment {python.Name}, Python {python.PythonVersion ?? "of unknown version"}{(packages.Length == 0 ? string.Empty : ", " + packages)}{(python.TorchCuda is null ? string.Empty : $", for CUDA {python.TorchCuda}")}");
            foreach (string plugin in python.Plugins.Select(plugin => $"  plugin {plugin.Name} {plugin.Version}{(plugin.Launcher is null ? string.Empty : $", started by {plugin.Launcher}")}"))
            {
                console.Line(plugin);
            }
        }

        foreach (string problem in engine.Problems)
        {
            console.Line($"  broken: {problem}");
        }
    }
}
