namespace LlmOps.Benchmarking;

/// <summary>Which part of a load point a request belongs to.</summary>
internal enum LoadPhase
{
    /// <summary>The load is growing; not counted.</summary>
    Ramp,

    /// <summary>Counted.</summary>
    Counted,

    /// <summary>Keeps the load up while the last counted requests end; not counted.</summary>
    CoolDown,
}
