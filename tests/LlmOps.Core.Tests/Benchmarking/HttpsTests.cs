using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Observation;
using Xunit;

namespace LlmOps.Tests.Benchmarking;

public sealed class HttpsTests : IAsyncDisposable
{
    private readonly FakeChatServer _server = new();
    private readonly TlsFront _front;

    public HttpsTests() => _front = new TlsFront(_server.Endpoint);

    private MeasurementOptions Options => new() { Endpoint = _front.Endpoint, ServerName = "tls", PromptTokens = 40, OutputTokens = 8, Concurrency = [2], Requests = 6 };

    [Fact]
    public async Task The_same_figures_are_measured_over_https_and_the_result_says_by_which_client()
    {
        ThroughputResult https = await MeasureAsync(Options with { SkipsCertificateCheck = true, Observation = new ObservationOptions() });
        Assert.Equal((0, 48L, 240L), (https.Errors, https.OutputTokens, https.PromptTokens));
        Assert.Equal((6, 6, 42), (https.TtftSeconds.Count, https.E2eSeconds.Count, https.ItlSeconds.Count));
        Assert.Equal("sockets-http-handler", https.Client.Transport);
        Assert.All(https.Samples, sample => Assert.InRange(sample.TtftSeconds!.Value, 0, sample.E2eSeconds!.Value));
    }

    [Fact]
    public async Task A_certificate_that_nobody_trusts_is_one_clear_error()
    {
        LlmOpsException error = await Assert.ThrowsAsync<LlmOpsException>(() => MeasureAsync(Options));
        Assert.Equal("CertificateNotTrusted", error.ErrorId);
        Assert.StartsWith($"The certificate of {_front.Endpoint.AbsoluteUri.TrimEnd('/')} is not trusted here (", error.Message, StringComparison.Ordinal);
        Assert.Contains("--insecure", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, _server.ChatCount);
    }

    public async ValueTask DisposeAsync()
    {
        await _front.DisposeAsync();
        await _server.DisposeAsync();
    }

    private static async Task<ThroughputResult> MeasureAsync(MeasurementOptions options)
    {
        List<ThroughputResult> results = [];
        await foreach (ThroughputResult result in new ThroughputMeasurement(options).RunAsync(null, TestContext.Current.CancellationToken))
        {
            results.Add(result);
        }

        return Assert.Single(results);
    }
}
