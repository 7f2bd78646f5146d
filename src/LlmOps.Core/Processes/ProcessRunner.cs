using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace LlmOps.Processes;

/// <summary>Runs a command to its end and returns what it printed. The only place that starts short-lived processes.</summary>
/// <remarks>
/// CliWrap would be the library for this; it is not on every package feed that this project must restore from, so one small
/// class stands in for it. Replace it when that changes.
/// </remarks>
public static class ProcessRunner
{
    /// <summary>ETXTBSY of errno.h, the same number on Linux and macOS.</summary>
    private const int TextFileBusy = 26;

    private const int BusyAttempts = 100;

    private static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(10);

    /// <summary>Runs <paramref name="request"/>.</summary>
    /// <exception cref="ProcessStartException">The program is missing or cannot be executed.</exception>
    /// <exception cref="TimeoutException">It outlived <see cref="ProcessRequest.Timeout"/>; its whole tree was killed.</exception>
    /// <exception cref="OperationCanceledException">The caller cancelled; its whole tree was killed.</exception>
    public static async Task<ProcessResult> RunAsync(ProcessRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using Process process = await StartAsync(request, cancellationToken).ConfigureAwait(false);
        StringBuilder output = new();
        StringBuilder error = new();
        Lock oneLineAtATime = new();
        Task readOutput = ReadLinesAsync(process.StandardOutput, output, request, oneLineAtATime);
        Task readError = ReadLinesAsync(process.StandardError, error, request, oneLineAtATime);

        // Beside the readers: a command that answers while it is still being told would else wait for us, and we for it.
        Task written = WriteInputAsync(process, request.Input);
        using CancellationTokenSource deadline = new(request.Timeout ?? Timeout.InfiniteTimeSpan);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            await process.WaitForExitAsync(either.Token).ConfigureAwait(false);
            await Task.WhenAll(readOutput, readError, written).WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            bool ended = Kill(process);
            cancellationToken.ThrowIfCancellationRequested();
            throw new TimeoutException($"{request.FileName} did not finish within {request.Timeout?.TotalSeconds:0.#} s and {(ended ? "was ended" : $"could not be ended by this user (process {process.Id})")}.");
        }

        return new ProcessResult(process.ExitCode, output.ToString(), error.ToString());
    }

    private static async Task WriteInputAsync(Process process, string? input)
    {
        try
        {
            if (input is not null)
            {
                await process.StandardInput.WriteAsync(input).ConfigureAwait(false);
            }

            process.StandardInput.Close();
        }
        catch (IOException) when (input is not null)
        {
            // It ended without reading all of it; its exit code says what that means.
        }
    }

    private static async Task<Process> StartAsync(ProcessRequest request, CancellationToken cancellationToken)
    {
        // A program that this process has just written stays "busy" for as long as any child that another thread is starting
        // right now holds an inherited copy of the descriptor it was written through: until that child's exec, a moment.
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return Start(request);
            }
            catch (ProcessStartException problem) when (attempt < BusyAttempts && problem.InnerException is Win32Exception { NativeErrorCode: TextFileBusy })
            {
                await Task.Delay(BusyPause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static Process Start(ProcessRequest request)
    {
        ProcessStartInfo start = new(request.FileName, request.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            UseShellExecute = false,
            CreateNoWindow = true,
            WorkingDirectory = request.WorkingDirectory ?? string.Empty,
        };
        foreach ((string name, string? value) in request.Environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (Exception problem) when (problem is Win32Exception or FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ProcessStartException($"'{request.FileName}' could not be started: {problem.Message}", problem);
        }
    }

    private static async Task ReadLinesAsync(StreamReader reader, StringBuilder kept, ProcessRequest request, Lock oneLineAtATime)
    {
        BoundedLines lines = new(reader);
        while (await lines.ReadAsync().ConfigureAwait(false) is { } line)
        {
            if (kept.Length + line.Length < request.OutputLimit)
            {
                kept.Append(line).Append('\n');
            }

            if (request.OnOutputLine is { } listener)
            {
                lock (oneLineAtATime)
                {
                    listener(line);
                }
            }
        }
    }

    private static bool Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
            return true;
        }
        catch (InvalidOperationException)
        {
            return true; // It ended between the decision and the kill, which is what was wanted.
        }
        catch (Exception problem) when (problem is Win32Exception or AggregateException)
        {
            return false; // What sudo started is root's, and stays.
        }
    }
}
