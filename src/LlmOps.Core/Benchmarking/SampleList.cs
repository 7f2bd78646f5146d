namespace LlmOps.Benchmarking;

/// <summary>Collects the samples of a load point, in the order in which they finish.</summary>
/// <param name="finished">Told of each; calls come one at a time.</param>
internal sealed class SampleList(Action<RequestSample> finished)
{
    private readonly List<RequestSample> _samples = [];

    public IReadOnlyList<RequestSample> All => _samples;

    public void Add(RequestSample sample)
    {
        lock (_samples)
        {
            _samples.Add(sample);
            finished(sample);
        }
    }
}
