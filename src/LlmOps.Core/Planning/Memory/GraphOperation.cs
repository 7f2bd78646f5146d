namespace LlmOps.Planning.Memory;

/// <summary>What an operation does, as far as the order matters in which a backend computes.</summary>
internal enum GraphOperation
{
    /// <summary>Anything else.</summary>
    Other,

    /// <summary>Shows another tensor's memory; nothing is computed.</summary>
    View,

    /// <summary>A norm by the root of the mean square.</summary>
    Norm,

    /// <summary>A product element by element.</summary>
    Product,

    /// <summary>A product with a matrix.</summary>
    Matrix,

    /// <summary>A product with the matrices of chosen experts.</summary>
    Experts,

    /// <summary>A sum.</summary>
    Sum,

    /// <summary>A sum with the biases of chosen experts.</summary>
    ExpertSum,

    /// <summary>Turns heads by their positions.</summary>
    Turn,

    /// <summary>Writes rows into a cache.</summary>
    Store,

    /// <summary>A short convolution.</summary>
    Convolution,

    /// <summary>A function of each element.</summary>
    Function,
}
