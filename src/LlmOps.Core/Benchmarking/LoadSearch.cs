namespace LlmOps.Benchmarking;

/// <summary>What load to search for.</summary>
public enum LoadSearch
{
    /// <summary>None: the given load points are measured.</summary>
    None,

    /// <summary>The load beyond which more load gives hardly more tokens a second.</summary>
    Knee,

    /// <summary>The highest load that meets the objectives.</summary>
    Slo,
}
