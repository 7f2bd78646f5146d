using LlmOps.Benchmarking.SelfCheck;
using Xunit;

namespace LlmOps.Tests.Benchmarking;

public sealed class SelfCheckTests
{
    [Fact]
    public async Task The_client_counts_what_the_server_of_exact_timing_says_it_sent()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the server of exact timing needs Linux");
        SelfCheckOptions options = new() { Streams = 20, TokensPerSecond = 200, Duration = TimeSpan.FromMilliseconds(300), FirstToken = TimeSpan.FromMilliseconds(20), PromptTokens = 32 };
        using ScheduleServer server = new(options.FirstToken, TimeSpan.FromSeconds(1 / options.TokensPerSecond));
        Uri endpoint = new($"http://127.0.0.1:{server.Listen()}");
        Thread serving = new(server.Run);
        serving.Start();
        try
        {
            SelfCheckResult result = await new GeneratorSelfCheck(endpoint, options).RunAsync(TestContext.Current.CancellationToken);
            Assert.Equal((0, 20 * 60L, 20 * 60L), (result.Errors, result.ClientOutputTokens, result.ServerOutputTokens));
            Assert.Equal((20 * 32L, 20 * 32L), (result.ClientPromptTokens, result.ServerPromptTokens));
            Assert.Equal((1200, 1200, 20), (result.TimingErrorSeconds.Count, result.ServerLatenessSeconds.Count, result.TtftErrorSeconds.Count));

            // How late either was is the machine's affair; that a token is neither sent before it is due nor seen before it is sent is not.
            Assert.True(result.ServerLatenessSeconds.Min >= 0);
            Assert.True(result.MeasuredTtftSeconds >= result.ScheduledTtftSeconds);
            Assert.Equal("epoll", result.Transport);
        }
        finally
        {
            server.Stop();
            serving.Join();
        }
    }
}
