namespace LlmOps.Engines;

/// <summary>What a server that is ready says of itself.</summary>
/// <param name="ContextLength">Tokens that one request can have; null when it does not say.</param>
/// <param name="Slots">Requests at a time; null when it does not say.</param>
internal sealed record ServerFacts(long? ContextLength, int? Slots)
{
    /// <summary>It says nothing.</summary>
    public static readonly ServerFacts None = new(null, null);
}
