namespace LlmOps.Benchmarking;

/// <summary>When requests come.</summary>
public enum ArrivalProcess
{
    /// <summary>A fixed number of streams, each of which sends its next request when its last one is over.</summary>
    ClosedLoop,

    /// <summary>At a fixed rate with equal gaps.</summary>
    Constant,

    /// <summary>At a fixed mean rate with exponentially distributed gaps: independent users.</summary>
    Poisson,

    /// <summary>At a fixed mean rate with gamma-distributed gaps of a chosen shape, the burstiness.</summary>
    Gamma,
}
