using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>Keys and values that attention keeps.</summary>
/// <remarks>Source: llama.cpp <c>src/llama-kv-cache.cpp</c> and <c>src/llama-kv-cache-iswa.cpp</c>.</remarks>
internal static class KvCache
{
    private const int CellPadding = 256;

    /// <summary>Cells of one stream of a layer's cache.</summary>
    public static long Cells(AttentionShape shape, Placement placement)
    {
        long cells = Pad(placement.Unified ? placement.ContextLength : placement.ContextLength / placement.Slots);
        return shape.SlidingWindow is { } window && !placement.FullWindow
            ? Math.Min(cells, Pad(((long)window * (placement.Unified ? placement.Slots : 1)) + placement.UbatchSize))
            : cells;
    }

    /// <summary>Bytes of a layer's keys and of its values over all slots.</summary>
    public static (long Keys, long Values) Bytes(AttentionShape shape, Placement placement)
    {
        if (shape.KeyValueHeadCount == 0)
        {
            return (0, 0);
        }

        long rows = Cells(shape, placement) * (placement.Unified ? 1 : placement.Slots);
        return (
            rows * KvCacheTypes.RowBytes(placement.TypeK, (long)shape.KeyValueHeadCount * shape.KeyLength),
            rows * KvCacheTypes.RowBytes(placement.TypeV, (long)shape.KeyValueHeadCount * shape.ValueLength));
    }

    private static long Pad(long cells) => (cells + CellPadding - 1) / CellPadding * CellPadding;
}
