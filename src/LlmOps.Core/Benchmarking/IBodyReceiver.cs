namespace LlmOps.Benchmarking;

/// <summary>Takes the body of a response piece by piece.</summary>
internal interface IBodyReceiver
{
    /// <param name="bytes">Valid during the call.</param>
    public void AcceptBody(ReadOnlySpan<byte> bytes);
}
