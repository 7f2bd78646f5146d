using System.Text;
using LlmOps.Logs;

namespace LlmOps.Servers;

/// <summary>Carries an engine's output to its log: whole lines, each with the time of its arrival and without secrets.</summary>
/// <param name="source">What the engine writes to.</param>
/// <param name="log">Where it goes.</param>
/// <param name="mask">What must not get there.</param>
/// <param name="onLine">Called with each line as it was logged, without the time.</param>
internal sealed class LogPump(Stream source, RotatingLog log, SecretMask mask, Action<string> onLine)
{
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the last process that holds the engine's output has closed it and all of it is logged.</summary>
    public Task Finished => _finished.Task;

    /// <summary>Begins, on a thread of its own: a pipe is read by blocking on it, and the engine must never wait for the thread pool.</summary>
    public void Start() => new Thread(Run, 256 * 1024) { IsBackground = true, Name = "engine output" }.Start();

    private void Run()
    {
        byte[] buffer = new byte[64 * 1024];
        using MemoryStream batch = new(buffer.Length);
        int lines = 0;
        LineSplitter splitter = new(TakeLine);
        try
        {
            while (source.Read(buffer) is var read and > 0)
            {
                splitter.Feed(buffer.AsSpan(0, read));
                Flush();
            }

            splitter.Finish();
            Flush();
            _finished.SetResult();
        }
        catch (Exception problem) when (problem is IOException or ObjectDisposedException)
        {
            // The supervisor let go of the pipe because a stray process kept it open after the engine's end.
            Flush();
            _finished.SetResult();
        }

        void TakeLine(ReadOnlySpan<byte> line)
        {
            LogLine.WriteTime(DateTimeOffset.UtcNow, batch);
            int start = (int)batch.Length;
            mask.Write(line, batch);
            onLine(Encoding.UTF8.GetString(batch.GetBuffer().AsSpan(start, (int)batch.Length - start)));
            batch.WriteByte((byte)'\n');
            lines++;
        }

        void Flush()
        {
            if (lines > 0)
            {
                log.Append(batch.GetBuffer().AsSpan(0, (int)batch.Length), lines);
                batch.SetLength(0);
                lines = 0;
            }
        }
    }
}
