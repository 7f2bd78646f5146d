namespace LlmOps.Cli;

/// <summary>What the command's exit codes mean.</summary>
internal static class ExitCode
{
    /// <summary>It worked.</summary>
    public const int Success = 0;

    /// <summary>A finding failed: a check, a plan that does not fit.</summary>
    public const int FindingFailed = 1;

    /// <summary>Bad input: an argument, a file, a name.</summary>
    public const int BadInput = 2;

    /// <summary>A server or an engine failed, or took too long.</summary>
    public const int ServerFailed = 3;

    /// <summary>An error that nobody foresaw (EX_SOFTWARE of sysexits.h).</summary>
    public const int Unexpected = 70;

    /// <summary>What a shell reports for a process that a signal ended: 128 and the signal's number.</summary>
    public static int ForSignal(int number) => 128 + number;
}
