using System.Diagnostics;
using System.Globalization;
using System.Net;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Models;

namespace LlmOps.Benchmarks;

/// <summary>How much later a server is ready when LlmOps starts it than when a shell does, by turns.</summary>
internal static class StartBenchmark
{
    private static readonly TimeSpan s_settling = TimeSpan.FromMilliseconds(300);

    public static async Task<int> RunAsync(string llmops, int rounds)
    {
        string folder = Directory.CreateTempSubdirectory("llmops-start-").FullName;
        try
        {
            string model = Path.Combine(folder, "tiny.gguf");
            TinyModelWriter.Write(model, new TinyModelOptions());
            EngineCapabilities engine = await new EngineLocator(new EngineLocatorOptions()).RequireAsync(null, CancellationToken.None);
            List<double> bare = [];
            List<double> managed = [];
            for (int round = 0; round < rounds; round++)
            {
                // What the round before stopped still gives its memory back, on the same processors.
                await Task.Delay(s_settling);
                bare.Add(await BareAsync(engine, model));
                await Task.Delay(s_settling);
                managed.Add(await ManagedAsync(llmops, engine, model, folder));
            }

            Console.Out.WriteLine("| start to ready | fastest ms | median ms |");
            Console.Out.WriteLine("|---|---|---|");
            Row("llama-server by itself, to the first 200 of /health", bare);
            Row("llmops start, to its end", managed);
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| added | {managed.Min() - bare.Min():0} | {Median(managed) - Median(bare):0} |"));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Row(string what, List<double> times) =>
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {times.Min():0} | {Median(times):0} |"));

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);

    private static async Task<double> BareAsync(EngineCapabilities engine, string model)
    {
        int port = FreePorts.Next();
        LaunchCommand command = LaunchCommandBuilder.Build(Config(engine, model, port), engine);
        ProcessStartInfo start = new(command.File, command.Arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        long began = Stopwatch.GetTimestamp();
        using Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using HttpClient client = new();
        while (true)
        {
            try
            {
                if ((await client.GetAsync(new Uri($"http://127.0.0.1:{port}/health"))).StatusCode == HttpStatusCode.OK)
                {
                    break;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(1);
        }

        double taken = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        return taken;
    }

    private static async Task<double> ManagedAsync(string llmops, EngineCapabilities engine, string model, string folder)
    {
        string file = Path.Combine(folder, "server.yaml");
        await File.WriteAllTextAsync(file, ServerConfigFile.ToYaml(Config(engine, model, FreePorts.Next())));
        long began = Stopwatch.GetTimestamp();
        await LlmOpsAsync(llmops, folder, "start", file);
        double taken = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        await LlmOpsAsync(llmops, folder, "stop", "start-benchmark");
        return taken;
    }

    private static async Task LlmOpsAsync(string llmops, string folder, params string[] arguments)
    {
        ProcessStartInfo start = new(llmops, arguments) { RedirectStandardOutput = true };
        start.Environment["XDG_STATE_HOME"] = folder;
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"llmops {string.Join(' ', arguments)} ended with {process.ExitCode}: {output}");
        }
    }

    private static ServerConfig Config(EngineCapabilities engine, string model, int port) => new()
    {
        Name = "start-benchmark",
        EnginePath = engine.Path,
        Model = model,
        Endpoint = new ServerEndpoint { Port = port },
        Options = OptionSet.Empty.With("contextLength", 2048L).With("parallel", 1L),
    };
}
