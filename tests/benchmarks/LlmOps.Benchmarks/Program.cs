namespace LlmOps.Benchmarks;

/// <summary>Runs the benchmark that is named.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        switch (arguments)
        {
            // What the side-by-side measurement starts: a .NET program that does nothing.
            case ["empty"]:
                return 0;
            case ["first", string root]:
                TopologyBenchmark.PrintFirst(root);
                return 0;
            case ["topology"]:
                return TopologyBenchmark.Run(null);
            case ["topology", string llmops]:
                return TopologyBenchmark.Run(llmops);
            default:
                Console.Error.WriteLine("usage: LlmOps.Benchmarks topology [PATH OF llmops]");
                return 2;
        }
    }
}
