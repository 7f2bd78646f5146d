using LlmOps.Models;

namespace LlmOps.Planning.Vllm;

/// <summary>How vLLM cuts the memory for keys, values and recurrent states into blocks.</summary>
/// <remarks>
/// All layers take pages of one size from one pool. Layers of a kind are put into groups as large as the smallest kind; a block is a page in each layer of
/// a group. Where recurrent layers take part, a page of attention is made long enough for a state, and the state is padded to it. A request takes, in each
/// group, the blocks that its kind needs; how many requests of full length fit is what vLLM prints as maximum concurrency.
/// Source: vllm <c>v1/core/kv_cache_utils.py</c>, <c>v1/kv_cache_interface.py</c>, <c>platforms/interface.py</c>.
/// </remarks>
/// <param name="BlockTokens">Tokens of an attention block.</param>
/// <param name="BytesPerBlock">Bytes of a block over all layers of a group.</param>
/// <param name="BlocksPerRequest">Blocks that a request of full length takes.</param>
/// <param name="StateBlocks">Those of them that hold recurrent states.</param>
/// <param name="Groups">Groups of layers.</param>
internal sealed record KvPool(long BlockTokens, long BytesPerBlock, long BlocksPerRequest, long StateBlocks, int Groups)
{
    private const int Alignment = 16;

    // Above this ratio the smaller kind's count of layers is the size of all groups (kv_cache_utils.py).
    private const double SimilarCounts = 1.25;

    /// <summary>Whether the model keeps anything in the pool.</summary>
    public bool IsEmpty => BytesPerBlock == 0;

    /// <summary>Bytes that one request of full length needs.</summary>
    public long RequestBytes => BlocksPerRequest * BytesPerBlock;

    /// <summary>Blocks that <paramref name="bytes"/> are.</summary>
    public long Blocks(long bytes) => BytesPerBlock == 0 ? 0 : Math.Max(0, bytes) / BytesPerBlock;

    /// <summary>Requests of full length that fit into <paramref name="bytes"/>.</summary>
    public double Requests(long bytes) => BlocksPerRequest == 0 ? 0 : (double)Blocks(bytes) / BlocksPerRequest;

    /// <summary>Tokens that fit into <paramref name="bytes"/>, as versions from 0.21 on print them: requests of full length × their length.</summary>
    public long Tokens(long bytes, long contextLength) => (long)(Requests(bytes) * contextLength);

    /// <summary>Tokens as versions before 0.21 print them: whole blocks shared out among the groups.</summary>
    public long TokensByBlocks(long bytes) => Groups == 0 ? 0 : Blocks(bytes) / Groups * BlockTokens;

    /// <summary>Most requests at a time for which there are blocks to keep their states and one block of tokens.</summary>
    public long MostSequences(long bytes) => StateBlocks == 0 ? long.MaxValue : Blocks(bytes) / (StateBlocks + 1);

    /// <summary>The pool of <paramref name="model"/> on one card.</summary>
    public static KvPool Of(ModelDescription model, VllmSetting setting)
    {
        List<Kind> kinds = Attention(model, setting);
        long pageBytes;
        long blockTokens = setting.BlockTokens ?? Alignment;
        bool hasStates = model.Recurrent is { LayerCount: > 0 };
        if (hasStates)
        {
            long state = StateBytes(model.Recurrent!, setting);
            double largest = kinds.Count == 0 ? 0 : kinds.Max(kind => kind.TokenBytes);
            if (largest > 0)
            {
                blockTokens = Math.Max(blockTokens, Alignment * (long)Math.Ceiling(state / (Alignment * largest)));
            }

            pageBytes = largest > 0 ? (long)(blockTokens * largest) : state;
        }
        else if (kinds.Count == 0)
        {
            return new KvPool(0, 0, 0, 0, 0);
        }
        else if (kinds.All(kind => kind.Window is null))
        {
            // Attention to everything, whatever its widths, is one group: each layer has pages of its own size.
            long all = (long)kinds.Sum(kind => kind.TokenBytes * blockTokens * kind.Layers);
            return new KvPool(blockTokens, all, Ceiling(setting.ContextLength, blockTokens), 0, 1);
        }
        else
        {
            pageBytes = (long)(kinds.Max(kind => kind.TokenBytes) * blockTokens);
        }

        int recurrent = hasStates ? Share(model.Recurrent!.LayerCount, setting.PipelineParallel) : 0;
        int[] counts = [.. kinds.Select(kind => kind.Layers), .. recurrent > 0 ? [recurrent] : Array.Empty<int>()];
        int size = counts.Max() < counts.Min() * SimilarCounts ? counts.Max() : counts.Min();
        long stateGroups = Ceiling(recurrent, size);
        long stateBlocks = stateGroups * (setting.MambaCacheMode switch
        {
            "all" => Ceiling(setting.ContextLength, blockTokens),
            "align" => 2 + setting.DraftTokens,
            _ => 1 + setting.DraftTokens,
        });
        long attentionGroups = kinds.Sum(kind => Ceiling(kind.Layers, size));
        long attentionBlocks = kinds.Sum(kind => Ceiling(kind.Layers, size) * kind.Blocks(setting, pageBytes));
        return new KvPool(blockTokens, pageBytes * size, attentionBlocks + stateBlocks, stateBlocks, (int)(attentionGroups + stateGroups));
    }

