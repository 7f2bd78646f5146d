using System.Runtime.CompilerServices;
using LlmOps.Cli.Commands;
using LlmOps.Servers;

namespace LlmOps.Cli;

/// <summary>Entry point of <c>llmops</c>.</summary>
internal static class Program
{
    // Not asynchronous itself: the short way needs no tasks, and loading them takes a millisecond.
    private static int Main(string[] arguments) =>
        PlainGpuJson.Answers(arguments) && PlainGpuJson.Run() is { } code ? code
        : PlainStart.Runs(arguments) ? RunPlainStart(arguments)
        : RunAsync(arguments).GetAwaiter().GetResult();

    // One supervisor runs beside each server for as long as it lives: it must start fast and stay small, so it gets by without the
    // parser and the tables.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<int> RunAsync(string[] arguments) =>
        arguments switch
        {
            [SuperviseCommand.Name, string folder] => SuperviseCommand.RunAsync(folder),
            [StartCommand.Name, ..] => RunStartAsync(arguments),
            _ => RunCommandLineAsync(arguments),
        };

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int RunPlainStart(string[] arguments)
    {
        StartWarmUp.Begin();
        return Guard.RunAsync(verbose: false, cancellationToken => PlainStart.RunAsync(arguments, cancellationToken)).GetAwaiter().GetResult();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<int> RunStartAsync(string[] arguments)
    {
        StartWarmUp.Begin();
        return RunCommandLineAsync(arguments);
    }

    // Not inlined, so that the supervisor never loads the assemblies that this one names.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<int> RunCommandLineAsync(string[] arguments) => CommandLine.RunAsync(arguments);
}
