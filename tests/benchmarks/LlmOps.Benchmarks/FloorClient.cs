using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using LlmOps.Benchmarking.SelfCheck;

namespace LlmOps.Benchmarks;

/// <summary>The same load by a C program that only reads: what the kernel alone costs.</summary>
internal static class FloorClient
{
    /// <summary>As long as the transport leaves its sockets alone.</summary>
    private const string PauseMilliseconds = "8";

    public static void Run(Uri endpoint, SelfCheckOptions options)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "floor-client");
        string? problem = Start("cc", ["-O2", "-o", program, program + ".c"], out _);
        string tokens = ((int)Math.Round(options.Duration.TotalSeconds * options.TokensPerSecond)).ToString(CultureInfo.InvariantCulture);
        string printed = "";
        problem ??= Start(program, [endpoint.Port.ToString(CultureInfo.InvariantCulture), options.Streams.ToString(CultureInfo.InvariantCulture), tokens, PauseMilliseconds], out printed);
        Console.WriteLine(problem is not null
            ? $"| C, reading only | not measured: {problem} | | | | | |"
            : string.Create(CultureInfo.InvariantCulture, $"| C, reading only | {options.Streams} x {options.TokensPerSecond:0} | - | - | - | {printed.Split(' ')[0]} | - |"));
    }

    private static string? Start(string program, string[] arguments, out string printed)
    {
        printed = "";
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            printed = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : errors.Result.Trim().Split('\n')[^1];
        }
        catch (Win32Exception exception)
        {
            return $"{program} does not start ({exception.Message})";
        }
    }
}
