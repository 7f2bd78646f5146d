namespace LlmOps.Benchmarking;

/// <summary>Offers the load of one point.</summary>
internal interface ILoadLoop
{
    /// <summary>Runs to the end and gives all samples in the order in which they finished.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up; no request is left open.</exception>
    public Task<IReadOnlyList<RequestSample>> RunAsync(CancellationToken cancellationToken);
}
