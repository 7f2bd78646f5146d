namespace LlmOps.Benchmarking;

/// <summary>The answer to one small request.</summary>
/// <param name="Status">HTTP status code.</param>
/// <param name="Body">The whole body.</param>
internal readonly record struct ServerAnswer(int Status, byte[] Body)
{
    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>What the server says of a refusal, with its status.</summary>
    public string Refusal => ServerError.Parse(Body).Message is string message
        ? FormattableString.Invariant($"HTTP {Status}: {message}")
        : FormattableString.Invariant($"HTTP {Status}");
}
