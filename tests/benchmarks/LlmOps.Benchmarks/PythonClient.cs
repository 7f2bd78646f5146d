using System.Diagnostics;
using System.Globalization;
using LlmOps.Benchmarking.SelfCheck;

namespace LlmOps.Benchmarks;

/// <summary>The same load by a client of Python's asyncio and aiohttp, as other tools are built.</summary>
internal static class PythonClient
{
    /// <summary>Where a distribution's package puts aiohttp, whatever other Python is first on PATH.</summary>
    private const string DebianPython = "/usr/bin/python3";

    public static void Run(Uri endpoint, SelfCheckOptions options)
    {
        ProcessStartInfo start = new(File.Exists(DebianPython) ? DebianPython : "python3") { RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "aiohttp-client.py"));
        start.ArgumentList.Add(endpoint.AbsoluteUri);
        start.ArgumentList.Add(options.Streams.ToString(CultureInfo.InvariantCulture));
        start.ArgumentList.Add(options.TokensPerSecond.ToString(CultureInfo.InvariantCulture));
        start.ArgumentList.Add(((int)Math.Round(options.Duration.TotalSeconds * options.TokensPerSecond)).ToString(CultureInfo.InvariantCulture));
        try
        {
            using Process process = Process.Start(start)!;
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                Console.WriteLine($"| aiohttp | not measured: {errors.Trim().Split('\n')[^1]} | | | | | |");
            }
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            Console.WriteLine($"| aiohttp | not measured: python3 does not start ({exception.Message}) | | | | | |");
        }
    }
}
