using System.Globalization;

namespace LlmOps.Benchmarking.SelfCheck;

/// <summary>The process that a <see cref="ScheduleServer"/> is: prints its port and serves until it is ended or nobody uses it.</summary>
public static class ScheduleServerProgram
{
    /// <summary>The command's name.</summary>
    public const string Verb = "schedule-server";

    /// <summary>Serves.</summary>
    /// <param name="firstTokenMilliseconds">See <see cref="ScheduleServer"/>.</param>
    /// <param name="intervalMicroseconds">See <see cref="ScheduleServer"/>.</param>
    public static int Run(double firstTokenMilliseconds, double intervalMicroseconds)
    {
        using ScheduleServer server = new(TimeSpan.FromMilliseconds(firstTokenMilliseconds), TimeSpan.FromMicroseconds(intervalMicroseconds));
        Console.Out.WriteLine(server.Listen().ToString(CultureInfo.InvariantCulture));
        Console.Out.Flush();
        server.Run();
        return 0;
    }
}
