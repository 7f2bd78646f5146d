using System.Globalization;
using System.Runtime.CompilerServices;
using LlmOps.Processes;
using LlmOps.Servers;

namespace LlmOps.Benchmarking.SelfCheck;

/// <summary>The self-check that users run: the generator here against the exact-schedule server in a process of its own.</summary>
public static class SelfCheckRun
{
    /// <summary>200 streams of 50 tokens a second, then 1,000 of 20.</summary>
    public static IReadOnlyList<SelfCheckOptions> Loads { get; } =
    [
        new SelfCheckOptions { Streams = 200, TokensPerSecond = 50, Duration = TimeSpan.FromSeconds(6) },
        new SelfCheckOptions { Streams = 1000, TokensPerSecond = 20, Duration = TimeSpan.FromSeconds(6) },
    ];

    /// <summary>Runs each load and gives its result.</summary>
    /// <param name="loads">The loads.</param>
    /// <param name="cancellationToken">Gives up; the server is ended.</param>
    /// <exception cref="LlmOpsException"><c>SelfCheckNotSupported</c> (not 64-bit Linux), <c>SelfCheckServerFailed</c>, or <c>SupervisorNotFound</c>: there is no <c>llmops</c> command to be the server.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public static async IAsyncEnumerable<SelfCheckResult> RunAsync(IReadOnlyList<SelfCheckOptions> loads, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!Native.Libc.LibcEpoll.IsSupported)
        {
            throw new LlmOpsException("The self-check's server of exact timing needs 64-bit Linux; run it there.", "SelfCheckNotSupported");
        }

        foreach (SelfCheckOptions load in loads)
        {
            yield return await RunAsync(load, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<SelfCheckResult> RunAsync(SelfCheckOptions load, CancellationToken cancellationToken)
    {
        SupervisorCommand command = SupervisorCommand.Find();
        TaskCompletionSource<int> port = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<ProcessResult> server = ProcessRunner.RunAsync(
            new ProcessRequest(command.File, ArgumentsOf(command, load))
            {
                Environment = command.Environment.ToDictionary(static pair => pair.Key, static string? (pair) => pair.Value),
                OnOutputLine = line =>
                {
                    if (int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out int listening))
                    {
                        port.TrySetResult(listening);
                    }
                },
            },
            end.Token);
        try
        {
            if (await Task.WhenAny(port.Task, server).ConfigureAwait(false) == server)
            {
                ProcessResult result = await server.ConfigureAwait(false);
                throw new LlmOpsException(
                    string.Create(CultureInfo.InvariantCulture, $"The self-check's server '{command.File}' ended with {result.ExitCode} before it listened: {result.StandardError.Trim().ReplaceLineEndings(" ")}"),
                    "SelfCheckServerFailed") { Kind = ErrorKind.ServerFailed };
            }

            int number = await port.Task.ConfigureAwait(false);
            Uri endpoint = new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{number}"));
            return await new GeneratorSelfCheck(endpoint, load).RunAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await ((Task)server).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static List<string> ArgumentsOf(SupervisorCommand command, SelfCheckOptions load)
    {
        // What stands before the verb starts the command where it has no executable of its own.
        List<string> arguments = [.. command.Arguments];
        arguments[^1] = ScheduleServerProgram.Verb;
        arguments.AddRange(
        [
            "--first-token-ms", load.FirstToken.TotalMilliseconds.ToString(CultureInfo.InvariantCulture),
            "--interval-us", (1e6 / load.TokensPerSecond).ToString(CultureInfo.InvariantCulture),
        ]);
        return arguments;
    }
}
