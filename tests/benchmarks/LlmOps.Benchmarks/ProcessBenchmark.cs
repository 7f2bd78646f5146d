using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using LlmOps.Processes;

namespace LlmOps.Benchmarks;

/// <summary>How long <c>llmops gpu --json</c> takes as a whole process, beside a program that does nothing and is built the same way.</summary>
/// <remarks>The programs take turns, so that what else the machine does meets all alike. The least of each is what they need and decides; the median holds what else the machine did.</remarks>
internal static class ProcessBenchmark
{
    private const int Rounds = 40;
    private const double Target = 2;

    /// <summary>Prints the figures.</summary>
    /// <returns>False when the target is missed.</returns>
    public static bool Run(string llmops)
    {
        DirectoryInfo nothing = Directory.CreateTempSubdirectory("llmops-benchmark-");
        try
        {
            Dictionary<string, string?> withoutEngine = new() { ["XDG_CACHE_HOME"] = nothing.FullName, ["PATH"] = nothing.FullName, ["LLMOPS_LLAMA_SERVER"] = null };
            (string Name, ProcessRequest Request)[] programs =
            [
                ("empty program", new ProcessRequest(PublishEmpty(), [])),
                ("llmops gpu --json, no engine", new ProcessRequest(llmops, ["gpu", "--json"]) { Environment = withoutEngine }),
                ("llmops gpu --json, this machine", new ProcessRequest(llmops, ["gpu", "--json"])),
            ];
            return Report(programs, Measure([.. programs.Select(program => program.Request)]));
        }
        finally
        {
            nothing.Delete(recursive: true);
        }
    }

    private static double[][] Measure(ProcessRequest[] requests)
    {
        double[][] times = [.. requests.Select(_ => new double[Rounds])];
        for (int round = -2; round < Rounds; round++)
        {
            for (int program = 0; program < requests.Length; program++)
            {
                long start = Stopwatch.GetTimestamp();
                ProcessResult result = Run(requests[program]);
                double time = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                if (result.ExitCode != 0)
                {
                    throw new InvalidOperationException($"{requests[program].FileName} failed: {result.StandardError}");
                }

                // The first rounds fill caches.
                if (round >= 0)
                {
                    times[program][round] = time;
                }
            }
        }

        Array.ForEach(times, Array.Sort);
        return times;
    }

    private static bool Report((string Name, ProcessRequest Request)[] programs, double[][] times)
    {
        bool isMet = true;
        for (int program = 0; program < programs.Length; program++)
        {
            double least = times[program][0];
            double median = times[program][Rounds / 2];
            string text = string.Create(CultureInfo.InvariantCulture, $"{programs[program].Name,-36} median {median,6:0.0} ms, least {least,6:0.0} ms");
            if (program > 0)
            {
                double ratio = least / times[0][0];
                isMet &= ratio < Target;
                text += string.Create(CultureInfo.InvariantCulture, $": {median / times[0][Rounds / 2]:0.00} and {ratio:0.00} times the empty one, target {Target}: {(ratio < Target ? "met" : "MISSED")}");
            }

            Console.WriteLine(text);
        }

        return isMet;
    }

    private static string PublishEmpty()
    {
        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "LlmOps.sln")))
        {
            root = root.Parent;
        }

        string repository = root?.FullName ?? throw new InvalidOperationException("run this from a clone of the repository");
        string folder = Path.Combine(repository, "artifacts", "empty");
        ProcessResult result = Run(new ProcessRequest(
            "dotnet",
            ["publish", Path.Combine(repository, "tests", "benchmarks", "LlmOps.Empty"), "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier, "--self-contained", "false", "-o", folder, "-v", "quiet", "--nologo", "-nodeReuse:false"]));
        return result.ExitCode == 0 ? Path.Combine(folder, "LlmOps.Empty") : throw new InvalidOperationException(result.StandardOutput + result.StandardError);
    }

    private static ProcessResult Run(ProcessRequest request) => ProcessRunner.RunAsync(request, CancellationToken.None).GetAwaiter().GetResult();
}
