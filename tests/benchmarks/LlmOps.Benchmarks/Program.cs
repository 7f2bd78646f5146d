using System.Globalization;
using LlmOps.Benchmarking.SelfCheck;

namespace LlmOps.Benchmarks;

/// <summary>Runs the benchmark that is named.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["first", string root]:
                TopologyBenchmark.PrintFirst(root);
                return 0;
            case ["topology"]:
                return TopologyBenchmark.Run(null);
            case ["topology", string llmops]:
                return TopologyBenchmark.Run(llmops);
            case [ScheduleServerProgram.Verb, string firstToken, string interval]:
                return ScheduleServerProgram.Run(double.Parse(firstToken, CultureInfo.InvariantCulture), double.Parse(interval, CultureInfo.InvariantCulture));
            case ["load"]:
                return await LoadBenchmark.RunAsync(null).ConfigureAwait(false);
            case ["load", string streams, string rate, string seconds]:
                return await LoadBenchmark.RunOneAsync(int.Parse(streams, CultureInfo.InvariantCulture), double.Parse(rate, CultureInfo.InvariantCulture), double.Parse(seconds, CultureInfo.InvariantCulture)).ConfigureAwait(false);
            case ["load", string server]:
                return await LoadBenchmark.RunAsync(new Uri(server)).ConfigureAwait(false);
            case ["metadata"]:
                return MetadataBenchmark.Run(null);
            case ["metadata", string npmFolder]:
                return MetadataBenchmark.Run(npmFolder);
            case ["fuzz", string minutes, .. string[] rest] when double.TryParse(minutes, CultureInfo.InvariantCulture, out double time):
                return FuzzRun.Run(TimeSpan.FromMinutes(time), rest is [string seed] && int.TryParse(seed, CultureInfo.InvariantCulture, out int number) ? number : Environment.TickCount);
            case ["faults", .. var rest]:
                return FaultBenchmark.Run(all: rest is ["all"]);
            case ["start", string command, .. var more]:
                return await StartBenchmark.RunAsync(command, more is [var rounds] ? Number(rounds) : 20);
            case ["chaos", string command, string kills]:
                return await ChaosBenchmark.RunAsync(Number(kills), command);
            case ["doctor", string command, .. var rest]:
                return await DoctorBenchmark.RunAsync(command, rest is [var model] ? model : null).ConfigureAwait(false);
            case ["plan"]:
                return PlanBenchmark.Run();
            case ["headers", string folder]:
                Core.Tests.Planning.HeaderOnlyModel.WriteHeaders(folder);
                return 0;
            case ["speeds", string rates]:
                return SpeedBenchmark.Run(rates);
            default:
                Console.Error.WriteLine("usage: LlmOps.Benchmarks doctor PATH OF llmops [MODEL] | plan | speeds RATES.json | headers FOLDER | topology [PATH OF llmops] | faults [all] | start PATH OF llmops [ROUNDS] | chaos PATH OF llmops KILLS | load [URL OF A llama-server | STREAMS TOKENS_PER_SECOND SECONDS] | metadata [FOLDER WITH node_modules] | fuzz MINUTES [SEED]");
                return 2;
        }
    }

    private static int Number(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
