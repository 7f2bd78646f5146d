using System.Globalization;
using LlmOps.Cli.Output;
using LlmOps.Hardware;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops gpu --watch</c>: a line for each GPU and round, until interrupted or for so many rounds.</summary>
internal static class GpuWatch
{
    private const string Head = "time          gpu  util%  mem%  used       power    temp  clock     PCIe out    PCIe in";

    public static async Task<int> RunAsync(GpuTopology topology, TimeSpan interval, int? rounds, CancellationToken cancellationToken)
    {
        if (topology.Gpus.Count == 0)
        {
            throw new LlmOpsException("there is no GPU to watch; 'llmops gpu' tells what was looked for.", "GpuNotFound") { Kind = ErrorKind.NotFound };
        }

        using GpuSampler sampler = new(topology, new SurveyOptions());
        Console.Out.WriteLine(Head);
        int left = rounds ?? int.MaxValue;
        await foreach (IReadOnlyList<GpuSample> round in sampler.RunAsync(interval, cancellationToken).ConfigureAwait(false))
        {
            foreach (GpuSample sample in round)
            {
                Console.Out.WriteLine(Line(sample));
            }

            if (--left <= 0)
            {
                break;
            }
        }

        SamplingCost cost = sampler.Cost;
        Screen.Error.Line(string.Create(CultureInfo.InvariantCulture, $"{cost.Rounds} rounds, {cost.Mean.TotalMilliseconds:0.0} ms each: {cost.ShareAt(interval):P2} of one processor at most; {cost.Missed} missed."));
        return ExitCode.Success;
    }

    private static string Line(GpuSample sample) => string.Create(
        CultureInfo.InvariantCulture,
        $"{sample.At:HH:mm:ss.fff}  {sample.Index,3}  {sample.UtilizationPercent,5}  {sample.MemoryUtilizationPercent,4}  {Screen.Size(sample.MemoryUsedBytes),-9}  {sample.PowerWatts,5:0} W  {sample.TemperatureCelsius,4}  {sample.GraphicsMhz,4} MHz  {Rate(sample.PcieSentBytesPerSecond),10}  {Rate(sample.PcieReceivedBytesPerSecond),10}").TrimEnd();

    private static string? Rate(long? bytes) => bytes is { } known ? Bytes.FormatRate(known) : null;
}
