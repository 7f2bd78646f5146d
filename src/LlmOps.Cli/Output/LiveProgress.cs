using System.Globalization;
using LlmOps.Servers;
using Spectre.Console;

namespace LlmOps.Cli.Output;

/// <summary>Shows on standard error what a long operation is doing: a moving line on a terminal, plain lines elsewhere.</summary>
internal static class LiveProgress
{
    /// <summary>A start that fails at once should leave one line, its error; so plain lines begin only after this time.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Runs <paramref name="work"/> and shows what it reports.</summary>
    /// <param name="title">What is being waited for.</param>
    /// <param name="quiet">Whether to show nothing where the output is read by a program.</param>
    /// <param name="work">The operation; it reports one line at a time.</param>
    public static async Task<T> RunAsync<T>(string title, bool quiet, Func<IProgress<string>, Task<T>> work)
    {
        // The first is asked first: it says the same of a file or pipe, and loads no library for consoles before an engine is started.
        if (Console.IsErrorRedirected || !Screen.Error.Profile.Capabilities.Interactive)
        {
            return await work(new PlainLines(quiet)).ConfigureAwait(false);
        }

        return await Screen.Error.Status()
            .Spinner(Spinner.Known.Dots)
            .StartAsync(Markup.Escape(title), context => work(new StatusLine(context)))
            .ConfigureAwait(false);
    }

    /// <summary>Turns a start's reports into lines.</summary>
    public static IProgress<StartProgress> ForStart(IProgress<string> lines) => new StartLines(lines);

    /// <summary>One line that says where a start is.</summary>
    public static string Describe(StartProgress progress)
    {
        string share = progress is { Fraction: { } fraction, State: not ServerState.Ready } ? $" {fraction.ToString("P0", CultureInfo.InvariantCulture).Replace(" ", string.Empty, StringComparison.Ordinal)}" : string.Empty;
        return $"{progress.Activity}{share}";
    }

    private sealed class StartLines(IProgress<string> lines) : IProgress<StartProgress>
    {
        public void Report(StartProgress value) => lines.Report(Describe(value));
    }

    private sealed class StatusLine(StatusContext context) : IProgress<string>
    {
        public void Report(string value) => context.Status = Markup.Escape(value);
    }

    private sealed class PlainLines(bool quiet) : IProgress<string>
    {
        private readonly long _started = TimeProvider.System.GetTimestamp();
        private string? _last;

        public void Report(string value)
        {
            TimeSpan elapsed = TimeProvider.System.GetElapsedTime(_started);
            if (quiet || value == _last || elapsed < Patience)
            {
                return;
            }

            _last = value;
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{elapsed.TotalSeconds,6:0.0} s  {value}"));
        }
    }
}
