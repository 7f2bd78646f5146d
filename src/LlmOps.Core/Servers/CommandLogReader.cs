using System.Collections.Concurrent;
using System.Diagnostics;
using LlmOps.Logs;

namespace LlmOps.Servers;

/// <summary>Follows a log that a command prints: <c>docker logs --follow</c>, <c>journalctl --follow</c>.</summary>
internal sealed class CommandLogReader : ILogReader
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly Process _process;
    private readonly SecretMask _mask;
    private readonly Func<string, string> _toLine;
    private readonly Task _reading;

    /// <summary>Starts the command.</summary>
    /// <param name="file">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="mask">What no line may show.</param>
    /// <param name="toLine">Turns what the command prints into a line of ours, with the time in front.</param>
    public CommandLogReader(string file, IReadOnlyList<string> arguments, SecretMask mask, Func<string, string> toLine)
    {
        (_mask, _toLine) = (mask, toLine);
        ProcessStartInfo start = new(file, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        _reading = Task.WhenAll(ReadAsync(_process.StandardOutput), ReadAsync(_process.StandardError));
    }

    /// <summary>Whether nothing more will come.</summary>
    public bool HasEnded => _reading.IsCompleted && _lines.IsEmpty;

    /// <inheritdoc />
    public IReadOnlyList<string> ReadNew(bool keepPartial)
    {
        if (!keepPartial)
        {
            // The server has ended, and so will the command in a moment: what it still has is the server's last words.
            _reading.Wait(TimeSpan.FromSeconds(2));
        }

        List<string> lines = [];
        while (_lines.TryDequeue(out string? line))
        {
            lines.Add(line);
        }

        return lines;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            _lines.Enqueue(_mask.Apply(_toLine(line)));
        }
    }
}
