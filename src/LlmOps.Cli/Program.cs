using System.Runtime.CompilerServices;
using LlmOps.Cli.Commands;

namespace LlmOps.Cli;

/// <summary>Entry point of <c>llmops</c>.</summary>
internal static class Program
{
    private static Task<int> Main(string[] arguments) =>
        // One supervisor runs beside each server for as long as it lives: it must start fast and stay small, so it gets by
        // without the parser and the tables.
        arguments is [SuperviseCommand.Name, string folder]
            ? SuperviseCommand.RunAsync(folder)
            : PlainGpuJson.Answers(arguments) && PlainGpuJson.Run() is { } code
            ? Task.FromResult(code)
            : RunCommandLineAsync(arguments);

    // Not inlined, so that the supervisor never loads the assemblies that this one names.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<int> RunCommandLineAsync(string[] arguments) => CommandLine.RunAsync(arguments);
}
