using System.Globalization;

namespace LlmOps.StandIns.Vllm;

/// <summary>Writes lines in vLLM's frame: <c>(EngineCore pid=7) INFO 06-08 21:50:05 [monitor.py:53] text</c>; bars go to the error stream with carriage returns.</summary>
internal static class Log
{
    /// <summary>The server's own part.</summary>
    public const string Server = "APIServer";

    /// <summary>The scheduler's process.</summary>
    public const string Core = "EngineCore";

    private static readonly Lock s_lock = new();

    /// <summary>A line.</summary>
    public static void Info(string process, string where, string text) => Write(process, "INFO", where, text);

    /// <summary>A line about something odd.</summary>
    public static void Warning(string process, string where, string text) => Write(process, "WARNING", where, text);

    /// <summary>Lines of an error, each in the frame, as vLLM writes tracebacks.</summary>
    public static void Error(string process, string where, params string[] lines)
    {
        foreach (string line in lines)
        {
            Write(process, "ERROR", where, line);
        }
    }

    /// <summary>A line of another library, without the frame's level and time.</summary>
    public static void Bare(string process, string text) => Line(Console.Out, $"({process} pid={PidOf(process)}) {text}");

    /// <summary>A state of a progress bar.</summary>
    public static void Bar(string text)
    {
        lock (s_lock)
        {
            Console.Error.Write(text + "\r");
            Console.Error.Flush();
        }
    }

    /// <summary>The end of a progress bar.</summary>
    public static void EndBar() => Line(Console.Error, string.Empty);

    private static void Write(string process, string level, string where, string text) =>
        Line(Console.Out, string.Create(CultureInfo.InvariantCulture, $"({process} pid={PidOf(process)}) {level} {DateTime.Now:MM-dd HH:mm:ss} [{where}] {text}"));

    // One process here where vLLM has several: the numbers are as different as theirs.
    private static int PidOf(string process) => Environment.ProcessId + (process == Server ? 0 : process == Core ? 27 : 49 + (process[^1] - '0'));

    private static void Line(TextWriter to, string text)
    {
        lock (s_lock)
        {
            to.Write(text + "\n");
            to.Flush();
        }
    }
}
