using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using LlmOps.Benchmarking;
using LlmOps.Benchmarking.SelfCheck;

namespace LlmOps.Benchmarks;

/// <summary>Measures the load generator against a server that sends each token when it is due and says when it did, beside a C program that only reads and a client of Python's aiohttp.</summary>
internal static class LoadBenchmark
{
    private static readonly (int Streams, double Rate, double Limit)[] s_loads = [(200, 50, 1), (1000, 20, 5)];

    /// <summary>Runs everything; the exit code is 1 when something missed what it must meet.</summary>
    /// <param name="server">A real server to compare the decode rate with; null for none.</param>
    public static async Task<int> RunAsync(Uri? server)
    {
        bool good = true;
        Console.WriteLine($"{Environment.ProcessorCount} cores; the server is a process of its own on the same cores");
        Console.WriteLine("| client | streams x tok/s | timing error p50 / p99 / max ms | TTFT error p50 / p99 ms | server late p99 ms | CPU us/token | tokens client / server |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- |");
        foreach ((int streams, double rate, double limit) in s_loads)
        {
            SelfCheckOptions options = new() { Streams = streams, TokensPerSecond = rate, Duration = TimeSpan.FromSeconds(20), FirstToken = TimeSpan.FromSeconds(1) };
            using (ScheduleProcess process = ScheduleProcess.Start(options))
            {
                SelfCheckResult result = await new GeneratorSelfCheck(process.Endpoint, options).RunAsync(CancellationToken.None).ConfigureAwait(false);
                Print("llmops", result);
                good &= result.TimingErrorSeconds.P99 * 1000 < limit && result.CpuMicrosecondsPerToken < 5 && result.Passed;
            }

            using (ScheduleProcess process = ScheduleProcess.Start(options))
            {
                FloorClient.Run(process.Endpoint, options);
            }

            using (ScheduleProcess process = ScheduleProcess.Start(options))
            {
                PythonClient.Run(process.Endpoint, options);
            }
        }

        good &= await LongPromptAsync().ConfigureAwait(false);
        if (server is not null)
        {
            good &= await DecodeRateAsync(server).ConfigureAwait(false);
        }

        return good ? 0 : 1;
    }

    /// <summary>One load only, without Python: for looking at what costs.</summary>
    public static async Task<int> RunOneAsync(int streams, double rate, double seconds)
    {
        SelfCheckOptions options = new() { Streams = streams, TokensPerSecond = rate, Duration = TimeSpan.FromSeconds(seconds) };
        using ScheduleProcess process = ScheduleProcess.Start(options);
        Print("llmops", await new GeneratorSelfCheck(process.Endpoint, options).RunAsync(CancellationToken.None).ConfigureAwait(false));
        return 0;
    }

    /// <summary>One line of the table.</summary>
    public static void Print(string client, SelfCheckResult result) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"| {client} | {result.Streams} x {result.TokensPerSecondPerStream:0} | {Milliseconds(result.TimingErrorSeconds.P50)} / {Milliseconds(result.TimingErrorSeconds.P99)} / {Milliseconds(result.TimingErrorSeconds.Max)} | {Milliseconds(result.TtftErrorSeconds.P50)} / {Milliseconds(result.TtftErrorSeconds.P99)} | {Milliseconds(result.ServerLatenessSeconds.P99)} | {result.CpuMicrosecondsPerToken:0.00} | {result.ClientOutputTokens} / {result.ServerOutputTokens} |"));

    private static string Milliseconds(double seconds) => (seconds * 1000).ToString("0.000", CultureInfo.InvariantCulture);

    private static async Task<bool> LongPromptAsync()
    {
        SelfCheckOptions options = new() { Streams = 4, TokensPerSecond = 20, Duration = TimeSpan.FromSeconds(1), FirstToken = TimeSpan.FromSeconds(2), PromptTokens = 131_072 };
        using ScheduleProcess process = ScheduleProcess.Start(options);
        SelfCheckResult result = await new GeneratorSelfCheck(process.Endpoint, options).RunAsync(CancellationToken.None).ConfigureAwait(false);
        double percent = 100 * ((result.MeasuredTtftSeconds / result.ScheduledTtftSeconds) - 1);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"prompt of {result.PromptTokens} tokens: TTFT scheduled {result.ScheduledTtftSeconds:0.0000} s, measured {result.MeasuredTtftSeconds:0.0000} s ({percent:+0.00;-0.00} %); prompt tokens client {result.ClientPromptTokens}, server {result.ServerPromptTokens}"));
        return Math.Abs(percent) < 2 && result.ClientPromptTokens == result.ServerPromptTokens;
    }

    private static async Task<bool> DecodeRateAsync(Uri server)
    {
        MeasurementOptions options = new() { Endpoint = server, ServerName = "real", PromptTokens = 64, OutputTokens = 1024, Requests = 6 };
        await foreach (ThroughputResult result in new ThroughputMeasurement(options).RunAsync(null, CancellationToken.None).ConfigureAwait(false))
        {
            double percent = 100 * ((result.DecodeTokensPerSecond / result.Server.DecodeTokensPerSecond!.Value) - 1);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"real server: decode {result.DecodeTokensPerSecond:0.0} tokens/s by the client, {result.Server.DecodeTokensPerSecond:0.0} by its timings ({percent:+0.00;-0.00} %); tokens {result.OutputTokens} / {result.Server.OutputTokens}; prompt tokens from its cache {result.CachedPromptTokens}"));
            return Math.Abs(percent) < 2 && result.OutputTokens == result.Server.OutputTokens;
        }

        return false;
    }
}
