namespace LlmOps.Engines.Metrics;

/// <summary>One value of a metric.</summary>
/// <param name="Name">The metric's name, <c>vllm:num_requests_running</c>.</param>
/// <param name="Labels">Its labels; empty for none.</param>
/// <param name="Value">Its value; may be infinite or not a number.</param>
internal sealed record MetricSample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);
