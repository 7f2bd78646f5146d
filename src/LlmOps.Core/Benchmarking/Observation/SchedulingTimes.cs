using System.Globalization;
using LlmOps.Hardware;

namespace LlmOps.Benchmarking.Observation;

/// <summary>How long the threads of this process have run, and waited for a processor while ready to run.</summary>
/// <remarks>Source: Linux <c>Documentation/scheduler/sched-stats.rst</c>: nanoseconds run, nanoseconds waited, times run, for each thread.</remarks>
internal sealed class SchedulingTimes
{
    private const string Tasks = "/proc/self/task";

    private readonly Dictionary<string, (long Run, long Waited, long Times)> _threads = [];

    /// <summary>Reads all threads; one that ends meanwhile is left out.</summary>
    public static SchedulingTimes Read(SystemFiles files)
    {
        SchedulingTimes times = new();
        foreach (string thread in files.List(Tasks))
        {
            string[] fields = (files.ReadText($"{Tasks}/{thread}/schedstat") ?? string.Empty).Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (fields.Length == 3 && Number(fields[0]) is { } run && Number(fields[1]) is { } waited && Number(fields[2]) is { } count)
            {
                times._threads[thread] = (run, waited, count);
            }
        }

        return times;

        static long? Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
    }

    /// <summary>The wait each time, mean, and the time run, since an earlier moment. A thread that has ended since is in neither.</summary>
    /// <returns>Null when no thread has run, or the system does not tell.</returns>
    public (double DelaySeconds, double RunSeconds)? Since(SchedulingTimes earlier)
    {
        long run = 0;
        long waited = 0;
        long times = 0;
        foreach ((string thread, (long Run, long Waited, long Times) now) in _threads)
        {
            (long Run, long Waited, long Times) before = earlier._threads.GetValueOrDefault(thread);
            run += now.Run - before.Run;
            waited += now.Waited - before.Waited;
            times += now.Times - before.Times;
        }

        return times > 0 ? (waited * 1e-9 / times, run * 1e-9) : null;
    }
}
