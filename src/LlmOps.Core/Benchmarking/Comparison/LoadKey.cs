using System.Globalization;

namespace LlmOps.Benchmarking.Comparison;

/// <summary>What makes two load points the same load.</summary>
internal sealed record LoadKey(ArrivalProcess Arrival, int Concurrency, double? Rate, int PromptTokens, int OutputTokens, int SharedPrefixTokens)
{
    public static LoadKey Of(ThroughputResult result) => new(
        result.Arrival,
        result.RequestRate is null ? result.Concurrency : 0,
        result.RequestRate,
        result.RequestedPromptTokens,
        result.RequestedOutputTokens,
        result.SharedPrefixTokens);

    public override string ToString()
    {
        string load = Rate is { } rate ? Text($"{rate:0.###} requests/s") : Concurrency == 1 ? "1 stream" : Text($"{Concurrency} streams");
        return Text($"{load}, {PromptTokens} → {OutputTokens} tokens");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
