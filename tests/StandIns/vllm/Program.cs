namespace LlmOps.StandIns.Vllm;

/// <summary>
/// The stand-in's entry: <c>serve …</c> as vLLM has it, <c>caovan-vllm-serve …</c> as the plugin's launcher has it, and <c>install FOLDER</c>, which makes an
/// environment of Python in which LlmOps finds the stand-in as it finds vLLM.
/// </summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        string version = Environment.GetEnvironmentVariable("VLLM_STAND_IN_VERSION") ?? "0.21.0";
        try
        {
            switch (arguments)
            {
                case ["install", var folder, .. var rest]:
                    FakeEnvironment.Write(folder, rest.Contains("--plugin"), Option(rest, "--version") ?? version);
                    return 0;
                case ["--version" or "-v"]:
                    Console.Out.WriteLine(version);
                    return 0;
                case ["serve", .. var rest] when rest.Any(word => word is "-h" or "--help" || word.StartsWith("--help=", StringComparison.Ordinal)):
                    HelpPage.Write(Console.Out, FlagTable.Of(version));
                    return 0;
                case ["serve", .. var rest]:
                    return await Serving.RunAsync(CommandLine.Parse(rest, FlagTable.Of(version)), version, null);
                case ["caovan-vllm-serve", .. var rest]:
                    return await Serving.RunAsync(CaovanLauncher.Complete(rest, FlagTable.Of(version), out string banner), version, banner);
                default:
                    Console.Error.WriteLine("usage: vllm [-h] [-v] {serve} ...");
                    Console.Error.WriteLine($"vllm: error: argument subparser: invalid choice: '{(arguments is [var first, ..] ? first : string.Empty)}' (choose from serve)");
                    return 2;
            }
        }
        catch (UsageException problem)
        {
            Console.Error.WriteLine(problem.Usage);
            Console.Error.WriteLine(problem.Message);
            return 2;
        }
    }

    private static string? Option(string[] words, string name) => Array.IndexOf(words, name) is var at and >= 0 && at + 1 < words.Length ? words[at + 1] : null;
}
