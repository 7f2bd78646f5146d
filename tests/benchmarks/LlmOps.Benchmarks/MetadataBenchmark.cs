using System.Diagnostics;
using System.Globalization;
using LlmOps.Core.Tests.Models;
using LlmOps.Models;
using LlmOps.Processes;

namespace LlmOps.Benchmarks;

/// <summary>How long reading the metadata of a model with a large vocabulary takes, beside other readers of the same file where they are there.</summary>
internal static class MetadataBenchmark
{
    private const int Rounds = 60;
    private const int VocabularySize = 250_000;
    private const double TargetMilliseconds = 5;
    private const long TargetBytes = 1 << 20;

    // Each prints the milliseconds of each round; the first ones, before the compiler is done, are left aside.
    private const string Node = """
        import { gguf } from '@huggingface/gguf';
        const [file, rounds] = process.argv.slice(2);
        for (let i = 0; i < Number(rounds); i++) {
          const start = process.hrtime.bigint();
          const { metadata } = await gguf(file, { allowLocalFile: true });
          const time = Number(process.hrtime.bigint() - start) / 1e6;
          if (metadata['general.architecture'] !== 'llama') throw new Error('not read');
          console.log(time.toFixed(3));
        }
        """;

    private const string Python = """
        import sys, time
        from gguf import GGUFReader
        for i in range(int(sys.argv[2])):
            start = time.perf_counter()
            reader = GGUFReader(sys.argv[1])
            assert reader.fields['general.architecture']
            print(f'{(time.perf_counter() - start) * 1e3:.3f}')
        """;

    /// <param name="npmFolder">A folder in which <c>npm install @huggingface/gguf</c> was run; null when there is none.</param>
    /// <returns>1 when a target is missed.</returns>
    public static int Run(string? npmFolder)
    {
        string folder = Directory.CreateTempSubdirectory("llmops-metadata-").FullName;
        try
        {
            string file = Path.Combine(folder, "vocabulary.gguf");
            File.WriteAllBytes(file, Vocabulary());
            Line($"{new FileInfo(file).Length} bytes, {VocabularySize} tokens and as many merges; page cache warm");
            bool isMet = ReportOwn(file);
            ReportOther("@huggingface/gguf (node)", Node, npmFolder is null ? null : Path.Combine(npmFolder, "llmops-bench.mjs"), "node", file, 12,
                "give a folder in which `npm install @huggingface/gguf` was run");
            ReportOther("gguf (python3)", Python, Path.Combine(folder, "bench.py"), "python3", file, 3, "install Debian's python3-gguf, or name its folder in PYTHONPATH");
            return isMet ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static byte[] Vocabulary() => GgufHeader.ForModel("llama", 32)
        .Own("context_length", 131072).Text("tokenizer.ggml.model", "gpt2")
        .Texts("tokenizer.ggml.tokens", Enumerable.Range(0, VocabularySize).Select(number => $"Ġtoken{number}"))
        .Numbers("tokenizer.ggml.token_type", new int[VocabularySize])
        .Texts("tokenizer.ggml.merges", Enumerable.Range(0, VocabularySize).Select(number => $"Ġto ken{number}"))
        .Text("tokenizer.chat_template", new string('x', 8000) + "{% if m.role == 'user' %}")
        .Tensor("token_embd.weight", 0, 256, 64).Tensor("blk.0.attn_q.weight", 0, 256, 64).ToBytes();

    private static bool ReportOwn(string file)
    {
        for (int round = 0; round < Rounds; round++)
        {
            ModelReader.Read(file);
        }

        double[] times = new double[Rounds];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            ModelReader.Read(file);
            times[round] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        long allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / Rounds;
        Array.Sort(times);

        // The least: what else the machine does meanwhile is not the reader's cost.
        bool isMet = times[0] < TargetMilliseconds && allocated < TargetBytes;
        Line($"{"LlmOps",-26} least {times[0],9:0.00} ms, median {times[Rounds / 2],9:0.00} ms, {allocated / 1024.0:0} KiB allocated; target {TargetMilliseconds} ms and {TargetBytes / 1024} KiB: {(isMet ? "met" : "MISSED")}");
        return isMet;
    }

    private static void ReportOther(string name, string script, string? path, string program, string file, int rounds, string missing)
    {
        if (path is null)
        {
            Line($"{name,-26} not measured: {missing}");
            return;
        }

        File.WriteAllText(path, script);
        try
        {
            ProcessResult result = ProcessRunner.RunAsync(new ProcessRequest(program, [path, file, rounds.ToString(CultureInfo.InvariantCulture)]), CancellationToken.None).GetAwaiter().GetResult();
            if (result.ExitCode != 0)
            {
                string why = result.StandardError.Split('\n').LastOrDefault(line => line.Contains("Error", StringComparison.Ordinal))?.Trim() ?? $"exit code {result.ExitCode}";
                Line($"{name,-26} not measured: {missing} ({why})");
                return;
            }

            double[] times = [.. result.StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => double.Parse(line, CultureInfo.InvariantCulture)).Skip(rounds / 4).Order()];
            Line($"{name,-26} least {times[0],9:0.00} ms, median {times[times.Length / 2],9:0.00} ms");
        }
        catch (LlmOpsException problem)
        {
            Line($"{name,-26} not measured: {missing} ({problem.Message})");
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Line(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
