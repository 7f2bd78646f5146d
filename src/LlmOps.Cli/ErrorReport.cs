using System.CommandLine;
using LlmOps.Servers;

namespace LlmOps.Cli;

/// <summary>Writes an error as one line to standard error and chooses its exit code.</summary>
internal static class ErrorReport
{
    /// <summary>Reports arguments that do not parse.</summary>
    public static int BadArguments(ParseResult parsed)
    {
        string command = parsed.CommandResult.Command is RootCommand ? "llmops" : $"llmops {parsed.CommandResult.Command.Name}";
        WriteLine($"{parsed.Errors[0].Message.TrimEnd('.')}; '{command} --help' shows what it takes");
        return ExitCode.BadInput;
    }

    /// <summary>Reports <paramref name="problem"/>.</summary>
    /// <param name="problem">What happened.</param>
    /// <param name="verbose">Whether to add what helps to find the cause.</param>
    /// <returns>The exit code that fits it.</returns>
    public static int Show(Exception problem, bool verbose)
    {
        int code = CodeFor(problem);
        WriteLine(code == ExitCode.Unexpected
            ? $"{problem.GetType().Name}: {problem.Message} (a defect in llmops; --verbose shows where)"
            : problem.Message);
        if (verbose)
        {
            if (problem is ServerFailedException failure)
            {
                foreach (string line in failure.LastLines)
                {
                    Console.Error.WriteLine($"  | {line}");
                }
            }

            Console.Error.WriteLine(problem);
        }

        return code;
    }

    /// <summary>Writes <paramref name="message"/> on one line, whatever it holds.</summary>
    public static void WriteLine(string message) =>
        Console.Error.WriteLine($"llmops: {string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))}");

    private static int CodeFor(Exception problem) => problem switch
    {
        LlmOpsException { Kind: ErrorKind.Finding } => ExitCode.FindingFailed,
        LlmOpsException { Kind: ErrorKind.ServerFailed or ErrorKind.Timeout } => ExitCode.ServerFailed,
        LlmOpsException => ExitCode.BadInput,
        TimeoutException or HttpRequestException => ExitCode.ServerFailed,
        IOException or UnauthorizedAccessException => ExitCode.BadInput,
        _ => ExitCode.Unexpected,
    };
}
