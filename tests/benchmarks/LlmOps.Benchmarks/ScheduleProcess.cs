using System.Diagnostics;
using System.Globalization;
using LlmOps.Benchmarking.SelfCheck;

namespace LlmOps.Benchmarks;

/// <summary>The exact-schedule server in a process of its own.</summary>
internal sealed class ScheduleProcess : IDisposable
{
    private readonly Process _process;

    private ScheduleProcess(Process process, Uri endpoint) => (_process, Endpoint) = (process, endpoint);

    public Uri Endpoint { get; }

    /// <summary>Starts this program once more, as the server.</summary>
    public static ScheduleProcess Start(SelfCheckOptions options)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true };
        start.ArgumentList.Add(ScheduleServerProgram.Verb);
        start.ArgumentList.Add(options.FirstToken.TotalMilliseconds.ToString(CultureInfo.InvariantCulture));
        start.ArgumentList.Add((1e6 / options.TokensPerSecond).ToString(CultureInfo.InvariantCulture));
        Process process = Process.Start(start)!;
        string port = process.StandardOutput.ReadLine()!;
        return new ScheduleProcess(process, new Uri($"http://127.0.0.1:{port}"));
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
