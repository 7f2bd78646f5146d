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

    /// <summary>The most elements of values that a layer of <paramref name="model"/> keeps for a token.</summary>
    /// <remarks>Without flash attention values are stored transposed, and every layer has as many rows as the widest one (n_embd_v_gqa_max).</remarks>
    public static long WidestValues(ModelDescription model)
    {
        long widest = 0;
        foreach (AttentionShape shape in model.Attention)
        {
            widest = Math.Max(widest, (long)shape.KeyValueHeadCount * shape.ValueLength);
        }

        return widest;
    }

    /// <summary>Bytes of a layer's keys and of its values over all slots.</summary>
    /// <param name="shape">The layer's attention.</param>
    /// <param name="placement">Context, slots and types.</param>
    /// <param name="widestValues">As of <see cref="WidestValues"/>; null where all layers are alike.</param>
    public static (long Keys, long Values) Bytes(AttentionShape shape, Placement placement, long? widestValues = null)
    {
        if (shape.KeyValueHeadCount == 0)
        {
            return (0, 0);
        }

        long values = (long)shape.KeyValueHeadCount * shape.ValueLength;
        if (!placement.FlashAttention && values > 0 && widestValues is { } widest)
        {
            values = widest;
        }

        long rows = Cells(shape, placement) * (placement.Unified ? 1 : placement.Slots);
        return (
            rows * KvCacheTypes.RowBytes(placement.TypeK, (long)shape.KeyValueHeadCount * shape.KeyLength),
            rows * KvCacheTypes.RowBytes(placement.TypeV, values));
    }

    private static long Pad(long cells) => (cells + CellPadding - 1) / CellPadding * CellPadding;
}
