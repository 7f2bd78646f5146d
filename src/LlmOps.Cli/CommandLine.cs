using System.CommandLine;
using System.CommandLine.Help;
using LlmOps.Benchmarking.SelfCheck;
using LlmOps.Cli.Commands;

namespace LlmOps.Cli;

/// <summary>Turns the arguments into one command's run and its outcome into an exit code.</summary>
internal static class CommandLine
{
    /// <summary>The option that adds the stack trace to an error; any command takes it.</summary>
    private const string VerboseName = "--verbose";

    private static readonly string[] Names =
    [
        "gpu", "model", "engine", "install", "uninstall", "doctor", "plan", "export", "start", "ps", "wait", "stop", "restart", "rm", "logs", "metrics", "bench", "compare", "report",
        "diagnose", "template",
        "sample-model", "demo", SuperviseCommand.Name, ScheduleServerProgram.Verb,
    ];

    /// <summary>Runs the command that <paramref name="arguments"/> name.</summary>
    /// <returns>The exit code.</returns>
    public static Task<int> RunAsync(string[] arguments) =>
        Guard.RunAsync(arguments.Contains(VerboseName), cancellationToken => ParseAndRunAsync(arguments, cancellationToken));

    private static async Task<int> ParseAndRunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        if (arguments is [string first, ..] && !first.StartsWith('-') && !Names.Contains(first))
        {
            throw new LlmOpsException(
                $"there is no command '{first}'; {(Spelling.Nearest(first, Names) is { } near ? $"did you mean '{near}'?" : "'llmops --help' lists them")}", "CommandUnknown");
        }

        ParseResult parsed = Root(arguments).Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (arguments.Length == 0)
        {
            await ShowHelpAsync(Console.Error).ConfigureAwait(false);
            return ExitCode.BadInput;
        }

        if (parsed.Errors.Count > 0 && parsed.Action is not HelpAction)
        {
            return ErrorReport.BadArguments(parsed);
        }

        // Signals are handled above and errors below, for all commands alike.
        InvocationConfiguration configuration = new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        return await parsed.InvokeAsync(configuration, cancellationToken).ConfigureAwait(false);
    }

    private static RootCommand Root(string[] arguments)
    {
        RootCommand root = new("Takes a machine from bare hardware to a measured, running LLM server.");
        root.Options.Add(new Option<bool>(VerboseName) { Description = "Show details of an error.", Recursive = true });

        // Building one command instead of all saves a tenth of the time that a short command takes.
        string[] wanted = arguments is [string first, ..] && Names.Contains(first) ? [first] : Names;
        foreach (string name in wanted)
        {
            root.Subcommands.Add(Create(name));
        }

        return root;
    }

    private static Command Create(string name) => name switch
    {
        "gpu" => GpuCommand.Create(),
        "model" => ModelCommand.Create(),
        "engine" => EngineCommand.Create(),
        "install" => InstallCommand.Create(),
        "uninstall" => UninstallCommand.Create(),
        "doctor" => DoctorCommand.Create(),
        "plan" => PlanCommand.Create(),
        "export" => ExportCommand.Create(),
        "start" => StartCommand.Create(),
        "ps" => PsCommand.Create(),
        "wait" => WaitCommand.Create(),
        "stop" => StopCommand.Create(),
        "restart" => RestartCommand.Create(),
        "rm" => RemoveCommand.Create(),
        "logs" => LogsCommand.Create(),
        "metrics" => MetricsCommand.Create(),
        "bench" => BenchCommand.Create(),
        "compare" => CompareCommand.Create(),
        "report" => ReportCommand.Create(),
        "diagnose" => DiagnoseCommand.Create(),
        "template" => TemplateCommand.Create(),
        "sample-model" => SampleModelCommand.Create(),
        "demo" => DemoCommand.Create(),
        SuperviseCommand.Name => SuperviseCommand.Create(),
        ScheduleServerProgram.Verb => ScheduleServerCommand.Create(),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such command"),
    };

    private static Task<int> ShowHelpAsync(TextWriter writer) =>
        Root([]).Parse(["--help"]).InvokeAsync(new InvocationConfiguration { Output = writer }, CancellationToken.None);
}
