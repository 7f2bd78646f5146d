using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>What the server keeps in main memory beside the model's own buffers.</summary>
/// <remarks>Source: llama.cpp <c>src/llama-context.cpp</c> (output_reserve) and <c>tools/server/server-context.cpp</c> (prompt cache, checkpoints).</remarks>
internal static class HostTerms
{
    // Beside those at a distance from one another: at the last user message and twice near the end of the prompt.
    private const int CheckpointsOfAPrompt = 3;

    /// <summary>Bytes of what is handed out: rows of logits for slots and draft tokens, and the hidden states of a batch where next-token layers draft.</summary>
    public static long Output(ModelDescription model, Placement placement)
    {
        long logits = (long)model.VocabularySize * placement.Slots * (1 + placement.DraftTokens) * sizeof(float);
        return placement.DraftsNextTokens ? logits + ((long)model.EmbeddingLength * placement.BatchSize * sizeof(float)) : logits;
    }

    /// <summary>The most bytes of states to go back to. Only models that forget have them: recurrent ones, and those with sliding windows.</summary>
    public static long Checkpoints(ModelDescription model, Placement placement)
    {
        long state = CheckpointBytes(model, placement);
        if (state == 0 || placement.Slots == 0)
        {
            return 0;
        }

        long slotContext = placement.Unified ? placement.ContextLength : placement.ContextLength / placement.Slots;
        long spaced = placement.CheckpointSpacing > 0 ? (slotContext / placement.CheckpointSpacing) + CheckpointsOfAPrompt : long.MaxValue;
        return state * placement.Slots * Math.Min(placement.CheckpointsPerSlot, spaced);
    }

    /// <summary>Bytes of one such state: what cannot be taken back token by token.</summary>
    public static long CheckpointBytes(ModelDescription model, Placement placement)
    {
        long bytes = 0;
        if (model.Recurrent is { } recurrent)
        {
            bytes = (recurrent.ConvolutionElements + recurrent.StateElements) * sizeof(float) * RecurrentState.Layers(model).Count();
        }

        if (placement.FullWindow)
        {
            return bytes;
        }

        // One sequence's cells of the windows, at most those that a single slot would have.
        Placement one = placement with { Slots = 1, Unified = true };
        foreach (AttentionShape shape in model.Attention)
        {
            if (shape.SlidingWindow is not null)
            {
                (long keys, long values) = KvCache.Bytes(shape, one);
                bytes += keys + values;
            }
        }

        return bytes;
    }
}
