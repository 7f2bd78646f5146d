using System.CommandLine;
using LlmOps.Cli.Output;
using LlmOps.Diagnostics;
using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops diagnose</c>: finds known faults in a log, the most likely cause first.</summary>
internal static class DiagnoseCommand
{
    public static Command Create()
    {
        Argument<string> source = new("LOGFILE|NAME|-") { Description = "A log file, a server's name, or - for standard input." };
        Option<bool> json = Options.Json();
        Command command = new("diagnose", "Find known faults in a log, the most likely cause first.") { source, json };
        command.SetAction(parsed =>
        {
            (IEnumerable<string> lines, FaultContext context) = Read(parsed.GetRequiredValue(source));
            IReadOnlyList<FaultFinding> findings = FaultAdvisor.Advise(FaultCatalogue.Default.Diagnose(lines), context);
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(findings, CliJson.Readable.IReadOnlyListFaultFinding);
            }
            else
            {
                Write(findings);
            }

            // A diagnosis that names a fault has worked; only one that could not be made fails.
            return ExitCode.Success;
        });
        return command;
    }

    private static (IEnumerable<string> Lines, FaultContext Context) Read(string source)
    {
        if (source == "-")
        {
            return (StandardInput(), FaultContext.ThisMachine);
        }

        if (File.Exists(source))
        {
            return (File.ReadLines(source), FaultContext.OfLog(source));
        }

        return ServerName.IsValid(source) && ServerRegistry.Default.Find(source) is { } server
            ? (ServerLog.SinceStart(server), FaultContext.Of(server))
            : throw new LlmOpsException($"'{source}' is neither a log file nor a server; name one, or - for standard input", "LogNotFound") { Kind = ErrorKind.NotFound };
    }

    private static IEnumerable<string> StandardInput()
    {
        while (Console.In.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    private static void Write(IReadOnlyList<FaultFinding> findings)
    {
        if (findings.Count == 0)
        {
            Console.Out.WriteLine("No known fault in it.");
            return;
        }

        foreach (FaultFinding finding in findings)
        {
            Console.Out.WriteLine($"{finding.Severity.ToString().ToUpperInvariant()}  {finding.Title}  ({finding.Id})");
            Console.Out.WriteLine($"  line {finding.LineNumber}: {finding.Line.Trim()}");
            Console.Out.WriteLine($"  why: {finding.Cause}");
            Console.Out.WriteLine($"  do:  {finding.Remedy}");
            Console.Out.WriteLine();
        }
    }
}
