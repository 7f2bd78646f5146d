using LlmOps.Engines;
using LlmOps.Models;

namespace LlmOps.Benchmarks;

/// <summary>Hundreds of kills at random moments; fails when anything is orphaned, recorded wrongly or leaked.</summary>
internal static class ChaosBenchmark
{
    public static async Task<int> RunAsync(int kills, string llmops)
    {
        string folder = Directory.CreateTempSubdirectory("llmops-chaos-").FullName;
        try
        {
            string model = Path.Combine(folder, "tiny.gguf");
            TinyModelWriter.Write(model, new TinyModelOptions());
            EngineCapabilities engine = await new EngineLocator(new EngineLocatorOptions()).RequireAsync(null, CancellationToken.None);
            int seed = Environment.TickCount;
            Console.Out.WriteLine($"seed {seed}");
            ChaosRun run = new(llmops, engine, model, folder, seed);
            await run.RunAsync(kills, Console.Out.WriteLine, CancellationToken.None);
            Console.Out.WriteLine($"killed: {string.Join(", ", run.Killed.Select(pair => $"{pair.Key} {pair.Value}"))}");
            Console.Out.WriteLine($"states met: {string.Join(", ", run.Met.Select(pair => $"{pair.Key} {pair.Value}"))}");
            Console.Out.WriteLine($"wrong: {run.Wrong.Count}");
            foreach (string wrong in run.Wrong)
            {
                Console.Out.WriteLine($"  {wrong}");
            }

            return run.Wrong.Count == 0 ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