    private static List<Kind> Attention(ModelDescription model, VllmSetting setting)
    {
        int body = model.LayerCount - model.NextTokenLayerCount;
        bool drafts = setting.DraftTokens > 0 && setting.UsesNextTokenLayers;
        IEnumerable<AttentionShape> layers = model.Attention
            .Where(shape => shape.Layer < body || drafts)
            .Select(shape => shape with { KeyValueHeadCount = shape.KeyValueHeadCount > 0 ? shape.KeyValueHeadCount : shape.Layer >= body ? shape.DraftKeyValueHeadCount : 0 })
            .Concat(setting.DraftAttention)
            .Where(shape => shape.KeyValueHeadCount > 0);

        // Layers of a kind are those that vLLM describes alike: heads, lengths and window; pages of the same size are not enough.
        return
        [
            .. layers.GroupBy(shape => (shape.KeyValueHeadCount, shape.KeyLength, shape.ValueLength, shape.SlidingWindow))
                .Select(alike => new Kind(TokenBytes(alike.First(), setting), alike.Key.SlidingWindow, Share(alike.Count(), setting.PipelineParallel))),
        ];
    }

    private static double TokenBytes(AttentionShape shape, VllmSetting setting)
    {
        // Latent attention keeps one vector for all heads, whole on every rank; its own eight-bit form has scales and an unquantised part in it.
        if (shape.ValueLength == 0)
        {
            return setting.KvCacheType == "fp8_ds_mla" ? 656 : KvElement.HeadBytes(setting.KvCacheType, shape.KeyLength, setting.ElementBytes);
        }

        int heads = Math.Max(1, shape.KeyValueHeadCount / setting.TensorParallel);
        return heads * (KvElement.HeadBytes(setting.KvCacheType, shape.KeyLength, setting.ElementBytes) + KvElement.HeadBytes(setting.KvCacheType, shape.ValueLength, setting.ElementBytes));
    }

    // The convolution keeps as many more inputs as tokens are guessed ahead (layers/mamba/mamba_utils.py).
    private static long StateBytes(RecurrentShape recurrent, VllmSetting setting)
    {
        long channels = recurrent.ConvolutionTaps > 0 ? recurrent.ConvolutionElements / recurrent.ConvolutionTaps : 0;
        long convolution = (recurrent.ConvolutionElements + (channels * setting.DraftTokens)) / setting.TensorParallel * setting.ElementBytes;
        return convolution + (recurrent.StateElements / setting.TensorParallel * (recurrent.StateType == "float32" ? 4 : setting.ElementBytes));
    }

    private static int Share(int layers, int stages) => (layers + stages - 1) / stages;

    private static long Ceiling(long value, long unit) => unit <= 0 ? 0 : (value + unit - 1) / unit;

    private sealed record Kind(double TokenBytes, int? Window, int Layers)
    {
        public long Blocks(VllmSetting setting, long pageBytes)
        {
            long block = Math.Max(1, (long)(pageBytes / TokenBytes));
            return Window is { } window
                ? Ceiling(Math.Min(window - 1 + setting.BatchTokens, setting.ContextLength), block) + 1
                : Ceiling(setting.ContextLength, block);
        }
    }
}
