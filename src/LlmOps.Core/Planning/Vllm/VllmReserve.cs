using LlmOps.Hardware;

namespace LlmOps.Planning.Vllm;

/// <summary>What must stay outside the share of a card that vLLM is given, and the share that follows.</summary>
/// <remarks>
/// vLLM fills its share to the brim with the KV pool, after one trial step. What comes later has to fit beside it: the CUDA context, NCCL, kernels and
/// buffers made at the first long prompt, the drafts' steps. The sum meets the one published figure for such cards: 22527 MiB, four drafted tokens, 262144 tokens
/// of context, steps of 8192, two cards: 2920 MiB and 0.868 (caovan.com, plugin caovan-vllm-sm75-turbo3 0.4.13). How it divides into terms is our estimate.
/// </remarks>
/// <param name="Bytes">Bytes that stay outside.</param>
/// <param name="Share">The share, three decimals.</param>
/// <param name="Terms">The sum, for people.</param>
internal sealed record VllmReserve(long Bytes, double Share, string Terms)
{
    private const double CudaContext = 330;
    private const double Communication = 170;
    private const double MostFragmentation = 1024;
    private const double PerDraftToken = 180;
    private const double PerContextToken = 2 / 1024.0;
    private const double PerBatchToken = 1 / 16.0;
    private const double PerSequence = 32;
    private const int SequencesWithin = 2;

    // The driver's total and the one that torch sees differ by a little; so does rounding.
    private const double Rounding = 0.002;
    private const double Highest = 0.95;
    private const long LeftFree = 200 * LlmOps.Bytes.MiB;

    // Where the driver does not say what it keeps for itself: 24576 MiB are 23.58 GiB to torch on an RTX 3090, 32607 are 31.37 on a 5090.
    private const double TotalToTorch = 0.983;

    /// <summary>The memory that the share is a share of: what torch sees of the card.</summary>
    public static long TotalOf(GpuDevice gpu) => gpu.MemoryReservedBytes is { } reserved
        ? gpu.MemoryTotalBytes - reserved
        : (long)(gpu.MemoryTotalBytes * TotalToTorch);

    /// <summary>The reserve for the smallest of the cards.</summary>
    public static VllmReserve Of(VllmSetting setting)
    {
        GpuDevice gpu = setting.Gpus.MinBy(device => device.MemoryTotalBytes)!;
        double total = gpu.MemoryTotalBytes / (double)LlmOps.Bytes.MiB;
        (string Name, double MiB)[] terms =
        [
            (gpu.Vendor == GpuVendor.Amd ? "HIP context" : "CUDA context", CudaContext),
            ("communication", setting.Ranks > 1 ? Communication : 0),
            ("fragmentation, 3 % of the card", Math.Min(MostFragmentation, Math.Round(total * 0.03))),
            ($"{setting.DraftTokens} drafted tokens", setting.DraftTokens * PerDraftToken),
            ($"{setting.ContextLength} tokens of context", Math.Round(setting.ContextLength * PerContextToken)),
            ($"steps of {setting.BatchTokens} tokens", Math.Round(setting.BatchTokens * PerBatchToken)),
            ("further requests", Math.Max(0, Math.Min(setting.Sequences, 64) - SequencesWithin) * PerSequence),
        ];
        double factor = setting.Mode switch { PlanMode.Stable => 1.25, PlanMode.Fast => 0.9, _ => 1 };
        double reserve = Math.Round(terms.Sum(term => term.MiB) * factor);
        double free = setting.Gpus.Min(device => (Math.Min(device.MemoryFreeBytes ?? device.MemoryTotalBytes, device.MemoryTotalBytes) - LeftFree) / (double)TotalOf(device));
        double wanted = 1 - (reserve / total) - Rounding;
        double share = Math.Clamp(Math.Min(Math.Min(wanted, Highest), free), 0.01, 1);
        string sum = string.Join(" + ", terms.Where(term => term.MiB > 0).Select(term => $"{term.MiB:0} for {term.Name}"));
        string text = $"{reserve:0} MiB stay outside: {sum}{(factor == 1 ? string.Empty : $", times {factor:0.##} for mode {setting.Mode.ToString().ToLowerInvariant()}")}";
        return new VllmReserve((long)(reserve * LlmOps.Bytes.MiB), Math.Floor(share * 1000) / 1000, free < Math.Min(wanted, Highest) ? text + "; less is free now" : wanted > Highest ? $"{text}; never more than {Highest}" : text);
    }
}
