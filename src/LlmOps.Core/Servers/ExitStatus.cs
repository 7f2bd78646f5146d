using System.Globalization;

namespace LlmOps.Servers;

/// <summary>How a process ended.</summary>
/// <param name="Code">Its exit code; null when a signal ended it.</param>
/// <param name="Signal">The signal that ended it: <c>SIGKILL</c>; null when none did.</param>
public readonly record struct ExitStatus(int? Code, string? Signal)
{
    // Numbers of Linux on x86-64 and Arm; the order of signal(7).
    private static readonly string[] s_signals =
    [
        "", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV",
        "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU",
        "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
    ];

    /// <summary>Reads the exit code as .NET and shells give it: 128 + n when signal n ended the process.</summary>
    public static ExitStatus FromExitCode(int exitCode) =>
        !OperatingSystem.IsWindows() && exitCode - 128 is var number && number > 0 && number < s_signals.Length
            ? new ExitStatus(null, s_signals[number])
            : new ExitStatus(exitCode, null);

    /// <summary>Whether it ended with success.</summary>
    public bool IsSuccess => Code == 0;

    /// <inheritdoc />
    public override string ToString() => Signal is not null
        ? $"signal {Signal}"
        : string.Create(CultureInfo.InvariantCulture, $"exit code {Code}");
}
