using LlmOps.Models;

namespace LlmOps.Planning.Vllm;

/// <summary>What one setting comes to on the smallest of its cards.</summary>
internal sealed record VllmBudget
{
    /// <summary>What stays outside.</summary>
    public required VllmReserve Reserve { get; init; }

    /// <summary>The share that is in force: pinned, else the reserve's.</summary>
    public required double Share { get; init; }

    /// <summary>Bytes that vLLM may take.</summary>
    public required long AllowedBytes { get; init; }

    /// <summary>Bytes of weights.</summary>
    public required long WeightsBytes { get; init; }

    /// <summary>Bytes of the largest step's results.</summary>
    public required long ActivationBytes { get; init; }

    /// <summary>Bytes of CUDA graphs.</summary>
    public required long GraphBytes { get; init; }

    /// <summary>Bytes of libraries.</summary>
    public required long OtherBytes { get; init; }

    /// <summary>Bytes left for the pool; negative when the rest alone is too much.</summary>
    public required long PoolBytes { get; init; }

    /// <summary>How the pool is cut.</summary>
    public required KvPool Pool { get; init; }

    /// <summary>Requests of full length that fit.</summary>
    public double Requests => Pool.Requests(PoolBytes);

    /// <summary>Whether one request of full length fits, and each sequence has blocks for its state.</summary>
    public bool Fits => PoolBytes > 0 && (Pool.IsEmpty || Requests >= 1);

    /// <summary>The budget of <paramref name="setting"/>.</summary>
    public static VllmBudget Of(ModelDescription model, VllmSetting setting)
    {
        VllmReserve reserve = VllmReserve.Of(setting);
        double share = setting.PinnedUtilization ?? reserve.Share;
        long allowed = (long)(setting.Gpus.Min(VllmReserve.TotalOf) * share);
        long weights = VllmWeights.PerGpu(model, setting);
        long activations = VllmActivations.Peak(model, setting);
        long graphs = setting.Version.IsAtLeast(21) ? VllmActivations.Graphs(model, setting) : 0;
        long others = VllmActivations.Others(setting);
        return new VllmBudget
        {
            Reserve = reserve,
            Share = share,
            AllowedBytes = allowed,
            WeightsBytes = weights,
            ActivationBytes = activations,
            GraphBytes = graphs,
            OtherBytes = others,
            PoolBytes = setting.PinnedPoolBytes ?? (allowed - weights - activations - graphs - others),
            Pool = KvPool.Of(model, setting),
        };
    }
}
